/**
 * Everything that a lock file names, in one file that can be carried: a plain tar (as in archives of libraries) of `bundle.json`, which says what it is,
 * and `archives/HEX.tar.gz` by digest. Specified in docs/use/mdlibs.md, "Without a network".
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { z } from 'zod'
import { fileFault, readFileBytes, requireReplaceable } from '#cli/local-file'
import { publicKeyText } from '#cli/mdlibs/configuration'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { readTarHeader, tarBlockBytes, writeTarHeader } from '#library/tar-header'

export const bundleVersion = 1
const indexName = 'bundle.json'
const indexBytesMax = 64 * 2 ** 20

const index = z.object({
  bundle: z.literal(bundleVersion),
  /** The lock file, as it stands. */
  lock: z.string(),
  /** Public keys by origin. */
  registries: z.record(z.string(), z.array(publicKeyText)),
  libraries: z.array(
    z.object({
      library: z.string(),
      version: z.string(),
      /** None of a registry that does not sign. */
      signature: z.object({ key_id: z.string(), value: z.string() }).nullable(),
    }),
  ),
})
export type BundleIndex = z.infer<typeof index>

export interface BundledFile {
  readonly path: string
  readonly name: string
}

/** It has its name when it is whole. `cli/file-unusable`, `cli/disk-full` */
export async function writeBundle(
  path: string,
  {
    content,
    archives,
    signal,
  }: {
    readonly content: BundleIndex
    readonly archives: readonly BundledFile[]
    readonly signal: AbortSignal
  },
): Promise<void> {
  const temporary = `${path}.mdlibs-new`
  await requireReplaceable(path)
  try {
    await using file = await open(temporary, 'w')
    const json = new TextEncoder().encode(JSON.stringify(content))
    await writeEntry(file, { name: indexName, bytes: json.length, pieces: once(json) })
    for (const { path: archive, name } of archives) {
      const { size: bytes } = await stat(archive)
      const pieces = readFileBytes({ path: archive, bytes }, signal)
      await writeEntry(file, { name: `archives/${name}`, bytes, pieces })
    }
    await file.writeFile(new Uint8Array(2 * tarBlockBytes))
    await file.sync()
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    signal.throwIfAborted()
    throw fileFault(path, cause)
  }
}

async function writeEntry(
  file: FileHandle,
  {
    name,
    bytes,
    pieces,
  }: { readonly name: string; readonly bytes: number; readonly pieces: AsyncIterable<Uint8Array> },
): Promise<void> {
  await file.writeFile(writeTarHeader({ path: name, bytes }))
  for await (const piece of pieces) await file.writeFile(piece)
  const rest = bytes % tarBlockBytes
  if (rest > 0) await file.writeFile(new Uint8Array(tarBlockBytes - rest))
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export interface OpenBundle {
  readonly content: BundleIndex
  /** Of `archives/NAME`; `undefined` when it is not there. */
  read(name: string): AsyncIterable<Uint8Array> | undefined
}

/** `mdlibs/malformed-bundle`, `cli/no-such-file`, `cli/file-unusable` */
export async function readBundle(path: string): Promise<OpenBundle> {
  const entries = await findEntries(path)
  const found = entries.get(indexName)
  if (found === undefined || found.bytes > indexBytesMax) {
    throw malformed(path, `it has no ${indexName} of a size that could be`)
  }
  const pieces: Uint8Array[] = []
  for await (const piece of readRange(path, found)) pieces.push(piece)
  return {
    content: parseIndex(path, Buffer.concat(pieces).toString()),
    read: (name) => {
      const entry = entries.get(`archives/${name}`)
      return entry === undefined ? undefined : readRange(path, entry)
    },
  }
}

interface Range {
  readonly at: number
  readonly bytes: number
}

async function findEntries(path: string): Promise<ReadonlyMap<string, Range>> {
  const entries = new Map<string, Range>()
  await using file = await open(path, 'r').catch((cause) => {
    throw fileFault(path, cause)
  })
  const block = new Uint8Array(tarBlockBytes)
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(block, 0, tarBlockBytes, at)
    if (bytesRead < tarBlockBytes) throw malformed(path, 'it ends too soon')
    const header = readTarHeader(block)
    if (header.kind === 'end') return entries
    if (header.kind === 'refused')
      throw malformed(path, `it is no tar of this kind (${header.rule})`)
    const { path: name, bytes } = header.entry
    at += tarBlockBytes
    entries.set(name, { at, bytes })
    at += Math.ceil(bytes / tarBlockBytes) * tarBlockBytes
  }
}

function readRange(path: string, { at, bytes }: Range): AsyncIterable<Uint8Array> {
  if (bytes === 0) return once(new Uint8Array())
  return createReadStream(path, { start: at, end: at + bytes - 1 })
}

function parseIndex(path: string, text: string): BundleIndex {
  try {
    return index.parse(JSON.parse(text))
  } catch {
    throw malformed(path, `its ${indexName} is not one that this program reads`)
  }
}

function malformed(path: string, reason: string): Error {
  return mdlibsFault('mdlibs/malformed-bundle', { path, reason })
}
