import { deepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { split } from '#stream/split'

async function* pieces(cuts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* cuts
}

test('split keeps every byte in order, whatever the cuts', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 17 }),
      async (cuts, bytes) => {
        const sizeOf = (index: number): number => bytes + index
        const found = await Array.fromAsync(split(pieces(cuts), sizeOf))
        deepEqual(Buffer.concat(found), Buffer.concat(cuts))
        for (const [index, piece] of found.entries()) {
          const isLast = index === found.length - 1
          ok(isLast ? piece.length > 0 : piece.length === sizeOf(index))
        }
      },
    ),
  ))
