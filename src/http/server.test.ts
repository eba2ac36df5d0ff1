import { deepEqual, equal, fail, match, ok } from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Fault } from '#fault/fault'
import type { HttpLimits } from '#http/limits'
import type { HttpHandler, HttpResponse } from '#http/message'
import { type HttpServer, openHttpServer } from '#http/server'
import { silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { RawConnection } from '../../test/integration/s3/raw-http.ts'

const text = (body: string, status = 200): HttpResponse => ({ status, headers: {}, body })

async function serve(
  t: TestContext,
  handler: HttpHandler,
  limits: Partial<HttpLimits> = {},
): Promise<{ server: HttpServer; connection: RawConnection }> {
  const server = await openHttpServer({
    host: '127.0.0.1',
    port: 0,
    handler,
    refusal: (fault, id) => ({ status: 400, headers: { 'x-id': id }, body: fault.code }),
    limits,
    world: systemWorld(),
    telemetry: silentTelemetry,
  })
  const connection = await RawConnection.open(server.port)
  t.after(async () => {
    await connection[Symbol.asyncDispose]()
    await server.close({ graceMs: 0 })
  })
  return { server, connection }
}

/** Reads the whole body and answers with its length, or with the code of the fault that stopped it. */
const countBody: HttpHandler = async ({ body }) => {
  let bytes = 0
  try {
    for await (const piece of body) bytes += piece.length
  } catch (error) {
    return text((error as Fault).code, 400)
  }
  return text(String(bytes))
}

const refuseAll: HttpHandler = async () => text('no', 403)

test('a request is seen as sent and answered with id, date and server', async (t) => {
  const { connection } = await serve(t, async ({ id, method, target, headers, peer }) => {
    match(id, /^[0-9A-F]{16}$/)
    return text([method, target, headers['x-two'], peer].join(' '))
  })
  await connection.send('GET /a%2Fb/../c?x HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two: 2\r\n\r\n')
  const answer = await connection.answer()
  equal(answer?.body, 'GET /a%2Fb/../c?x 1,2 127.0.0.1')
  equal(answer.headers['server'], 'Mycelium')
  ok(Math.abs(Date.parse(answer.headers['date'] ?? '') - Date.now()) < 5_000)
})

test('a body arrives whole, by length or in chunks, and the connection serves the next request', async (t) => {
  const { connection } = await serve(t, countBody)
  await connection.send(
    `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`,
  )
  equal((await connection.answer())?.body, '300000')
  await connection.send(
    'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  )
  equal((await connection.answer())?.body, '3')
})

test('a slow consumer stops the sender instead of filling memory', async (t) => {
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const { connection } = await serve(t, async (request) => {
    const body = request.body[Symbol.asyncIterator]()
    await body.next()
    begun.resolve()
    await go.promise
    return countBody({ ...request, body: { ...request.body, [Symbol.asyncIterator]: () => body } })
  })
  const bodyBytes = 64 * 1024 * 1024 // more than the kernel's buffers on both sides
  await connection.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
  const sent = connection.send(new Uint8Array(bodyBytes))
  await begun.promise
  equal(
    await Promise.race([
      sent.then(() => 'sent'),
      systemWorld()
        .sleep(200)
        .then(() => 'held'),
    ]),
    'held',
  )
  go.resolve()
  await sent
  ok(Number((await connection.answer())?.body) > 0)
})

test('100-continue is sent when the handler wants the body, and only then', async (t) => {
  const { connection } = await serve(t, countBody)
  await connection.send(
    'PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
  )
  equal((await connection.answer())?.status, 100)
  await connection.send('ab')
  equal((await connection.answer())?.body, '2')
})

test('a request refused in place of a 100 is answered at once and the connection closes', async (t) => {
  const { connection } = await serve(t, refuseAll, { lingerMs: 50 })
  await connection.send(
    'PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n',
  )
  const answer = await connection.answer()
  equal(answer?.status, 403)
  equal(answer.headers['connection'], 'close')
  await connection.closed()
})

test('a small unread body is drained and the connection lives on', async (t) => {
  const { connection } = await serve(t, refuseAll)
  const request = `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1000)}`
  await connection.send(request)
  equal((await connection.answer())?.status, 403)
  await connection.send(request)
  equal((await connection.answer())?.status, 403)
})

test('an unread body that does not come costs the connection', { timeout: 20_000 }, async (t) => {
  const { connection } = await serve(t, refuseAll, { lingerMs: 50 })
  await connection.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc')
  equal((await connection.answer())?.status, 403)
  await connection.closed()
})

test('the refusal of a large body reaches a client that is still sending', async (t) => {
  const { connection } = await serve(t, refuseAll, { lingerMs: 5_000 })
  const bodyBytes = 32 * 1024 * 1024
  await connection.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${bodyBytes}\r\n\r\n`)
  await connection.send(new Uint8Array(bodyBytes))
  const answer = await connection.answer()
  equal(answer?.status, 403)
  equal(answer.headers['connection'], 'close')
  await connection.closed()
})

test('a body that stops is cut with body-timeout', async (t) => {
  const { connection } = await serve(t, countBody, { idleTimeoutMs: 50, lingerMs: 50 })
  await connection.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc')
  equal((await connection.answer())?.body, 'http/body-timeout')
  await connection.closed()
})

test('a body that only trickles is cut with body-timeout', async (t) => {
  const { connection } = await serve(t, countBody, { idleTimeoutMs: 300, bodyRateMin: 1_000_000 })
  await connection.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n')
  const trickle = setInterval(() => void connection.send('x'), 50)
  t.after(() => clearInterval(trickle))
  equal((await connection.answer())?.body, 'http/body-timeout')
})

test('a body shorter than promised is told so, when the client still listens', async (t) => {
  const { connection } = await serve(t, countBody)
  await connection.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc')
  connection.endSending()
  equal((await connection.answer())?.body, 'http/body-truncated')
})

test('a body with broken chunks is told so', async (t) => {
  const { connection } = await serve(t, countBody)
  await connection.send(
    'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n',
  )
  equal((await connection.answer())?.body, 'http/malformed-request')
})

test('a client may close its side before the answer', async (t) => {
  const { connection } = await serve(t, countBody)
  await connection.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc')
  connection.endSending()
  equal((await connection.answer())?.body, '3')
})

const unparsable = {
  garbage: ['hello\r\n\r\n', 'http/malformed-request'],
  'a negative length': [
    'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n',
    'http/malformed-request',
  ],
  'two lengths': [
    'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'http/malformed-request',
  ],
  'length and chunks': [
    'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'http/malformed-request',
  ],
  'huge headers': [
    `GET / HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
    'http/headers-too-large',
  ],
} as const
for (const [what, [bytes, code]] of Object.entries(unparsable)) {
  test(`${what} is refused in the door's words and the connection closes`, async (t) => {
    const { connection } = await serve(t, countBody)
    await connection.send(bytes)
    const answer = await connection.answer()
    equal(answer?.status, 400)
    equal(answer.body, code)
    equal(answer.headers['connection'], 'close')
    await connection.closed()
  })
}

test('headers that never end are refused', async (t) => {
  const { connection } = await serve(t, countBody, { headersTimeoutMs: 100 })
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n')
  equal((await connection.answer())?.body, 'http/headers-timeout')
})

test('a stream is pulled only after the previous piece has left, so one buffer serves all', async (t) => {
  const buffer = new Uint8Array(new SharedArrayBuffer(256 * 1024))
  const { connection } = await serve(t, async () => ({
    status: 200,
    headers: { 'content-length': 16 * buffer.length },
    body: (async function* () {
      for (let piece = 0; piece < 16; piece++) yield buffer.fill(65 + (piece % 26))
    })(),
  }))
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  const answer = await connection.answer()
  const expected = Array.from({ length: 16 }, (_, piece) =>
    String.fromCharCode(65 + (piece % 26)).repeat(buffer.length),
  )
  ok(answer?.body === expected.join(''))
})

test('an answer that breaks in the middle breaks the connection', async (t) => {
  const outcome = Promise.withResolvers<unknown>()
  const { connection } = await serve(t, async () => ({
    status: 200,
    headers: { 'content-length': 10 },
    body: (async function* () {
      yield Buffer.from('abc')
      throw new Error('lost')
    })(),
    onEnd: outcome.resolve,
  }))
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  equal(await connection.answer(), undefined)
  deepEqual(await outcome.promise, { bytesOut: 3, isComplete: false })
})

test('an answer shorter than its stated length breaks the connection', async (t) => {
  const { connection } = await serve(t, async () => ({
    status: 200,
    headers: { 'content-length': 10 },
    body: (async function* () {
      yield Buffer.from('abc')
    })(),
  }))
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  equal(await connection.answer(), undefined)
})

test('HEAD gets the headers and never pulls the body', async (t) => {
  const outcome = Promise.withResolvers<unknown>()
  const { connection } = await serve(t, async () => ({
    status: 200,
    headers: { 'content-length': 10 },
    body: (async function* () {
      yield fail('pulled')
    })(),
    onEnd: outcome.resolve,
  }))
  await connection.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\n')
  equal((await connection.answer({ toHead: true }))?.headers['content-length'], '10')
  deepEqual(await outcome.promise, { bytesOut: 0, isComplete: true })
})

test('a client that leaves aborts the request and ends its answer', async (t) => {
  const begun = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<string>()
  const ended = Promise.withResolvers<unknown>()
  const { connection } = await serve(t, async ({ signal }) => {
    signal.addEventListener('abort', () => aborted.resolve((signal.reason as Fault).code))
    return {
      status: 200,
      headers: {},
      body: (async function* () {
        for (;;) {
          yield Buffer.alloc(1024 * 1024)
          begun.resolve()
        }
      })(),
      onEnd: ended.resolve,
    }
  })
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await begun.promise
  await connection[Symbol.asyncDispose]()
  equal(await aborted.promise, 'http/client-gone')
  equal(((await ended.promise) as { isComplete: boolean }).isComplete, false)
})

test('a client that does not take its answer is cut', async (t) => {
  const ended = Promise.withResolvers<unknown>()
  const { connection } = await serve(
    t,
    async () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        for (;;) yield Buffer.alloc(1024 * 1024)
      })(),
      onEnd: ended.resolve,
    }),
    { takeTimeoutMs: 100 },
  )
  connection.pause()
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  equal(((await ended.promise) as { isComplete: boolean }).isComplete, false)
})

test('closing finishes what is in flight and refuses what is new', async (t) => {
  const begun = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  const { server, connection } = await serve(t, async () => {
    begun.resolve()
    await go.promise
    return text('done')
  })
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await begun.promise
  const closed = server.close()
  go.resolve()
  const answer = await connection.answer()
  equal(answer?.body, 'done')
  equal(answer.headers['connection'], 'close')
  await closed
  await RawConnection.open(server.port).then(
    () => ok(false, 'still listening'),
    () => {},
  )
})

test('closing cuts what does not finish in time', async (t) => {
  const begun = Promise.withResolvers<void>()
  const { server, connection } = await serve(t, () => {
    begun.resolve()
    return new Promise(() => {})
  })
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await begun.promise
  await server.close({ graceMs: 20 })
  equal(await connection.answer(), undefined)
})

test('a busy port is a fault that says so', async (t) => {
  const { server } = await serve(t, countBody)
  const options = {
    host: '127.0.0.1',
    port: server.port,
    handler: countBody,
    refusal: () => text(''),
    world: systemWorld(),
    telemetry: silentTelemetry,
  }
  const error = await openHttpServer(options).catch((error: Fault) => error)
  equal((error as Fault).code, 'http/address-in-use')
})
