import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { collect } from '#stream/collect'

/** A piece is wiped when the next one is pulled, as the HTTP shell may do. */
async function* pieces(all: readonly Uint8Array[]) {
  for (const bytes of all) {
    const piece = Uint8Array.from(bytes)
    yield piece
    piece.fill(0)
  }
}

test('all of it, in order, and no more memory than twice as much', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 20 }),
      async (all) => {
        let taken = 0
        const whole = await collect(pieces(all), {
          onGrowth: (bytes) => {
            taken += bytes
          },
        })
        deepEqual(Buffer.from(whole), Buffer.concat(all))
        ok(taken <= Math.max(4096, 2 * whole.length))
        equal(taken === 0, whole.length === 0)
      },
    ),
  ))

test('who may not grow ends it', () =>
  rejects(
    collect(pieces([new Uint8Array(10)]), {
      onGrowth: () => {
        throw new Error('no more')
      },
    }),
    /no more/,
  ))
