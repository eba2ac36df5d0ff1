import { rejects } from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { test } from 'node:test'
import { HeroRedisPool } from '#redis/hero-redis-pool'
import { systemWorld } from '#world/system'

/** It takes connections and says nothing, as a program that was stopped does. */
async function startSilent(): Promise<Server & AsyncDisposable> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

for (const [how, end] of [
  ['closing the pool', (pool: HeroRedisPool) => void pool[Symbol.asyncDispose]()],
  ['its signal', (_: HeroRedisPool, stop: AbortController) => stop.abort()],
] as const)
  test(`${how} waits for no server that does not answer`, async () => {
    await using server = await startSilent()
    const stop = new AbortController()
    const pool = new HeroRedisPool({ world: systemWorld(), signal: stop.signal })
    const { port } = server.address() as AddressInfo // it listens on a port
    const opening = pool.at({
      host: '127.0.0.1',
      port,
      db: 0,
      login: { kind: 'token', token: 't' },
    })
    const [socket] = await once(server, 'connection')
    socket.resume()
    end(pool, stop)
    await rejects(opening, { code: 'redis/unavailable' })
    await once(socket, 'close')
    await pool[Symbol.asyncDispose]()
  })
