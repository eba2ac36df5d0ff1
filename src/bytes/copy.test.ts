import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { copyInto, copyOf } from '#bytes/copy'

const source = Uint8Array.from({ length: 40 }, (_, index) => index + 1)
const buffers = {
  ordinary: () => new Uint8Array(64),
  shared: () => new Uint8Array(new SharedArrayBuffer(64)),
}

for (const [name, make] of Object.entries(buffers))
  test(`bytes arrive wherever they lie in ${name} memory, and touch no others`, () => {
    for (const from of [0, 1, 7, 8])
      for (const at of [0, 3, 8]) {
        const target = make()
        copyInto(target, source.subarray(from), at)
        const expected = new Uint8Array(64)
        expected.set(source.subarray(from), at)
        deepEqual(Uint8Array.from(target), expected)
        deepEqual(copyOf(target.subarray(at)), expected.subarray(at))
      }
  })

test('a copy is in memory of its own, which nobody shares', () => {
  const copy = copyOf(new Uint8Array(new SharedArrayBuffer(64), 8, 16))
  equal(copy.buffer.byteLength, 16)
  equal(copy.buffer instanceof SharedArrayBuffer, false)
})

test('what has no room is refused', () => {
  throws(() => copyInto(new Uint8Array(39), source), RangeError)
  throws(() => copyInto(new Uint8Array(64), source, 25), RangeError)
})
