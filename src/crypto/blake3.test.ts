/** One suite for both: what servers hash with, and what browsers do. */
import { deepEqual, equal } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Blake3, blake3 } from '#crypto/blake3'
import { KernelBlake3 } from '#crypto/blake3-kernel'

const vectors: { cases: { bytes: number; hash: string }[] } = JSON.parse(
  readFileSync(new URL('../../test/vectors/blake3.json', import.meta.url), 'utf8'),
)
const kernel = new WebAssembly.Module(readFileSync(new URL('./blake3.wasm', import.meta.url)))
const implementations = {
  native: () => new Blake3(),
  kernel: () => new KernelBlake3(kernel),
}

for (const [name, open] of Object.entries(implementations)) {
  describe(name, () => {
    for (const { bytes, hash } of vectors.cases) {
      test(`the vector of ${bytes} bytes`, () => equal(hex(open().update(counted(bytes))), hash))
    }

    test('the text of FIPS', () =>
      equal(
        hex(open().update(Buffer.from('abc'))),
        '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85',
      ))

    test('pieces, however they are cut', () =>
      fc.assert(
        fc.property(fc.array(fc.nat(70_000), { maxLength: 8 }), (lengths) => {
          const all = counted(lengths.reduce((sum, length) => sum + length, 0))
          const hasher = open()
          let from = 0
          for (const length of lengths) {
            hasher.update(all.subarray(from, from + length))
            from += length
          }
          deepEqual(Buffer.from(hasher.digest()), Buffer.from(blake3(all)))
        }),
        { numRuns: 50 },
      ))
  })
}

test('both agree around every border of the tree', () => {
  const hasher = new KernelBlake3(kernel)
  const all = counted(300_000)
  for (const border of [64, 1024, 4096, 65_536, 131_072, 262_144]) {
    for (const length of [border - 1, border, border + 1, border + 1024, border + 1025]) {
      const bytes = all.subarray(0, length)
      deepEqual(Buffer.from(hasher.update(bytes).digest()), Buffer.from(blake3(bytes)), `${length}`)
    }
  }
})

test('a kernel hashes one thing after another, and several do not disturb each other', () => {
  const [one, other] = [new KernelBlake3(kernel), new KernelBlake3(kernel)]
  one.update(counted(100_000))
  other.update(counted(5_000))
  one.update(counted(3))
  deepEqual(Buffer.from(other.digest()), Buffer.from(blake3(counted(5_000))))
  deepEqual(
    Buffer.from(one.digest()),
    Buffer.from(blake3(Buffer.concat([counted(100_000), counted(3)]))),
  )
  deepEqual(Buffer.from(one.digest()), Buffer.from(blake3(new Uint8Array())))
})

function counted(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at % 251)
}

function hex(hasher: { digest(): Uint8Array }): string {
  return Buffer.from(hasher.digest()).toString('hex')
}
