import { deepEqual, equal } from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { openRealDisk } from '#disk/real'
import { s3Archives } from '#library/s3-archives'
import { openLibrariesHealth } from '#main/libraries-health'
import { openEndpoint } from '#s3/endpoint'
import { SqliteMemory } from '#sql/sqlite-memory'
import { systemWorld } from '#world/system'

test('a place for archives that takes requests and answers none is unhealthy in time, and told once', async (context) => {
  const open = new Set<Socket>()
  const silent = createServer((socket) => open.add(socket)).listen(0, '127.0.0.1')
  context.after(() => {
    for (const socket of open) socket.destroy()
    silent.close()
  })
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo // it listens on a port
  const world = systemWorld()
  const url = `http://127.0.0.1:${port}`
  using endpoint = openEndpoint({ url, region: 'us-east-1', credentials: undefined, world })
  const place = { bucket: 'mdlibs', prefix: '', spoolDisk: openRealDisk(tmpdir()) }
  const archives = s3Archives({ endpoint, ...place, world })
  const told: unknown[] = []
  const hasty = { now: world.now, timer: (_ms: number, work: () => void) => world.timer(50, work) }
  const health = openLibrariesHealth(
    { sql: new SqliteMemory().open(), archives },
    { world: hasty, telemetry: { note: (...one) => void told.push(one) } },
  )
  for (const _ of [1, 2]) {
    const { isHealthy, warnings, facts } = await health()
    equal(isHealthy, false)
    deepEqual(warnings, ['The archives cannot be reached.'])
    deepEqual(facts['checks'], { database: 'healthy', storage: 'unhealthy' })
  }
  deepEqual(told, [['warn', 'storage cannot be used', { reason: 'no answer within 5000 ms' }]])
})
