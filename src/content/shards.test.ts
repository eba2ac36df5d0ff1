import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#bytes/text'
import { recoverBlock } from '#content/recover-block'
import { type Coding, coderBytes, roomBehind, ShardCoder } from '#content/shards'
import { kernelModule } from '#erasure/kernel-module'
import { lagrangeRows } from '#erasure/matrix'

const vectors: {
  readonly matrices: readonly (Coding & { readonly parityRows: readonly string[] })[]
  readonly blocks: readonly (Coding & {
    readonly sealed: string
    readonly shards: readonly string[]
  })[]
} = JSON.parse(readFileSync(new URL('../../test/vectors/cdn-shards.json', import.meta.url), 'utf8'))

const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true })
const coder = new ShardCoder(kernelModule, { memory, offset: 0 })
/** In the coder's memory. */
const own = new Uint8Array(memory.buffer, coderBytes + 3, 70_000)
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

for (const { required, total, parityRows } of vectors.matrices)
  test(`${required} of ${total}: the code is the one of the other tools`, () => {
    deepEqual(lagrangeRows(range(0, required), range(required, total)).map(toHex), parityRows)
    // And so it comes out of the kernel: of data shards that begin with the unit vectors, parity shards begin with its rows. The padding, of
    // `required` bytes as the block is a multiple of that, lies behind them.
    const length = 2 * required
    const sealed = new Uint8Array(required * length - required)
    for (const row of range(0, required)) sealed[row * length + row] = 1
    const shards = coder.splitBlock(sealed, { required, total })
    deepEqual(
      shards.slice(required).map((shard) => toHex(shard.subarray(0, required))),
      parityRows,
    )
  })

for (const { required, total, sealed, shards } of vectors.blocks)
  test(`${required} of ${total}: a block is split as the vector says`, () => {
    const coding = { required, total }
    deepEqual(coder.splitBlock(fromHex(sealed), coding).map(toHex), shards)
    equal(toHex(coder.joinShards(shards.map(fromHex), coding)), sealed)
  })

const codings = fc
  .tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0, max: 255 }))
  .filter(([required, parity]) => required + parity <= 256)
  .map(([required, parity]) => ({ required, total: required + parity }))
const smallCodings = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 6 }))
  .map(([required, parity]) => ({ required, total: required + parity }))

test('any required shards give the block, whatever its length', () =>
  fc.assert(
    fc.property(
      fc.oneof(smallCodings, codings).chain((coding) =>
        fc.record({
          coding: fc.constant(coding),
          sealed: fc.uint8Array({ minLength: 0, maxLength: 900 }),
          kept: fc.shuffledSubarray(range(0, coding.total), {
            minLength: coding.required,
            maxLength: coding.required,
          }),
        }),
      ),
      ({ coding, sealed, kept }) => {
        const shards = coder.splitBlock(sealed, coding)
        equal(shards.length, coding.total)
        const [{ length } = new Uint8Array()] = shards
        ok(shards.every((shard) => shard.length === length))
        const padding = length * coding.required - sealed.length
        ok(padding >= 1 && padding <= coding.required)
        const there = shards.map((shard, index) => (kept.includes(index) ? shard : undefined))
        deepEqual(coder.joinShards(there, coding), sealed)

        // the same in memory that was used before, which is enough: of anybody, and of the coder itself
        for (const { buffer, byteOffset } of [new Uint8Array(70_000).fill(0xa5), own.fill(0xa5)]) {
          const block = new Uint8Array(buffer, byteOffset, sealed.length)
          block.set(sealed)
          const end = byteOffset + sealed.length
          const room = new Uint8Array(buffer, end, roomBehind(sealed.length, coding))
          const again = coder.splitBlock(block, coding, { room })
          deepEqual(again, shards)
          ok(again.every((shard) => shard.buffer === buffer))
          const place = new Uint8Array(buffer, byteOffset, coding.required * length)
          const inPlace = again.map((shard, index) => (kept.includes(index) ? shard : undefined))
          const joined = coder.joinShards(inPlace, coding, { room: place })
          deepEqual(joined, sealed)
          equal(joined.buffer, buffer)
        }
      },
    ),
  ))

test('blocks of several tiles, at any place in memory, and some shards of them', () => {
  const coding = { required: 3, total: 5 }
  const bytes = new Uint8Array(5_300_000)
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Math.imul(at, 2_654_435_761) >>> 13
  for (const [from, length] of [
    [0, 5_242_896],
    [3, 1_048_576],
    [5, 700_001],
  ] as const) {
    const sealed = bytes.subarray(from, from + length)
    const before = Uint8Array.from(bytes)
    const shards = coder.splitBlock(sealed, coding)
    deepEqual(bytes, before)
    deepEqual(
      coder.joinShards([undefined, shards[1], undefined, shards[3], shards[4]], coding),
      sealed,
    )
    deepEqual(coder.splitBlock(sealed, coding, { wanted: [4, 0] }), [shards[4], shards[0]])
  }
})

test('too few shards, shards of several lengths, and no padding are told apart', () => {
  const coding = { required: 2, total: 3 }
  const [a, b] = coder.splitBlock(fromHex('00112233445566'), coding)
  throws(() => coder.joinShards([a, undefined, undefined], coding), {
    code: 'content/too-few-shards',
  })
  const damaged = { code: 'content/damaged-shards' }
  throws(() => coder.joinShards([a, b?.subarray(1)], coding), damaged)
  for (const end of ['0000', '0003', '0102', 'ffff'])
    throws(() => coder.joinShards([new Uint8Array(2), fromHex(end)], coding), damaged, end)
  throws(() => coder.joinShards([new Uint8Array(0), new Uint8Array(0)], coding), damaged)
  for (const wrong of [
    { required: 0, total: 1 },
    { required: 2, total: 1 },
    { required: 256, total: 256 },
    { required: 1, total: 257 },
    { required: 1.5, total: 3 },
  ])
    throws(() => coder.splitBlock(new Uint8Array(1), wrong), {
      code: 'content/metadata-impossible',
    })
})

/** Damage in up to as many shards as there are to spare, in a few bytes or in length. */
const damages = smallCodings
  .chain((coding) =>
    fc.record({
      coding: fc.constant(coding),
      sealed: fc.uint8Array({ minLength: 16, maxLength: 200 }),
      order: fc.shuffledSubarray(range(0, coding.total), { minLength: coding.total }),
      lost: fc.nat({ max: coding.total - coding.required }),
      damage: fc.array(
        fc.record({
          at: fc.nat(),
          change: fc.integer({ min: 1, max: 255 }),
          isShort: fc.boolean(),
        }),
        { maxLength: coding.total - coding.required },
      ),
    }),
  )
  .filter(({ coding, lost, damage }) => lost + damage.length <= coding.total - coding.required)

test('damaged shards are found as long as enough whole ones are there', () =>
  fc.assert(
    fc.property(damages, ({ coding, sealed, order, lost, damage }) => {
      const shards: (Uint8Array | undefined)[] = [...coder.splitBlock(sealed, coding)]
      for (const index of order.slice(0, lost)) shards[index] = undefined
      const hit = order.slice(lost, lost + damage.length)
      for (const [number, index] of hit.entries()) {
        const { at = 0, change = 1, isShort = false } = damage[number] ?? {}
        const shard = Uint8Array.from(shards[index] ?? [])
        shard[at % shard.length] = (shard[at % shard.length] ?? 0) ^ change
        shards[index] = isShort ? shard.subarray(1) : shard
      }
      const isWhole = (bytes: Uint8Array): boolean => toHex(bytes) === toHex(sealed)
      const found = recoverBlock(coder, { shards, coding, isWhole })
      deepEqual(found.sealed, sealed)
      deepEqual(
        found.damaged,
        hit.toSorted((one, other) => one - other),
      )
    }),
  ))

test('a block that is beyond help is given up in good time', () => {
  const coding = { required: 10, total: 30 }
  const shards = coder
    .splitBlock(new Uint8Array(1000), coding)
    .map((shard, index) => (index < 19 ? shard : Uint8Array.from(shard, () => index)))
    .map((shard, index) => (index < 9 ? Uint8Array.from(shard, () => 77 + index) : shard))
  let joins = 0
  const isWhole = () => {
    joins += 1
    return false
  }
  throws(() => recoverBlock(coder, { shards, coding, isWhole }), { code: 'content/damaged-shards' })
  ok(joins <= 2_000)
  const few = { code: 'content/too-few-shards' }
  throws(() => recoverBlock(coder, { shards: shards.slice(0, 9), coding, isWhole }), few)
})
