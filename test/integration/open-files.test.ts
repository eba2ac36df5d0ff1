/** A process that may open few files, and many who want something of it: nobody takes its nodes for lost, and connections leave some files for them. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { fromSources, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { healthOf, until } from '../until.ts'

const body = bytesOf('body', 3_000_000)

/** Connections that ask for nothing. Those that are cut at once are none. */
async function flood(url: string, count: number): Promise<Socket[]> {
  const { hostname, port } = new URL(url)
  const sockets = Array.from({ length: count }, () => connect(Number(port), hostname))
  await Promise.all(
    sockets.map(async (socket) => {
      socket.on('error', () => {})
      await once(socket, 'connect').catch(() => {})
    }),
  )
  return sockets
}

for (const files of [160, 1024])
  test(`with at most ${files} open files`, async () => {
    const command = [
      ...(['sh', '-c', `ulimit -n ${files}; exec "$@"`, 'sh'] as const),
      ...fromSources('mycelium'),
    ] as const
    await using store = await startStore({ command, flags: ['--log', 'info'] })
    const sockets = await flood(store.s3Url, 1_200)
    const object = new URL('/s3/first-bucket/meanwhile', store.httpUrl) // on the other port
    equal((await fetch(object, { method: 'PUT', body })).status, 200)
    ok(body.equals(await (await fetch(object)).bytes()))
    sockets.push(...(await flood(store.httpUrl, 1_200)))
    for (const socket of sockets) socket.destroy()
    await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')))
    const { nodesUp, nodesDown } = await healthOf(store)
    deepEqual({ nodesUp, nodesDown }, { nodesUp: 14, nodesDown: 0 })
    equal(store.output().match(/"state":"down"/), null)
    using bucket = bucketOf(store, 'first-bucket')
    const got = await until(
      () =>
        bucket.get('meanwhile').catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ECONNRESET') throw error // its port may still count who has just left
          return undefined
        }),
      (bytes) => bytes !== undefined,
    )
    ok(got?.equals(body))
    await bucket.put('after', body)
    match(store.output(), /connection dropped/)
  })
