import { deepEqual, equal, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { openErasure, scratchBytesFor } from '#erasure/codec'
import { kernelModule } from '#erasure/kernel-module'
import { lagrangeRows, multiply } from '#erasure/matrix'
import { formatProfile, namedProfiles, type Profile } from '#erasure/profile'
import { isFault } from '#fault/fault'

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Blocks with gaps of canary bytes around each, so that a stray write is seen. */
function openStripe(
  profile: Profile,
  bytes: number,
  { gap = 5, scratch = scratchBytesFor(profile), kernel = kernelModule } = {},
) {
  const shards = profile.data + profile.parity
  const base = Math.ceil(scratch / 64) * 64
  const total = base + shards * (bytes + gap) + gap
  const memory = new WebAssembly.Memory({
    initial: Math.ceil(total / 65536),
    maximum: 4096,
    shared: true,
  })
  const everything = new Uint8Array(memory.buffer)
  everything.fill(0xa5, base)
  const offsets = range(0, shards).map((index) => base + gap + index * (bytes + gap))
  const blocks = offsets.map((offset) => everything.subarray(offset, offset + bytes))
  const erasure = openErasure(kernel, { memory, offset: 0, bytes: base })
  return {
    erasure,
    offsets,
    blocks,
    encode: () =>
      erasure.encode(profile, {
        data: offsets.slice(0, profile.data),
        parity: offsets.slice(profile.data),
        bytes,
      }),
    verify: () => erasure.verify(profile, { offsets, bytes }),
    /** Overwrites the lost blocks with rubbish, then rebuilds them. */
    rebuild: (lost: readonly number[], present: readonly number[]) => {
      for (const index of lost) blocks[index]?.fill(0x5a)
      const at = (index: number) => ({ index, offset: offsets[index] ?? 0 })
      erasure.rebuild(profile, { present: present.map(at), lost: lost.map(at), bytes })
    },
    contents: () => blocks.map((block) => Uint8Array.from(block)),
    strayWrites: () => {
      const outside = Uint8Array.from(everything.subarray(base))
      for (const offset of offsets) outside.fill(0xa5, offset - base, offset - base + bytes)
      return outside.filter((byte) => byte !== 0xa5).length
    },
  }
}

function fill(blocks: readonly Uint8Array[], seed: number): void {
  let state = seed | 1
  for (const block of blocks) {
    for (let i = 0; i < block.length; i += 1) {
      state = Math.imul(state, 1664525) + 1013904223
      block[i] = state >>> 24
    }
  }
}

function parityOf(text: string | Uint8Array, { data, parity }: Profile): string {
  const bytes = Buffer.from(text)
  const stripe = openStripe({ data, parity }, bytes.length / data)
  for (const index of range(0, data)) {
    const width = bytes.length / data
    stripe.blocks[index]?.set(bytes.subarray(index * width, (index + 1) * width))
  }
  stripe.encode()
  return Buffer.concat(stripe.contents().slice(data)).toString('hex')
}

test('the published vectors', () => {
  equal(parityOf('CyxCloud!!', { data: 10, parity: 4 }), 'a9ef246b')
  equal(parityOf(Uint8Array.from(range(0, 10)), { data: 10, parity: 4 }), '0a0b0c0d')
  equal(
    parityOf(Buffer.from('00010405020306070809', 'hex'), { data: 5, parity: 5 }),
    '0c0d0a0b0e0f5a5b5e5f',
  )
})

/** Any profile, block length and loss. */
const cases = fc
  .integer({ min: 1, max: 256 })
  .chain((data) => fc.tuple(fc.constant(data), fc.integer({ min: 0, max: 256 - data })))
  .chain(([data, parity]) =>
    fc.record({
      profile: fc.constant({ data, parity }),
      bytes: fc.integer({ min: 1, max: 200 }),
      seed: fc.integer(),
      lost: fc.subarray(range(0, data + parity), { maxLength: parity }),
    }),
  )

test('parity is what the field says, in its place and nowhere else', () =>
  fc.assert(
    fc.property(cases, ({ profile, bytes, seed }) => {
      const stripe = openStripe(profile, bytes)
      const { data, parity } = profile
      fill(stripe.blocks.slice(0, data), seed)
      stripe.encode()
      const rows = lagrangeRows(range(0, data), range(data, data + parity))
      for (const [row, coefficients] of rows.entries()) {
        const expected = range(0, bytes).map((at) =>
          coefficients.reduce(
            (sum, coefficient, column) =>
              sum ^ multiply(coefficient, stripe.blocks[column]?.[at] ?? 0),
            0,
          ),
        )
        deepEqual([...(stripe.blocks[data + row] ?? [])], expected)
      }
      equal(stripe.strayWrites(), 0)
    }),
    { numRuns: 25 },
  ))

test('whatever is lost, up to the parity, comes back and nothing else changes', () =>
  fc.assert(
    fc.property(cases, ({ profile, bytes, seed, lost }) => {
      const stripe = openStripe(profile, bytes)
      const shards = profile.data + profile.parity
      fill(stripe.blocks.slice(0, profile.data), seed)
      stripe.encode()
      const whole = stripe.contents()
      stripe.rebuild(
        lost,
        range(0, shards).filter((index) => !lost.includes(index)),
      )
      deepEqual(stripe.contents(), whole)
      equal(stripe.strayWrites(), 0)
      equal(stripe.verify(), true)
    }),
    { numRuns: 60 },
  ))

/** All subsets of 0 … n − 1 with k elements. */
function subsets(n: number, k: number): readonly (readonly number[])[] {
  if (k === 0) return [[]]
  return range(k - 1, n).flatMap((last) => subsets(last, k - 1).map((rest) => [...rest, last]))
}

for (const profile of [
  ...Object.values(namedProfiles),
  { data: 1, parity: 3 },
  { data: 3, parity: 1 },
]) {
  const shards = profile.data + profile.parity
  if (shards > 14) continue // 8+8 and 6+10 have tens of thousands of subsets; the property above samples them.
  test(`any ${profile.data} of ${shards} rebuild all of ${formatProfile(profile)}`, () => {
    const stripe = openStripe(profile, 37)
    fill(stripe.blocks.slice(0, profile.data), shards)
    stripe.encode()
    const whole = stripe.contents()
    for (const present of subsets(shards, profile.data)) {
      const lost = range(0, shards).filter((index) => !present.includes(index))
      stripe.rebuild(lost, present)
      deepEqual(stripe.contents(), whole)
    }
  })
}

test('every block length around the vector steps and tiles, aligned or not', () => {
  const profile = { data: 6, parity: 5 }
  const losses = [[0, 2, 5, 7, 10], [2, 3, 6, 7], [9, 1], [4]]
  for (const bytes of [...range(1, 140), 4095, 4096, 4097, 8191, 12_345]) {
    const stripe = openStripe(profile, bytes, { gap: bytes % 2 === 0 ? 64 : 7 })
    fill(stripe.blocks.slice(0, profile.data), bytes)
    stripe.encode()
    const whole = stripe.contents()
    equal(stripe.verify(), true)
    for (const lost of losses) {
      stripe.rebuild(
        lost,
        range(0, 11).filter((index) => !lost.includes(index)),
      )
      deepEqual(stripe.contents(), whole)
    }
    equal(stripe.strayWrites(), 0)
  }
})

test('verify sees any changed byte', () =>
  fc.assert(
    fc.property(
      fc.record({
        bytes: fc.integer({ min: 1, max: 9000 }),
        shard: fc.nat({ max: 8 }),
        place: fc.nat(),
        change: fc.integer({ min: 1, max: 255 }),
      }),
      ({ bytes, shard, place, change }) => {
        const stripe = openStripe({ data: 4, parity: 5 }, bytes)
        fill(stripe.blocks.slice(0, 4), bytes)
        stripe.encode()
        equal(stripe.verify(), true)
        const block = stripe.blocks[shard]
        if (block !== undefined) block[place % bytes] = (block[place % bytes] ?? 0) ^ change
        equal(stripe.verify(), false)
      },
    ),
    { numRuns: 40 },
  ))

test('with the least scratch memory, forgotten plans are made again', () => {
  const profile = { data: 6, parity: 3 }
  const stripe = openStripe(profile, 100)
  fill(stripe.blocks.slice(0, 6), 1)
  stripe.encode()
  const whole = stripe.contents()
  for (const lost of [...subsets(9, 3), ...subsets(9, 2), ...subsets(9, 3)]) {
    stripe.rebuild(
      lost,
      range(0, 9).filter((index) => !lost.includes(index)),
    )
    deepEqual(stripe.contents(), whole)
  }
})

test('too few shards are a fault, and rebuilding nothing is none', () => {
  const stripe = openStripe({ data: 3, parity: 2 }, 10)
  stripe.encode()
  throws(
    () => stripe.rebuild([0, 1, 2], [3, 4]),
    (error) => isFault(error, 'erasure/too-few-shards'),
  )
  stripe.rebuild([], [0, 1, 2])
})

test('codecs with their own scratch regions share one memory', () => {
  const profile = { data: 10, parity: 4 }
  const memory = new WebAssembly.Memory({ initial: 8, maximum: 65536, shared: true })
  const scratch = Math.ceil(scratchBytesFor(profile) / 64) * 64
  const bytes = 1000
  const stripes = [0, 1].map((number) => {
    const erasure = openErasure(kernelModule, { memory, offset: number * scratch, bytes: scratch })
    const base = 2 * scratch + number * 14 * bytes
    const offsets = range(0, 14).map((index) => base + index * bytes)
    fill([new Uint8Array(memory.buffer, base, 10 * bytes)], number)
    const stripe = { data: offsets.slice(0, 10), parity: offsets.slice(10), bytes }
    return { erasure, offsets, stripe }
  })
  for (const { erasure, stripe } of stripes) erasure.encode(profile, stripe)
  for (const { erasure, offsets } of stripes)
    equal(erasure.verify(profile, { offsets, bytes }), true)
})

test('the kernel for browsers without relaxed SIMD computes the same', () => {
  const plain = new WebAssembly.Module(
    readFileSync(new URL('./kernel-plain.wasm', import.meta.url)),
  )
  for (const profile of [
    { data: 1, parity: 4 },
    { data: 3, parity: 2 },
    { data: 10, parity: 4 },
    { data: 100, parity: 30 },
  ]) {
    for (const bytes of [1, 31, 100, 10_000]) {
      const [one, other] = [
        openStripe(profile, bytes),
        openStripe(profile, bytes, { kernel: plain }),
      ]
      for (const { blocks } of [one, other]) fill(blocks.slice(0, profile.data), bytes)
      for (const stripe of [one, other]) stripe.encode()
      deepEqual(other.contents(), one.contents())
      const whole = one.contents()
      const lost = [0, profile.data]
      const present = range(0, profile.data + profile.parity).filter((at) => !lost.includes(at))
      other.rebuild(lost, present)
      deepEqual(other.contents(), whole)
    }
  }
})
