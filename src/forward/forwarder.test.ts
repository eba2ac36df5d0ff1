/** Real servers and raw connections: what reaches the holder through another process is what the client has sent, and the answer likewise. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Forwarder, holderWaitMs } from '#forward/forwarder'
import type { Holder } from '#forward/holder'
import { vouchFor, vouchHeader } from '#forward/vouch'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'
import { type HttpServer, openHttpServer } from '#http/server'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import type { World } from '#world/world'
import { RawConnection } from '../../test/integration/s3/raw-http.ts'

const world = systemWorld()
const pass = 'between us'
const text = (body: string, status = 200): HttpResponse => ({ status, headers: {}, body })
const refuse = (error: unknown): HttpResponse => text(String(error), 503)

async function listen(t: TestContext, handler: HttpHandler): Promise<HttpServer> {
  const refusal = (): HttpResponse => text('no HTTP', 400)
  const options = { host: '127.0.0.1', port: 0, handler, refusal, world, telemetry }
  const server = await openHttpServer(options)
  t.after(() => server.close({ graceMs: 0 }))
  return server
}

function holderAt({ port }: HttpServer, token = 1): Holder {
  return { token, pass, address: `http://127.0.0.1:${port}` }
}

/** One that serves, and one that forwards to it. */
async function pair(t: TestContext, handler: HttpHandler) {
  const serving = new Forwarder({ refuse, certificate: () => undefined, world })
  serving.serve(handler, { pass })
  const holder = await listen(t, serving.handle)
  const forwarder = new Forwarder({ refuse, certificate: () => undefined, world })
  const { port } = await listen(t, forwarder.handle)
  forwarder.follow(holderAt(holder))
  const connect = async (to = port): Promise<RawConnection> => {
    const connection = await RawConnection.open(to)
    t.after(() => connection[Symbol.asyncDispose]())
    return connection
  }
  return { connect, forwarder, holder }
}

/** All that a door sees of a request. */
const echo: HttpHandler = async ({ method, target, headers, peer, isEncrypted, body }) => {
  let received = ''
  for await (const piece of body) received += Buffer.from(piece).toString('latin1')
  const { bytes } = body
  return text(JSON.stringify({ method, target, headers, peer, isEncrypted, bytes, received }))
}

const requests = [
  'GET /a%2Fb/../c?x&y=%C3%A9 HTTP/1.1\r\nHost: photos.example:1\r\nX-Two: 1\r\nx-two: 2\r\n\r\n',
  'GET http://absolute.example/a HTTP/1.1\r\nHost: h\r\nx-latin: \xe9\xff\r\n\r\n',
  'PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello',
  'PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n',
  'PUT /k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: x-a\r\n\r\n1\r\na\r\n0\r\nx-a: b\r\n\r\n',
  'PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTrailer: x-a\r\n\r\na',
  'POST /k?uploads HTTP/1.1\r\nHost: h\r\n\r\n',
  'PUT /copy HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n',
  'DELETE /k HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n',
  'GET /no-host HTTP/1.1\r\n\r\n',
]

test('the holder sees what the client has sent, connection after connection and again on the same', async (t) => {
  const { connect, holder } = await pair(t, echo)
  const [through, direct] = [await connect(), await connect(holder.port)]
  for (const request of requests) {
    const answers = []
    for (const connection of [through, direct]) {
      await connection.send(Buffer.from(request, 'latin1'))
      answers.push((await connection.answer())?.body)
    }
    const [seen, sent] = answers.map((body) => JSON.parse(body ?? '{}'))
    // where the client says nothing of its connection, the one in between says what is so anyway
    if (sent.headers.connection === undefined) delete seen.headers.connection
    delete sent.headers.trailer // nor are there any
    deepEqual(seen, sent, request)
  }
})

test('the answer comes as the holder gave it', async (t) => {
  const { connect } = await pair(t, async ({ target, method }) => {
    if (target === '/none') return { status: 204, headers: { 'x-own': 'a' } }
    if (target === '/same') return { status: 304, headers: { etag: '"e"' } }
    const headers = { 'content-length': 3, 'x-amz-request-id': 'HOLDERS', 'x-method': method }
    return { status: 206, headers, body: Buffer.from('abc') }
  })
  const connection = await connect()
  const ask = async (line: string, options = {}) => {
    await connection.send(`${line} HTTP/1.1\r\nHost: h\r\n\r\n`)
    return await connection.answer(options)
  }
  const whole = await ask('GET /')
  equal(whole?.status, 206)
  equal(whole.body, 'abc')
  equal(whole.headers['x-amz-request-id'], 'HOLDERS')
  const head = await ask('HEAD /', { toHead: true })
  deepEqual([head?.headers['content-length'], head?.headers['x-method']], ['3', 'HEAD'])
  equal((await ask('GET /none'))?.headers['x-own'], 'a')
  equal((await ask('GET /same'))?.status, 304)
  equal((await ask('GET /'))?.body, 'abc')
})

test('100 comes when the holder wants the body, and its refusal at once when it does not', async (t) => {
  const { connect } = await pair(t, async (request) =>
    request.target === '/no' ? text('no', 403) : echo(request),
  )
  const head = 'Host: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n'
  const welcome = await connect()
  await welcome.send(`PUT /yes HTTP/1.1\r\n${head}`)
  equal((await welcome.answer())?.status, 100)
  await welcome.send('ab')
  match((await welcome.answer())?.body ?? '', /"received":"ab"/)
  const refused = await connect()
  await refused.send(`PUT /no HTTP/1.1\r\n${head}`)
  equal((await refused.answer())?.status, 403)
})

test('a body that the holder refuses half-way is not waited for', async (t) => {
  const { connect } = await pair(t, async () => text('too much', 403))
  const connection = await connect()
  await connection.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\nsome of it')
  equal((await connection.answer())?.body, 'too much')
})

test('a client that goes away is gone for the holder, and a holder that breaks off for the client', async (t) => {
  const begun = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<unknown>()
  const stopped = Promise.withResolvers<void>()
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(64 * 1024)
    } finally {
      stopped.resolve()
    }
  }
  const { connect } = await pair(t, async (request) => {
    if (request.target === '/cut') return { status: 200, headers: {}, body: broken() }
    if (request.target === '/endless') return { status: 200, headers: {}, body: endless() }
    try {
      for await (const piece of request.body) if (piece.length > 0) begun.resolve()
    } catch (error) {
      failed.resolve(error)
    }
    return text('incomplete', 400)
  })
  const sending = await connect()
  await sending.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf')
  await begun.promise
  await sending[Symbol.asyncDispose]()
  match(String(await failed.promise), /http\/(client-gone|body-truncated)/)
  const reading = await connect()
  await reading.send('GET /endless HTTP/1.1\r\nHost: h\r\n\r\n')
  await reading.arrived(1_000_000)
  await reading[Symbol.asyncDispose]()
  await stopped.promise
  const staying = await connect()
  await staying.send('GET /cut HTTP/1.1\r\nHost: h\r\n\r\n')
  await staying.closed()
})

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('the beginning')
  throw new Error('the rest is lost')
}

test('who asks while nobody serves waits for the next holder, be it this process', async (t) => {
  const forwarder = new Forwarder({ refuse, certificate: () => undefined, world })
  const { port } = await listen(t, forwarder.handle)
  const connection = await RawConnection.open(port)
  t.after(() => connection[Symbol.asyncDispose]())
  const put = 'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab'
  await connection.send(put)
  const other = new Forwarder({ refuse, certificate: () => undefined, world })
  other.serve(async () => text('the other'), { pass })
  const first = await listen(t, other.handle)
  forwarder.follow(holderAt(first))
  equal((await connection.answer())?.body, 'the other')
  await first.close()
  await connection.send(put) // nobody is there, though the lease still says so
  const asked = Promise.withResolvers<void>()
  forwarder.serve(
    async (request) => {
      asked.resolve()
      return await echo(request)
    },
    { pass },
  )
  await asked.promise
  match((await connection.answer())?.body ?? '', /"received":"ab"/)
})

test('what is under way to a holder is cut when there is another, and asked again if that does no harm', async (t) => {
  const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let asked = 0
  const { connect, forwarder } = await pair(t, () => {
    begun[asked++]?.resolve()
    return new Promise(() => {})
  })
  const [reader, writer] = [await connect(), await connect()]
  await reader.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await begun[0]?.promise
  await writer.send('DELETE / HTTP/1.1\r\nHost: h\r\n\r\n')
  await begun[1]?.promise
  const next = new Forwarder({ refuse, certificate: () => undefined, world })
  next.serve(async () => text('the next'), { pass })
  forwarder.follow(holderAt(await listen(t, next.handle), 2))
  equal((await reader.answer())?.body, 'the next')
  match((await writer.answer())?.body ?? '', /forward\/unanswered/)
})

test('nobody waits for ever, nor while the process ends', async (t) => {
  let now = 0
  const hurried: World = {
    ...world,
    monotonic: () => now,
    sleep: async (ms) => {
      now += ms
    },
  }
  const patient = new Forwarder({ refuse, certificate: () => undefined, world: hurried })
  const { port } = await listen(t, patient.handle)
  const connection = await RawConnection.open(port)
  t.after(() => connection[Symbol.asyncDispose]())
  await connection.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  match((await connection.answer())?.body ?? '', /forward\/no-holder/)
  equal(now, holderWaitMs)
  const ending = new Forwarder({ refuse, certificate: () => undefined, world })
  const other = await RawConnection.open((await listen(t, ending.handle)).port)
  t.after(() => other[Symbol.asyncDispose]())
  await other.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  ending.close()
  match((await other.answer())?.body ?? '', /forward\/no-holder/)
})

test('nobody makes up where a request came from', async (t) => {
  const { connect, holder } = await pair(t, echo)
  const request = { method: 'GET', target: '/', peer: '192.0.2.7', isEncrypted: true }
  const ask = async (value: string, port?: number) => {
    const connection = await connect(port)
    await connection.send(`GET / HTTP/1.1\r\nHost: h\r\n${vouchHeader}: ${value}\r\n\r\n`)
    return await connection.answer()
  }
  const vouched = vouchFor(request as HttpRequest, pass)
  const known = JSON.parse((await ask(vouched, holder.port))?.body ?? '{}')
  deepEqual([known.peer, known.isEncrypted], ['192.0.2.7', true])
  ok(!(vouchHeader in known.headers))
  for (const forged of [
    vouched.replace('192.0.2.7', '127.0.0.1'),
    vouchFor({ ...request, target: '/elsewhere' } as HttpRequest, pass),
    vouchFor(request as HttpRequest, 'a guess'),
    'nonsense',
  ])
    match((await ask(forged, holder.port))?.body ?? '', /forward\/not-vouched/)
  match((await ask(vouched))?.body ?? '', /forward\/not-vouched/, 'nor is it sent on')
})
