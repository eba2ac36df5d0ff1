import { equal, rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { openEndpoint } from '#s3/endpoint'
import { headObject } from '#s3/head'
import { readObject } from '#s3/read'
import { systemWorld } from '#world/system'

const name = { bucket: 'archives', key: 'a' }
const { signal } = new AbortController()
const isUnreachable = (error: unknown): boolean => isFault(error, 'endpoint/unreachable')

/** What it says of each request, and how many there were. */
async function openSilent(begin: (request: IncomingMessage, response: ServerResponse) => void) {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    begin(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const endpoint = openEndpoint({
    url: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: undefined,
    patience: { idleMs: 150, attempts: 2 },
    world: systemWorld(),
  })
  return {
    endpoint,
    asked: () => requests,
    async [Symbol.asyncDispose]() {
      endpoint[Symbol.dispose]()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('who does not answer is asked as often as the asker has patience, and given up', async () => {
  await using silent = await openSilent(() => {})
  await rejects(headObject(silent.endpoint, name, { signal }), isUnreachable)
  equal(silent.asked(), 2)
})

test('who falls silent in the middle of a body is asked once more for the rest, and given up', async () => {
  await using silent = await openSilent(({ headers }, response) => {
    if (headers.range === undefined) {
      response.writeHead(200, { 'content-length': '10', etag: '"x"' })
      response.write('abc')
    } else {
      response.writeHead(206, { 'content-length': '7', 'content-range': 'bytes 3-9/10' })
      response.flushHeaders()
    }
  })
  const facts = { bytes: 10, etag: 'x' }
  let bytes = 0
  await rejects(async () => {
    for await (const piece of readObject(silent.endpoint, name, facts, { signal }))
      bytes += piece.length
  }, isUnreachable)
  equal(bytes, 3)
  equal(silent.asked(), 2)
})
