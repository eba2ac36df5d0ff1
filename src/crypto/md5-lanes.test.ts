import { deepEqual, equal, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Md5Job, Md5Lanes, Md5Stream, md5LanesMax, md5ScratchBytes } from '#crypto/md5-lanes'

const memory = new WebAssembly.Memory({ initial: 8, maximum: 8, shared: true })
const bytes = new Uint8Array(memory.buffer)
const scratch = 128
const dataAt = scratch + Math.ceil(md5ScratchBytes / 64) * 64
const lanes = new Md5Lanes(memory, scratch)

const hex = (digest: Uint8Array) => Buffer.from(digest).toString('hex')
const expected = (message: Uint8Array) => createHash('md5').update(message).digest('hex')

/** RFC 1321, appendix A.5. */
const vectors = [
  ['', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['a', '0cc175b9c0f1b6a831c399e269772661'],
  ['abc', '900150983cd24fb0d6963f7d28e17f72'],
  ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
  ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
  [
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
    'd174ab98d277d9f5a5611c2c9f419d9f',
  ],
  ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
] as const

test('the vectors of RFC 1321, in every lane', () => {
  for (const [message, digest] of vectors) {
    for (let count = 1; count <= md5LanesMax; count += 1) {
      const jobs = Array.from({ length: count }, () => ({
        stream: new Md5Stream(),
        pieces: [{ offset: dataAt, bytes: message.length }],
      }))
      bytes.set(Buffer.from(message), dataAt)
      lanes.advance(jobs)
      deepEqual(
        jobs.map(({ stream }) => hex(lanes.digest(stream))),
        jobs.map(() => digest),
      )
    }
  }
})

/** Up to six messages at any place of the memory, overlapping as they like, in pieces of any length. */
const messages = fc.array(
  fc.record({
    at: fc.integer({ min: dataAt, max: dataAt + 100_000 }),
    cuts: fc.array(fc.oneof(fc.nat(200), fc.nat(20_000), fc.constantFrom(0, 56, 64, 128)), {
      maxLength: 8,
    }),
  }),
  { minLength: 1, maxLength: 6 },
)

test('whatever the pieces, the company and the turns, each message has its own digest', () =>
  fc.assert(
    fc.property(messages, fc.nat(), (drawn, seed) => {
      for (let i = dataAt; i < bytes.length; i += 1) bytes[i] = (i * seed) >>> 7
      const streams = drawn.map(({ at, cuts }) => {
        let offset = at
        const pieces = cuts.map((length, i) => {
          const piece = { offset: offset + i * 16, bytes: length }
          offset += length
          return piece
        })
        return { stream: new Md5Stream(), pieces, done: 0 }
      })
      // In turns of one or two pieces; who takes part changes from turn to turn.
      for (
        let turn = seed % 7;
        streams.some(({ pieces, done }) => done < pieces.length);
        turn += 1
      ) {
        const jobs: Md5Job[] = []
        for (const entry of [...streams.slice(turn % streams.length), ...streams]) {
          if (jobs.length === 1 + (turn % md5LanesMax) || entry.done === entry.pieces.length)
            continue
          if (jobs.some(({ stream }) => stream === entry.stream)) continue
          const next = entry.pieces.slice(entry.done, entry.done + 1 + (turn % 2))
          entry.done += next.length
          jobs.push({ stream: entry.stream, pieces: next })
        }
        lanes.advance(jobs)
      }
      for (const { stream, pieces } of streams) {
        const whole = Buffer.concat(
          pieces.map((piece) => bytes.subarray(piece.offset, piece.offset + piece.bytes)),
        )
        equal(hex(lanes.digest(stream)), expected(whole))
      }
    }),
    { numRuns: 60 },
  ))

test('every length around a block, where the padding changes its shape', () => {
  for (let length = 0; length <= 130; length += 1) {
    const stream = new Md5Stream()
    lanes.advance([{ stream, pieces: [{ offset: dataAt + 1, bytes: length }] }])
    equal(hex(lanes.digest(stream)), expected(bytes.slice(dataAt + 1, dataAt + 1 + length)))
  }
})

test('pieces outside of the memory, and one stream twice, are programming errors', () => {
  const stream = new Md5Stream()
  throws(() => lanes.advance([{ stream, pieces: [{ offset: bytes.length - 3, bytes: 4 }] }]))
  throws(() => lanes.advance([{ stream, pieces: [{ offset: -1, bytes: 1 }] }]))
  const job = { stream, pieces: [{ offset: dataAt, bytes: 1 }] }
  throws(() => lanes.advance([job, job]))
})
