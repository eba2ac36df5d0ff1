/** Servers that do not do what registries do: what `mdlibs` makes of them, and what it never tells them. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { z } from 'zod'
import { explainMdlibs } from '#cli/mdlibs/explain'
import { RegistryApi, type RegistryApiOptions } from '#cli/mdlibs/registry-api'
import { collect } from '#stream/collect'
import { systemWorld } from '#world/system'

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void

interface OddServer extends AsyncDisposable {
  readonly origin: string
  readonly asked: IncomingMessage[]
}

async function openServer(answer: Answer): Promise<OddServer> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    answer(request, response, asked.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function apiOf({ origin }: { origin: string }, options: Partial<RegistryApiOptions> = {}) {
  return new RegistryApi({
    ...{ origin, token: 'mdl_secret', timeoutMs: 5000, insecure: undefined, userAgent: 'test/1' },
    ...{ world: systemWorld(), signal: new AbortController().signal },
    ...options,
  })
}

const schema = z.looseObject({ fine: z.boolean() })
const fine: Answer = (_request, response) => response.end('{"fine":true}')

describe('what may pass is tried again', () => {
  test('a server that is busy, and says for how long', async () => {
    await using server = await openServer((request, response, count) => {
      if (count > 2) return fine(request, response, count)
      response.writeHead(count === 1 ? 503 : 429, { 'retry-after': '0' }).end()
    })
    deepEqual(await apiOf(server).json('/x', { method: 'POST', body: {}, schema }), { fine: true })
    equal(server.asked.length, 3)
  })

  test('a connection that breaks, when doing it twice does no harm', async () => {
    await using server = await openServer((request, response, count) => {
      if (count === 1) request.socket.destroy()
      else fine(request, response, count)
    })
    equal((await apiOf(server).json('/x', { schema })).fine, true)
    await using other = await openServer((request) => request.socket.destroy())
    await rejects(apiOf(other).done('/x', { method: 'POST' }), { code: 'mdlibs/unreachable' })
    equal(other.asked.length, 1, 'it may have been done')
  })

  test('not what was refused, nor what has to wait for long', async () => {
    await using server = await openServer((_request, response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end(),
    )
    await rejects(apiOf(server).json('/x', { schema }), { code: 'mdlibs/busy' })
    equal(server.asked.length, 1)
  })

  test('an upload, from its first byte', async () => {
    await using server = await openServer((request, response, count) => {
      if (count === 1) return void request.socket.destroy()
      const pieces: Buffer[] = []
      request.on('data', (piece) => pieces.push(piece))
      request.on('end', () => {
        equal(Buffer.concat(pieces).toString(), 'hello world')
        equal(request.headers['content-length'], '11')
        fine(request, response, count)
      })
    })
    const open = async function* () {
      yield Buffer.from('hello ')
      yield Buffer.from('world')
    }
    let sent = 0
    const onSent = (bytes: number): void => {
      sent = bytes
    }
    await apiOf(server).upload('/x', { headers: {}, bytes: 11, open, onSent, schema })
    equal(sent, 11)
  })

  test('a download goes on where it broke', async () => {
    const whole = Buffer.alloc(300_000, 'abcdefg')
    for (const knowsRanges of [true, false]) {
      await using server = await openServer((request, response, count) => {
        const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
        if (count > 1) equal(from > 0, true)
        const rest = knowsRanges ? whole.subarray(from) : whole
        response.writeHead(knowsRanges && from > 0 ? 206 : 200, { 'content-length': rest.length })
        if (count < 3)
          response.write(rest.subarray(0, knowsRanges ? 100_000 : 100_000 * count), () =>
            request.socket.destroy(),
          )
        else response.end(rest)
      })
      const got = await collect(apiOf(server).download('/x'))
      equal(Buffer.compare(got, whole), 0)
      equal(server.asked.length, 3)
    }
  })
})

describe('who says nothing is not waited for', () => {
  test('from the beginning, or in the middle', async () => {
    await using server = await openServer((request, response) => {
      if (request.url?.endsWith('/late')) response.write('{')
    })
    const api = apiOf(server, { timeoutMs: 60 })
    await rejects(api.done('/never', { method: 'POST' }), (error) => {
      match(explainMdlibs(error).text, /No answer from the registry .*it said nothing for 0\.06 s/)
      return true
    })
    await rejects(api.json('/late', { method: 'POST', schema }), { code: 'mdlibs/unreachable' })
  })

  test('but who is slow is', async () => {
    await using server = await openServer((_request, response) => {
      const pieces = ['{"fi', 'ne"', ':t', 'rue', '}']
      const next = (): void => {
        const piece = pieces.shift()
        if (piece === undefined) response.end()
        else response.write(piece, () => setTimeout(next, 60))
      }
      next()
    })
    equal((await apiOf(server, { timeoutMs: 200 }).json('/x', { schema })).fine, true)
  })
})

describe('the token is for one origin', () => {
  test('an archive may lie elsewhere, and who has it gets no token', async () => {
    await using elsewhere = await openServer((_request, response) => response.end('bytes'))
    await using server = await openServer((_request, response) =>
      response.writeHead(302, { location: `${elsewhere.origin}/archive` }).end(),
    )
    equal(Buffer.from(await collect(apiOf(server).download('/x'))).toString(), 'bytes')
    equal(server.asked[0]?.headers.authorization, 'Bearer mdl_secret')
    equal(elsewhere.asked[0]?.headers.authorization, undefined)
  })

  test('nothing else is asked of another place', async () => {
    await using server = await openServer((_request, response) =>
      response.writeHead(307, { location: 'https://elsewhere.example/' }).end(),
    )
    await rejects(apiOf(server).json('/x', { schema }), { code: 'mdlibs/redirected' })
  })

  test('and is not sent in clear text over a network, nor to who is not proven', async () => {
    for (const [origin, insecure, isRefused] of [
      ['http://far.example', undefined, true],
      ['http://far.example', 'loopback', true],
      ['https://far.example', 'loopback', true],
      ['http://far.example', 'near.example', true],
      ['http://far.example', 'far.example', false],
      ['https://far.example', undefined, false],
      ['http://127.0.0.1:1', undefined, false],
    ] as const) {
      const open = async () => apiOf({ origin }, { insecure })
      if (isRefused) await rejects(open(), { code: 'mdlibs/insecure-registry' })
      else await open()
    }
    await using server = await openServer((_request, response) =>
      response.writeHead(302, { location: 'http://far.example/x' }).end(),
    )
    const code = 'mdlibs/insecure-registry'
    await rejects(collect(apiOf(server).download('/x')), { code })
  })
})

describe('what a registry refuses is told in its words, with the next step', () => {
  const said = async (status: number, body: string, token?: string): Promise<string> => {
    await using server = await openServer((_request, response) =>
      response.writeHead(status, { 'retry-after': '3600' }).end(body),
    )
    const told = await apiOf(server, {
      token,
      tokenIsFor: token === undefined ? 'https://o.example' : undefined,
    })
      .json('/x', { method: 'POST', schema })
      .then(
        () => 'fine',
        (error: unknown) => explainMdlibs(error),
      )
    if (typeof told === 'string') return told
    return `${told.exitCode} ${told.text.replace(server.origin, 'REGISTRY')}`
  }
  const problem = (code: string, message: string, hint?: string): string =>
    JSON.stringify({ status: 0, hint, error: { code, message }, request_id: 'r1' })

  test('by status', async () => {
    equal(
      await said(401, '', 't'),
      '4 REGISTRY: This token is not accepted. Sign in: mdlibs login.',
    )
    match(await said(401, ''), /^4 .*MDLIBS_TOKEN was not sent: it is for https:\/\/o\.example/)
    match(
      await said(403, problem('FORBIDDEN', 'No.')),
      /^4 REGISTRY: No\. mdlibs whoami .*request r1/,
    )
    match(await said(404, problem('NOT_FOUND', 'None.')), /^3 REGISTRY: None\. mdlibs find/)
    equal(
      await said(409, problem('VERSION_EXISTS', 'It is there.', 'Publish the next one.'), 't'),
      '11 REGISTRY: It is there. Publish the next one. (request r1)',
    )
    match(await said(410, ''), /^3 REGISTRY: It was deleted\./)
    match(await said(413, problem('TOO_LARGE', 'Too big.')), /^11 REGISTRY: Too big\./)
    match(await said(429, ''), /^5 /)
    match(await said(500, 'oops'), /^5 REGISTRY: It fails \(500\)/)
  })

  test('something that is no registry is told from one', async () => {
    match(await said(400, '<html>'), /^11 What REGISTRY answers is not what registries answer/)
    match(await said(200, '<html>'), /it is no JSON/)
    match(await said(200, '{"fine":3}'), /fine: /)
    match(await said(200, '[]'), /^11 /)
  })

  test('and who is not there at all', async () => {
    const { origin } = await openServer(fine).then(async (server) => {
      await server[Symbol.asyncDispose]()
      return server
    })
    const api = apiOf({ origin })
    await rejects(api.json('/x', { schema }), (error) => {
      const { text, exitCode } = explainMdlibs(error)
      equal(exitCode, 5)
      match(text, /nothing listens there.*curl http:\/\/127\.0\.0\.1:\d+\/health/)
      return true
    })
  })
})
