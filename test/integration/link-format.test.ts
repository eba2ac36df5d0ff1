/** A link from the first byte of its file to the text that people pass on, and back, as the vectors have it; and the same in memory that does not grow. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toHex } from '#bytes/text'
import { type Block, decodeMetadata, encodeMetadata, type Metadata } from '#content/cdn-meta'
import { DirectoryWalk } from '#content/directory-walk'
import { formatLink, parseLink } from '#content/link'
import { recoverBlock } from '#content/recover-block'
import {
  blockTagBytes,
  contentHashOf,
  isSealedBlock,
  openBlock,
  openMetadata,
  sealBlock,
  sealMetadata,
} from '#content/seal'
import { ShardCoder } from '#content/shards'
import { kernelModule } from '#erasure/kernel-module'

const vector: Readonly<Record<string, string>> & {
  readonly required: number
  readonly total: number
} = JSON.parse(readFileSync(new URL('../vectors/cdn-end-to-end.json', import.meta.url), 'utf8'))
const bytesOf = (name: string): Uint8Array => fromHex(vector[name] ?? '')
const coding = { required: vector.required, total: vector.total }
const coder = new ShardCoder(kernelModule)
const places = [
  { host: '127.0.0.1', port: 6379, db: 1 },
  { host: '127.0.0.1', port: 6380, db: 1 },
  { host: '::1', port: 6381, db: 1 },
]

function roomFor(plaintext: Uint8Array): Uint8Array {
  const block = new Uint8Array(plaintext.length + blockTagBytes)
  block.set(plaintext)
  return block
}

test('a file becomes the link of the vector, and is read from it with a shard lost', () => {
  const plaintext = bytesOf('plaintext')
  const sealed = roomFor(plaintext)
  const contentHash = contentHashOf(plaintext)
  const nonce = bytesOf('blockNonce')
  const encryptedHash = sealBlock(sealed, { key: contentHash, nonce })
  const shards = coder.splitBlock(sealed, coding)
  const block: Block = {
    shards: places,
    requiredShards: coding.required,
    startOffset: 0,
    endOffset: 5_242_879,
    contentHash,
    encryptedHash,
    nonce,
  }
  const file: Metadata = {
    kind: 'file',
    contentHash,
    name: 'hello.txt',
    mime: 'text/plain',
    blocks: [block],
  }
  const bytes = encodeMetadata(file)
  equal(toHex(bytes), vector['metadata'])
  const { blob, hash, key } = sealMetadata(bytes, bytesOf('metadataNonce'))
  equal(toHex(blob), vector['blob'])
  const registry = vector['registry'] ?? ''
  equal(formatLink({ hash, key, registry, form: 'query' }), vector['link'])
  equal(formatLink({ hash, key, registry, form: 'fragment' }), vector['fragmentLink'])

  for (const text of [vector['link'] ?? '', vector['fragmentLink'] ?? '']) {
    const link = parseLink(text)
    deepEqual(link, { hash, key, registry })
    const read = decodeMetadata(openMetadata(blob, link))
    deepEqual(read, file)
    ok(read.kind === 'file')
    const [first] = read.blocks
    ok(first)
    for (const lost of shards.keys()) {
      const there = shards.map((shard, index) => (index === lost ? undefined : shard))
      deepEqual(openBlock(coder.joinShards(there, coding), first), plaintext)
    }
  }
})

test('a damaged shard is known by the hash of the block, found, and made anew', () => {
  const wide = { required: 3, total: 5 }
  const plaintext = Uint8Array.from({ length: 1_000_000 }, (_, at) => Math.imul(at, 40_503) >>> 7)
  const sealed = roomFor(plaintext)
  const [key, nonce] = [new Uint8Array(16).fill(9), new Uint8Array(12)]
  const block = { contentHash: key, nonce, encryptedHash: sealBlock(sealed, { key, nonce }) }
  const shards = [...coder.splitBlock(sealed, wide)]
  const whole = shards.map((shard) => toHex(contentHashOf(shard)))
  for (const index of [1, 4]) {
    const damaged = Uint8Array.from(shards[index] ?? [])
    damaged[300_000] = (damaged[300_000] ?? 0) ^ 0x10
    shards[index] = damaged
  }
  throws(() => openBlock(coder.joinShards(shards, wide), block), { code: 'content/hash-differs' })
  const isWhole = (bytes: Uint8Array): boolean => isSealedBlock(bytes, block)
  const found = recoverBlock(coder, { shards, coding: wide, isWhole })
  deepEqual(found.damaged, [1, 4])
  const anew = coder.splitBlock(found.sealed, wide, { wanted: found.damaged })
  deepEqual(
    anew.map((shard) => toHex(contentHashOf(shard))),
    found.damaged.map((index) => whole[index]),
  )
  deepEqual(openBlock(found.sealed, block), plaintext)
})

test('a directory that a registry makes contain itself is not walked for ever', () => {
  // Only a registry whose answers are not checked against their hash could do so.
  const hash = new Uint8Array(16).fill(1)
  const served: Metadata = { kind: 'directory', name: 'loop', files: [{ hash, key: undefined }] }
  const visit = (walk: DirectoryWalk, { files }: typeof served & { kind: 'directory' }): void => {
    for (const entry of files) visit(walk.enter(entry.hash), served)
  }
  throws(() => visit(DirectoryWalk.from(hash), served), { code: 'content/directory-cycle' })
})
