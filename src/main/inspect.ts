/** `mycelium inspect`: one object, chunk or shard, as it really is. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fromHex, toHex } from '#bytes/text'
import { decodeFooter, footerBytesFrom } from '#chunk/footer'
import { blake3 } from '#crypto/blake3'
import { isFault } from '#fault/fault'
import { mainFault } from '#main/faults'
import type { InspectConfig } from '#main/inspect.config'
import { openOffline, type ProgramOptions } from '#main/offline'
import type { OpenedStore } from '#main/store'
import type { Encryption, ObjectInfo } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import { type ChunkSighting, surveyChunk } from '#repair/survey'
import { type Extent, isPacked } from '#store/chunk-record'
import { findChunk, readExtents } from '#store/tables'

interface Shown {
  /** For programs. */
  readonly json: object
  readonly text: string
}

/** `main/not-there` */
export async function inspect(options: ProgramOptions<InspectConfig>): Promise<void> {
  const { config, print } = options
  const { json, text } = await look(options)
  print(config.json ? `${JSON.stringify(json, null, 2)}\n` : text)
}

async function look(options: ProgramOptions<InspectConfig>): Promise<Shown> {
  const { object, chunk = '', shard } = options.config
  if (shard !== undefined) return await showShard(shard)
  await using store = await openOffline(options, 'mycelium inspect')
  return object === undefined
    ? await showChunk(store, chunk, options.stop)
    : await showObject(store, object, options.stop)
}

async function showShard(path: string): Promise<Shown> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw mainFault('main/not-there', { what: 'file', name: path }, cause)
  })
  const id = toHex(blake3(bytes))
  const isNamedSo = basename(path).startsWith(id)
  try {
    const footer = decodeFooter(bytes.subarray(bytes.length - footerBytesFrom(bytes)))
    const { profile, blockBytes, bytes: plaintext, isPacked: isPack = false } = footer.shape
    const json = {
      id,
      isNamedSo,
      bytes: bytes.length,
      storeId: toHex(footer.storeId),
      chunkId: toHex(footer.chunkId),
      column: footer.index,
      ...profile,
      blockBytes,
      chunkBytes: plaintext,
      isPack,
    }
    return { json, text: table(json) }
  } catch (error) {
    if (!isFault(error)) throw error
    const json = { id, isNamedSo, bytes: bytes.length, footer: error.message }
    return { json, text: table(json) }
  }
}

async function showChunk(store: OpenedStore, id: string, signal: AbortSignal): Promise<Shown> {
  const chunk = await findChunk(store.sql, fromHex(id))
  if (chunk === undefined) throw mainFault('main/not-there', { what: 'chunk', name: id })
  const sighting = await surveyChunk(store, chunk, { signal })
  return { json: sighting, text: printChunk(sighting) }
}

async function showObject(store: OpenedStore, name: string, signal: AbortSignal): Promise<Shown> {
  const info = await findObject(store, name)
  const extents = await readExtents(store.sql, info.sequence)
  const chunks: ChunkSighting[] = []
  for (const id of new Set(extents.map(({ chunkId }) => toHex(chunkId)))) {
    const chunk = await findChunk(store.sql, fromHex(id))
    if (chunk !== undefined) chunks.push(await surveyChunk(store, chunk, { signal }))
  }
  const { sequence, modifiedAt, ...rest } = info
  const facts = {
    ...rest,
    sequence: String(sequence),
    modifiedAt: new Date(modifiedAt).toISOString(),
  }
  const recipe = extents.map(extentFacts)
  const { metadata, parts, checksum, encryption, traits, ...plain } = facts
  return {
    json: { ...facts, recipe, chunks },
    text: [
      table({
        ...plain,
        ...(encryption === undefined ? {} : printEncryption(encryption)),
        ...(Object.keys(traits).length === 0 ? {} : { traits: JSON.stringify(traits) }),
      }),
      'recipe\n',
      ...recipe.map(({ chunk, offset, bytes, packed }) => {
        return `  ${chunk}  ${offset} + ${bytes}${packed ? '  packed' : ''}\n`
      }),
      '\n',
      ...chunks.map(printChunk),
    ].join(''),
  }
}

async function findObject({ objects }: OpenedStore, name: string): Promise<ObjectInfo> {
  const slash = name.indexOf('/')
  try {
    const bucket = parseBucketName(name.slice(0, slash))
    return await objects.head(bucket, parseObjectKey(name.slice(slash + 1)))
  } catch (cause) {
    if (!isFault(cause)) throw cause
    throw mainFault('main/not-there', { what: 'object', name }, cause)
  }
}

/** A customer's key is needed to read it, which is not here; what a named key seals can be read while that is enabled. */
function printEncryption(encryption: Encryption): Readonly<Record<string, string>> {
  switch (encryption.kind) {
    case 'AES256':
      return { encryption: encryption.kind }
    case 'aws:kms':
      return {
        encryption: `${encryption.kind}, key ${encryption.keyId}, version ${encryption.version}`,
      }
    case 'customer':
      return { encryption: "its writer's own key, which is not kept" }
  }
}

function extentFacts(extent: Extent) {
  const { chunkId, offset, bytes } = extent
  return { chunk: toHex(chunkId), offset, bytes, packed: isPacked(extent) }
}

function printChunk({ chunk, profile, shards, lossesLeft }: ChunkSighting): string {
  const left = lossesLeft < 0 ? 'cannot be read' : `survives ${lossesLeft} more lost nodes`
  const lines = shards.map(({ column, id, node, state }) => {
    return `  ${String(column).padStart(3)}  ${(node ?? '—').padEnd(10)}  ${state.padEnd(9)}  ${id}\n`
  })
  return `chunk ${chunk}  ${profile}, ${left}\n${lines.join('')}\n`
}

function table(facts: Readonly<Record<string, unknown>>): string {
  const width = Math.max(...Object.keys(facts).map(({ length }) => length)) + 2
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(width)}${value}\n`)
  return `${lines.join('')}\n`
}
