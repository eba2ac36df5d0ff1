import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import {
  type Block,
  decodeMetadata,
  encodeMetadata,
  type Metadata,
  overwrittenShards,
} from '#content/cdn-meta'
import { formatIp } from '#content/ip-address'
import { Fault, isFault } from '#fault/fault'

interface ReadVector {
  readonly name: string
  readonly metadata: unknown
  readonly hex: string
}
interface RefusedVector {
  readonly name: string
  readonly code: string
  readonly writer?: string
  readonly hex: string
}

const vectors: {
  readonly read: readonly ReadVector[]
  readonly refused: readonly RefusedVector[]
} = JSON.parse(readFileSync(new URL('../../test/vectors/cdn-meta.json', import.meta.url), 'utf8'))

/** Bytes are hex in the file, and what is not there is null. */
function revive(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map(revive)
  if (typeof value !== 'object') return value
  const isBytes = (name: string, field: unknown): field is string =>
    typeof field === 'string' && /^(?:contentHash|encryptedHash|nonce|hash|key)$/.test(name)
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      isBytes(name, field) ? fromHex(field) : revive(field),
    ]),
  )
}

for (const { name, metadata, hex } of vectors.read)
  test(`${name}: written and read as the vector says`, () => {
    const value = revive(metadata) as Metadata // the vectors are ours
    equal(toHex(encodeMetadata(value)), hex)
    deepEqual(decodeMetadata(fromHex(hex)), value)
  })

for (const { name, code, writer, hex } of vectors.refused)
  test(`refused: ${name}`, () => {
    throws(
      () => decodeMetadata(fromHex(hex)),
      (error) => {
        ok(error instanceof Fault)
        equal(error.code, code)
        ok(String(error.detail['reason']).length > 0)
        if (writer !== undefined) match(String(error.detail['reason']), new RegExp(writer))
        return true
      },
    )
  })

/** Of the prototype that what is read has. */
const plain = { noNullPrototype: true }
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = (maxLength: number) => fc.string({ unit: 'binary', maxLength })
const word = fc.integer({ min: 0, max: 0xffff })
const host = fc.oneof(bytesOf(4), bytesOf(16)).map(formatIp)
const token = fc.option(fc.record({ token: text(40) }, plain), { nil: {} })
const shards = fc.uniqueArray(
  fc
    .tuple(fc.record({ host, port: word, db: word }), token)
    .map(([place, login]) => ({ ...place, ...login })),
  // by database, so that no two are the same place however their addresses are spelled
  { minLength: 1, maxLength: 12, selector: ({ db }) => db },
)
const block: fc.Arbitrary<Block> = shards.chain((places) =>
  fc.record(
    {
      shards: fc.constant(places),
      requiredShards: fc.integer({ min: 1, max: places.length }),
      startOffset: fc.maxSafeNat().map((offset) => Math.floor(offset / 2)),
      endOffset: fc.maxSafeNat().map((offset) => Math.ceil((offset + Number.MAX_SAFE_INTEGER) / 2)),
      contentHash: bytesOf(16),
      encryptedHash: bytesOf(16),
      nonce: bytesOf(12),
    },
    plain,
  ),
)
const metadata: fc.Arbitrary<Metadata> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('file' as const),
      contentHash: bytesOf(16),
      name: text(100),
      mime: fc.option(text(40), { nil: undefined }),
      blocks: fc.array(block, { maxLength: 6 }),
    },
    plain,
  ),
  fc.record(
    {
      kind: fc.constant('directory' as const),
      name: text(100),
      files: fc.array(
        fc.record({ hash: bytesOf(16), key: fc.option(bytesOf(16), { nil: undefined }) }, plain),
        { maxLength: 20 },
      ),
    },
    plain,
  ),
)

test('what is written is read again, and is all that its bytes can mean', () =>
  fc.assert(
    fc.property(metadata, (value) => {
      const bytes = encodeMetadata(value)
      deepEqual(decodeMetadata(bytes), value)
      // wherever the bytes lie, in a Buffer's memory among others' for instance
      const among = Buffer.concat([Buffer.from('xx'), bytes, Buffer.from('y')]).subarray(2, -1)
      const read = decodeMetadata(among)
      among.fill(0)
      deepEqual(read, value)
    }),
  ))

test('whatever is cut off, appended or changed is refused, or means what its bytes say', () =>
  fc.assert(
    fc.property(metadata, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, change) => {
      const bytes = encodeMetadata(value)
      const refuses = (input: Uint8Array) => throws(() => decodeMetadata(input), Fault)
      refuses(bytes.subarray(0, at % bytes.length))
      refuses(Uint8Array.of(...bytes, change))
      const changed = Uint8Array.from(bytes)
      changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ change
      try {
        deepEqual(encodeMetadata(decodeMetadata(changed)), changed)
      } catch (error) {
        ok(isFault(error), String(error))
      }
    }),
  ))

test('lengths that claim more than is there are refused before they are believed', () => {
  const file = encodeMetadata({
    kind: 'file',
    contentHash: new Uint8Array(16),
    name: 'n',
    mime: 'm',
    blocks: [],
  })
  const claims = [2n ** 64n - 1n, 2n ** 63n, 2n ** 53n, 2n ** 32n, 1_000_000n]
  const lengthsAt = [25, 35, 44] // of the name, of the MIME type, of the blocks
  for (const at of lengthsAt) {
    equal(Number(new DataView(file.buffer).getBigUint64(at)) < 2, true)
    for (const claim of claims) {
      const bytes = Uint8Array.from(file)
      new DataView(bytes.buffer).setBigUint64(at, claim)
      throws(() => decodeMetadata(bytes), { code: 'content/metadata-malformed' })
    }
  }
})

const oneBlock: Block = {
  shards: [
    { host: '10.0.0.1', port: 6379, db: 0 },
    { host: '10.0.0.2', port: 6379, db: 0 },
    { host: '10.0.0.3', port: 6379, db: 0 },
  ],
  requiredShards: 2,
  startOffset: 0,
  endOffset: 99,
  contentHash: new Uint8Array(16),
  encryptedHash: new Uint8Array(16),
  nonce: new Uint8Array(12),
}
const fileOf = (change: Partial<Block>, name = 'n'): Metadata => ({
  kind: 'file',
  contentHash: new Uint8Array(16),
  name,
  mime: undefined,
  blocks: [{ ...oneBlock, ...change }],
})
const manyShards = (count: number) =>
  Array.from({ length: count }, (_, db) => ({ host: '::1', port: 1, db }))

test('what no reader could use is not written', () => {
  const impossible: readonly Metadata[] = [
    fileOf({ requiredShards: 0 }),
    fileOf({ requiredShards: 4 }),
    fileOf({ requiredShards: 1.5 }),
    fileOf({ shards: [] }),
    fileOf({ shards: manyShards(257) }),
    fileOf({ shards: manyShards(256), requiredShards: 256 }),
    fileOf({ shards: [{ host: 'cdn.example.org', port: 1, db: 0 }], requiredShards: 1 }),
    fileOf({ shards: [{ host: '10.0.0.1', port: 65536, db: 0 }], requiredShards: 1 }),
    fileOf({ shards: [{ host: '10.0.0.1', port: 1, db: -1 }], requiredShards: 1 }),
    fileOf({ endOffset: -1 }),
    fileOf({ startOffset: 2 ** 53, endOffset: 2 ** 54 }),
    fileOf({ nonce: new Uint8Array(11) }),
    fileOf({ contentHash: new Uint8Array(32) }),
    fileOf({}, 'n'.repeat(1025)),
    fileOf({}, '\ud800'),
  ]
  for (const [index, value] of impossible.entries())
    throws(() => encodeMetadata(value), { code: 'content/metadata-impossible' }, `${index}`)
  const largest = fileOf({ shards: manyShards(256), requiredShards: 255 }, 'n'.repeat(1024))
  deepEqual(decodeMetadata(encodeMetadata(largest)), largest)
})

test('what was written all the same is refused where it cannot be true', () => {
  // requiredShards of a block of two shards, of a file with a name of one byte and without MIME type
  const shards = oneBlock.shards.slice(0, 2)
  const bytes = encodeMetadata(fileOf({ shards, requiredShards: 1 }))
  const at = 5 + 4 + 16 + 9 + 1 + 8 + 8 + 2 * 13
  for (const required of [0, 3, 0xffff]) {
    const changed = Uint8Array.from(bytes)
    equal(new DataView(changed.buffer).getUint16(at), 1)
    new DataView(changed.buffer).setUint16(at, required)
    throws(() => decodeMetadata(changed), { code: 'content/metadata-impossible' })
  }
})

test('shards that overwrote each other are found out, unless the reader will look at them', () => {
  const [first, second, third] = oneBlock.shards
  ok(first && second && third)
  const mapped = { ...first, host: '::ffff:10.0.0.1' }
  for (const again of [first, { ...first, token: 't' }, mapped]) {
    const value = fileOf({ shards: [first, second, again] })
    throws(() => encodeMetadata(value), {
      code: 'content/metadata-overwritten-shards',
      message: /1 of its 3 shards .*10\.0\.0\.1 port 6379 database 0/,
    })
    deepEqual(overwrittenShards({ shards: [first, second, again] }), [0])
  }
  const bytes = encodeMetadata(fileOf({}))
  const hostAt = 5 + 4 + 16 + 9 + 1 + 8 + 8 + 4
  bytes[hostAt + 3] = 3 // what was 10.0.0.1 is the third shard's place now
  throws(() => decodeMetadata(bytes), { code: 'content/metadata-overwritten-shards' })
  const read = decodeMetadata(bytes, { allowsOverwritten: true })
  ok(read.kind === 'file')
  deepEqual(read.blocks.map(overwrittenShards), [[0]])
  deepEqual(overwrittenShards(oneBlock), [])
})
