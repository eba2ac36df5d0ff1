/** What an upload writes for the same file, settings and chance is, byte for byte, what the older tool writes. */
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { fromHex, toHex } from '#bytes/text'
import type { Backend, PlacedBackend } from '#content/backend'
import { BlockCodec } from '#content/block-codec'
import { BlockMemory, RoomyBlocks } from '#content/block-memory'
import { decodeMetadata, encodeMetadata } from '#content/cdn-meta'
import { keepManifest } from '#content/manifest'
import { referencesOf } from '#content/reference'
import { RegistryClient } from '#content/registry-client'
import { openMetadata } from '#content/seal'
import { forgottenLots, storeFile } from '#content/upload'
import { Permits } from '#stream/permits'
import { systemWorld } from '#world/system'
import type { World } from '#world/world'
import { startRegistry } from '../integration/registry/registry-server.ts'

const vector: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../vectors/cdn-end-to-end.json', import.meta.url), 'utf8'),
)
const bytesOf = (name: string): Uint8Array => fromHex(vector[name] ?? '')

const blockMemory = new BlockMemory({ coders: 1 })
const codec = new BlockCodec(blockMemory)
after(() => codec[Symbol.asyncDispose]())
const signal = new AbortController().signal

/** Draws what it is given, in order. */
function loaded(...draws: readonly Uint8Array[]): World {
  const left = [...draws]
  const world = systemWorld()
  return {
    ...world,
    randomBytes: (length) => Uint8Array.from(left.shift() ?? world.randomBytes(length)),
  }
}

/** In memory, as a place of the vector. */
function place(host: string, port: number): PlacedBackend & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  const backend: Backend = {
    name: `${host}:${port}`,
    get: async (key) => fromHex(kept.get(toHex(key)) ?? ''),
    put: async (key, shard) => {
      kept.set(toHex(key), toHex(shard))
    },
    has: async (key) => kept.has(toHex(key)),
    remove: async (key) => kept.delete(toHex(key)),
  }
  return { backend, location: { host, port, db: 1 }, kept }
}

const coding = { required: 2, total: 3 }
const roomyBlocks = new RoomyBlocks(blockMemory, coding)

async function* roomy(plaintext: Uint8Array) {
  const roomy = roomyBlocks.take(plaintext.length)
  roomy.block.set(plaintext)
  yield roomy
}

const plan = {
  name: 'hello.txt',
  mime: undefined,
  mimeOfName: 'text/plain',
  chunkBytes: 5 * 2 ** 20,
  blockBytesMax: 5 * 2 ** 20,
  isPrivate: false,
  lots: forgottenLots,
  blocksMax: 10,
  onStored: () => {},
}

test('the vector: shards, metadata, sealed metadata, registry and link', async () => {
  const places = [place('127.0.0.1', 6379), place('127.0.0.1', 6380), place('::1', 6381)]
  const world = loaded(bytesOf('blockNonce'), bytesOf('metadataNonce'))
  const memory = new Permits(2 ** 20)
  const parts = { backends: places, requiredShards: 2, codec, memory, roomyBlocks, world, signal }
  const { metadata, missing, bytes } = await storeFile(roomy(bytesOf('plaintext')), plan, parts)
  deepEqual([missing, bytes], [[], 19])
  deepEqual(
    places.map(({ kept }) => [...kept]),
    [
      '9430b95a65557b3bc1a14094188a503a3535',
      '78b8728a0a4d996ebe4316cb2ee1e6675601',
      '513d32e7bb65a2913f78ec2a745c2180f35d',
    ].map((shard) => [[vector['encryptedHash'], shard]]),
  )
  equal(toHex(encodeMetadata(metadata)), vector['metadata'])

  await using server = await startRegistry()
  const registry = new RegistryClient({ url: server.url, token: undefined, world, signal })
  const { hash, key } = await keepManifest(metadata, { registry, lots: forgottenLots, world })
  equal(toHex(hash), vector['hash'])
  equal(toHex(key), vector['key'])
  equal(toHex(await registry.get(hash)), vector['blob'])
  const links = referencesOf({ hash, key, registry: vector['registry'] ?? '' })
  equal(links.query, vector['link'])
  deepEqual(decodeMetadata(openMetadata(await registry.get(hash), { hash, key })), metadata)
})

test('private: the key is no hash of the content, and two plaintexts never share one', async () => {
  const salt = new Uint8Array(32).fill(7)
  const nonce = bytesOf('blockNonce')
  const seal = async (text: string) => {
    for await (const { block, room } of roomy(Buffer.from(text)))
      return await codec.seal({ block, nonce, salt, coding, room })
    throw new Error('there is a block')
  }
  const [one, other] = [await seal('one'), await seal('other')]
  equal(toHex(one.contentHash) === toHex(other.contentHash), false)
  equal(
    toHex((await seal('one')).contentHash),
    toHex(one.contentHash),
    'the same lot seals the same',
  )
})
