/** Many at once: a thousand connections that are open, a hundred requests in flight, and whoever stops in the middle of one. */
import { equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { archiveOf } from '../../library/registry.ts'
import { type LibraryServer, openLibraryServer } from '../../library/server.ts'

let server: LibraryServer
let token = ''

before(async () => {
  server = await openLibraryServer()
  token = (await server.person('ada')).token
  const body = await archiveOf('@ada/handbook', '1.0.0', { files: { 'a.md': 'A gnome.\n' } })
  const query = '?visibility=public&confirm_public=true'
  equal(
    (await server.ask(`PUT /libraries/ada/handbook/1.0.0${query}`, { token, body })).status,
    201,
  )
})
after(() => server[Symbol.asyncDispose]())

function get(path: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, { agent }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    sent.once('error', reject)
    sent.end()
  })
}

test('REQ-PERF-003 a hundred requests in flight are all answered', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 })
  const paths = [
    ...['/api/v1/libraries/ada/handbook', '/api/v1/libraries?q=gnome', '/health'],
    ...['/api/v1/libraries/ada/handbook/1.0.0/download', '/api/v1/libraries/ada/nothing'],
  ]
  const asked = Array.from({ length: 1_000 }, (_, n) => get(paths[n % paths.length] ?? '', agent))
  const statuses = Map.groupBy(await Promise.all(asked), (status) => status)
  agent.destroy()
  equal(statuses.get(200)?.length, 800)
  equal(statuses.get(404)?.length, 200)
})

test('REQ-SCALE-002 a thousand connections stay open, and others are answered meanwhile', async () => {
  const { port } = new URL(server.url)
  const sockets: Socket[] = []
  try {
    for (let batch = 0; batch < 10; batch += 1) {
      const opened = Array.from({ length: 100 }, () => connect(Number(port), '127.0.0.1'))
      await Promise.all(opened.map((socket) => once(socket, 'connect')))
      sockets.push(...opened)
    }
    equal((await server.ask('GET /libraries/ada/handbook')).status, 200)
    const last = sockets.at(-1)
    last?.write('GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const [answer] = await once(last as Socket, 'data') // there are a thousand
    ok(String(answer).startsWith('HTTP/1.1 200'))
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})
