import { deepEqual, equal, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { ask, type Question } from '#http/ask'

interface Asked {
  readonly method: string | undefined
  readonly authorization: string | undefined
  readonly body: string
}

/** Tells what it was asked, and leads on from `/from`: to the address in the query with the status there. */
async function serve(answer: RequestListener = tell) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const tell: RequestListener = async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
  if (pathname === '/from') {
    const location = searchParams.get('to') ?? ''
    response.writeHead(Number(searchParams.get('status')), { location }).end('elsewhere')
    return
  }
  const { method, headers } = request
  const body = await textOf(request)
  response.end(JSON.stringify({ method, authorization: headers.authorization, body }))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of request.setEncoding('utf8')) text += piece
  return text
}

const bytesMax = 1000
const { signal } = new AbortController()
const post = {
  method: 'POST',
  headers: { 'content-type': 'text/plain', authorization: 'Bearer secret' },
  body: Buffer.from('a question'),
} as const

async function heard(url: string, question: Pick<Question, 'method' | 'headers' | 'body'>) {
  const { status, bytes } = await ask(url, { ...question, bytesMax, signal })
  equal(status, 200)
  return JSON.parse(Buffer.from(bytes).toString()) as Asked // which it is
}

describe('a request to another server', () => {
  test('has its whole answer, whatever its status', async () => {
    await using server = await serve((_request, response) => response.writeHead(404).end('none'))
    const { status, bytes } = await ask(server.url, { method: 'GET', bytesMax, signal })
    deepEqual([status, Buffer.from(bytes).toString()], [404, 'none'])
  })

  test('is sent again, body and all, where it is led on to', async () => {
    await using server = await serve()
    const said = await heard(`${server.url}/from?status=307&to=/there`, post)
    deepEqual(said, { method: 'POST', authorization: 'Bearer secret', body: 'a question' })
  })

  test('is a plain GET where a form leads on to its answer', async () => {
    await using server = await serve()
    for (const status of [301, 302, 303]) {
      const { method, body } = await heard(`${server.url}/from?status=${status}&to=/there`, post)
      deepEqual({ status, method, body }, { status, method: 'GET', body: '' })
    }
  })

  test('tells its secret to nobody else', async () => {
    await using server = await serve()
    await using other = await serve()
    const said = await heard(`${server.url}/from?status=308&to=${other.url}/there`, post)
    equal(said.authorization, undefined)
    equal(said.body, 'a question')
  })

  test('ends, though it be led in circles', async () => {
    await using server = await serve((_request, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    )
    await rejects(ask(server.url, { method: 'GET', bytesMax, signal }), /leads on for ever/)
  })

  test('takes no more of an answer than it is told to', async () => {
    await using server = await serve((_request, response) => response.end('x'.repeat(1001)))
    await rejects(ask(server.url, { method: 'GET', bytesMax, signal }), /too long/)
  })

  test('fails when the answer is cut off', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy())
    })
    await rejects(ask(server.url, { method: 'GET', bytesMax, signal }), { code: 'ECONNRESET' })
  })

  test('is given up when nobody wants it any more', async () => {
    const stop = new AbortController()
    await using server = await serve(() => stop.abort())
    await rejects(ask(server.url, { method: 'GET', bytesMax, signal: stop.signal }), {
      name: 'AbortError',
    })
  })
})
