/** A server that takes connections and commands, and answers nothing: as bad as none, and no reason to wait. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { OptionalRedis } from '#redis/optional-redis'
import { systemWorld } from '#world/system'

test('what hangs is done without, by all who wait and whoever comes soon after, and told once', async () => {
  const open = new Set<Socket>()
  const silent = createServer((socket) => open.add(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo // it listens on a port
  const told: string[] = []
  const without = 'nothing is counted'
  const note = (_level: string, text: string): void => void told.push(text)
  const url = `redis://127.0.0.1:${port}`
  await using redis = new OptionalRedis({
    ...{ url, without, world: systemWorld(), telemetry: { note } },
  })
  const count = (): Promise<number | undefined> => redis.ask((one) => one.count(['INCR', 'x']))
  const startedAt = performance.now()
  deepEqual(await Promise.all([count(), count(), count()]), [undefined, undefined, undefined])
  ok(performance.now() - startedAt < 20_000, 'long before the time that clients of Redis give it')
  const connections = open.size
  equal(await count(), undefined)
  equal(open.size, connections, 'it is left alone for a while')
  deepEqual(told, ['Redis is away: nothing is counted'])
  for (const socket of open) socket.destroy()
  silent.close()
})
