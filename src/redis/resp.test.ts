import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#fault/fault'
import { ReplyReader } from '#redis/reply-reader'
import { argumentsMax, RequestReader, smallRequestBytes } from '#redis/request-reader'
import { encodeReply, encodeRequest, type RespReply } from '#redis/resp'

/** Plain bytes, whatever they are views of. */
function plain(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

function readReplies(bytes: Uint8Array, sizes: readonly number[], valueBytesMax = 1_000_000) {
  const reader = new ReplyReader({ valueBytesMax })
  const replies: RespReply[] = []
  for (const piece of cut(bytes, sizes)) {
    reader.give(piece)
    for (let reply = reader.next(); reply !== undefined; reply = reader.next()) replies.push(reply)
  }
  return replies
}

function readRequests(bytes: Uint8Array, sizes: readonly number[], bytesMax = 1_000_000) {
  const reader = new RequestReader()
  const requests: string[][] = []
  for (const piece of cut(bytes, sizes)) {
    reader.give(piece)
    for (let step = reader.next(bytesMax); step.state !== 'begun'; step = reader.next(bytesMax)) {
      if (step.state === 'large') reader.makeRoom()
      else requests.push(step.args.map(plain))
    }
  }
  return { requests, isWithin: reader.isWithin }
}

const anyText = fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/[^ -~]/g, '.'))
const anyReply: fc.Arbitrary<RespReply> = fc.oneof(
  anyText.map((text) => ({ kind: 'simple', text }) as const),
  anyText.map((text) => ({ kind: 'error', text }) as const),
  fc.integer().map((value) => ({ kind: 'integer', value }) as const),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ kind: 'bulk', bytes }) as const),
  fc.constant({ kind: 'nil' } as const),
)
const anySizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 })

test('replies are read as they were written, however they are cut', () =>
  fc.assert(
    fc.property(fc.array(anyReply, { maxLength: 8 }), anySizes, (replies, sizes) => {
      const bytes = Buffer.concat(replies.flatMap(encodeReply))
      const comparable = (reply: RespReply) =>
        reply.kind === 'bulk' ? { ...reply, bytes: plain(reply.bytes) } : reply
      deepEqual(readReplies(bytes, sizes).map(comparable), replies.map(comparable))
    }),
  ))

test('values come to lie where there is room for them, and may be read there without a copy', () => {
  const values = [20_000, 40_000, 17_000].map((length) => Buffer.alloc(length, length % 251))
  const bytes = Buffer.concat(
    values.flatMap((value) => encodeReply({ kind: 'bulk', bytes: value })),
  )
  for (const pieceBytes of [1, 100, 16_384, 60_000]) {
    const rooms: Uint8Array[] = []
    const reader = new ReplyReader({
      valueBytesMax: 40_000,
      roomFor: (length) => {
        const room = length === 17_000 ? undefined : new Uint8Array(new SharedArrayBuffer(length))
        if (room !== undefined) rooms.push(room)
        return room
      },
    })
    const found: RespReply[] = []
    let filled = 0
    for (let at = 0; at < bytes.length; ) {
      const { gap } = reader
      const piece = bytes.subarray(at, at + Math.min(pieceBytes, gap?.length ?? pieceBytes))
      at += piece.length
      gap?.set(piece)
      if (gap === undefined) reader.give(piece)
      else reader.filled(piece.length)
      filled += gap === undefined ? 0 : piece.length
      for (let reply = reader.next(); reply; reply = reader.next()) found.push(reply)
    }
    deepEqual(
      found.map((reply) => reply.kind === 'bulk' && Buffer.from(reply.bytes)),
      values,
    )
    deepEqual(
      rooms.map((room) => room.length),
      [20_000, 40_000],
    )
    deepEqual(
      found.slice(0, 2).map((reply) => reply.kind === 'bulk' && reply.bytes.buffer),
      rooms.map(({ buffer }) => buffer),
    )
    equal(filled > 0, pieceBytes < 60_000, 'nearly all comes in the first piece')
  }
})

test('requests are read as they were written, however they are cut', () =>
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.uint8Array({ maxLength: 9_000 }), { minLength: 1, maxLength: 4 }), {
        maxLength: 5,
      }),
      anySizes,
      (requests, sizes) => {
        const bytes = Buffer.concat(requests.flatMap((args) => encodeRequest(args)))
        const read = readRequests(bytes, sizes)
        deepEqual(
          read.requests,
          requests.map((args) => args.map(plain)),
        )
        equal(read.isWithin, false)
      },
    ),
    { numRuns: 40 },
  ))

test('a reader knows whether it is within a request', () => {
  const bytes = Buffer.from('*1\r\n$4\r\nPING\r\n')
  for (let length = 0; length <= bytes.length; length += 1) {
    const { isWithin } = readRequests(bytes.subarray(0, length), [])
    equal(isWithin, length > 0 && length < bytes.length, `after ${length} bytes`)
  }
})

test('a long request asks once whether there is room, before it is held', () => {
  const reader = new RequestReader()
  const long = Buffer.alloc(smallRequestBytes, 1)
  const bytes = Buffer.concat(encodeRequest([Buffer.from('SET'), long, long]))
  reader.give(bytes)
  equal(reader.next(1_000_000).state, 'large')
  equal(reader.next(1_000_000).state, 'large')
  reader.makeRoom()
  equal(reader.next(1_000_000).state, 'whole')
  reader.give(bytes)
  equal(reader.next(1_000_000).state, 'large')
})

const hostileRequests: readonly (readonly [name: string, bytes: string, code: string])[] = [
  ['an inline command', 'PING\r\n', 'redis/malformed'],
  ['HTTP', 'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 'redis/malformed'],
  ['nothing before a line end', '\r\n', 'redis/malformed'],
  ['too many arguments', `*${argumentsMax + 1}\r\n`, 'redis/malformed'],
  ['arguments without number', '*99999999999999999999\r\n', 'redis/malformed'],
  ['less than no arguments', '*-1\r\n', 'redis/malformed'],
  ['an argument that is no string', '*1\r\n:4\r\n', 'redis/malformed'],
  ['an argument of no length', '*1\r\n$-1\r\n', 'redis/malformed'],
  ['an argument longer than allowed', '*1\r\n$1001\r\n', 'redis/too-large'],
  [
    'arguments longer than allowed',
    `*2\r\n$600\r\n${'x'.repeat(600)}\r\n$401\r\n`,
    'redis/too-large',
  ],
  ['a string that goes on', '*1\r\n$4\r\nPINGS\r\n', 'redis/malformed'],
  ['a line that never ends', `*${'1'.repeat(100)}`, 'redis/malformed'],
  ['a line that ends too soon', '*1\n', 'redis/malformed'],
]
for (const [name, bytes, code] of hostileRequests)
  test(`refused in a request: ${name}`, () => {
    throws(
      () => readRequests(Buffer.from(bytes), [], 1_000),
      (error) => isFault(error, code),
    )
    for (const at of [1, 3])
      throws(
        () => readRequests(Buffer.from(bytes), [at], 1_000),
        (error) => isFault(error, code),
      )
  })

const hostileReplies: readonly (readonly [name: string, bytes: string, code: string])[] = [
  ['an array', '*1\r\n$1\r\nx\r\n', 'redis/malformed'],
  ['RESP3', '_\r\n', 'redis/malformed'],
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n', 'redis/malformed'],
  ['an integer with words', ':1x\r\n', 'redis/malformed'],
  ['an integer beyond numbers', ':99999999999999999999\r\n', 'redis/malformed'],
  ['a value that goes on', '$1\r\nxyz', 'redis/malformed'],
  ['a value longer than asked for', '$101\r\n', 'redis/too-large'],
  ['a value of less than nothing', '$-2\r\n', 'redis/malformed'],
  ['a line that never ends', `+${'x'.repeat(5_000)}`, 'redis/malformed'],
]
for (const [name, bytes, code] of hostileReplies)
  test(`refused in a reply: ${name}`, () => {
    throws(
      () => readReplies(Buffer.from(bytes), [], 100),
      (error) => isFault(error, code),
    )
  })
