import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLevel } from '#telemetry/log-level'
import { openTelemetry } from '#telemetry/open-telemetry'
import type { RequestEnded } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'
import type { World } from '#world/world'

const request: RequestEnded = {
  door: 's3',
  requestId: '0123456789ABCDEF',
  operation: 'PutObject',
  method: 'PUT',
  status: 200,
  bytesIn: 4096,
  bytesOut: 0,
  ms: 3,
}

function listen(level: LogLevel, world: World = systemWorld()) {
  const lines: Record<string, unknown>[] = []
  const sink = { write: (line: string) => void lines.push(JSON.parse(line)) }
  return { lines, telemetry: openTelemetry({ level, metrics: true, world, sink }) }
}

const node = {
  id: 'node-01',
  state: 'up',
  shards: 7,
  usedBytes: 7_000,
  freeBytes: 93_000,
  totalBytes: 100_000,
  probesAnswered: 12,
  probesFailed: 1,
}

test('both metric-name sets of the guide are exported, labelled with the node', async () => {
  const { telemetry } = listen('silent')
  telemetry.observe(() => ({ nodes: [node], connections: 3 }))
  telemetry.shardIo({ node: 'node-01', direction: 'in', bytes: 500 })
  telemetry.shardIo({ node: 'node-01', direction: 'out', bytes: 200 })
  const lines = (await telemetry.metricsText()).split('\n')
  const expected = [
    'cyxcloud_storage_used_bytes{node_id="node-01"} 7000',
    'cyxcloud_storage_bytes_used{node_id="node-01"} 7000',
    'cyxcloud_chunks_stored{node_id="node-01"} 7',
    'cyxcloud_chunks_total{node_id="node-01"} 7',
    'cyxcloud_bytes_uploaded{node_id="node-01"} 500',
    'cyxcloud_bandwidth_in_bytes{node_id="node-01"} 500',
    'cyxcloud_bytes_downloaded{node_id="node-01"} 200',
    'cyxcloud_bandwidth_out_bytes{node_id="node-01"} 200',
    'cyxcloud_active_connections{node_id="gateway"} 3',
    'cyxcloud_heartbeat_success_total{node_id="node-01"} 12',
    'mycelium_node_up{node_id="node-01"} 1',
  ]
  deepEqual(
    expected.filter((line) => !lines.includes(line)),
    [],
  )
})

test('scraping twice counts nothing twice, and a node that left leaves no number behind', async () => {
  const { telemetry } = listen('silent')
  let nodes = [node]
  telemetry.observe(() => ({ nodes }))
  telemetry.shardIo({ node: 'node-01', direction: 'in', bytes: 500 })
  await telemetry.metricsText()
  nodes = []
  const text = await telemetry.metricsText()
  match(text, /mycelium_node_bytes_in_total\{node_id="node-01"\} 500\n/)
  ok(!text.includes('mycelium_node_shards{'))
})

test('requests, damage and repair are counted', async () => {
  const { telemetry } = listen('silent')
  telemetry.requestEnded(request)
  telemetry.requestEnded({ ...request, status: 503, bytesIn: 0 })
  telemetry.damageFound({ node: 'node-02', what: 'block 17 of a shard', reason: 'digest' })
  telemetry.repaired({ shards: 2, bytes: 8192 })
  telemetry.close()
  const text = await telemetry.metricsText()
  match(text, /mycelium_requests_total\{door="s3",operation="PutObject",status="200"\} 1\n/)
  match(text, /mycelium_requests_total\{door="s3",operation="PutObject",status="503"\} 1\n/)
  match(
    text,
    /mycelium_request_duration_seconds_bucket\{le="0.005",door="s3",operation="PutObject",status="2xx"\} 1\n/,
  )
  match(text, /mycelium_request_bytes_total\{door="s3",direction="in"\} 4096\n/)
  match(text, /mycelium_damage_total\{node_id="node-02",what="block"\} 1\n/)
  match(text, /mycelium_repaired_shards_total 2\n/)
})

test('a source that throws leaves the scrape standing and is told', async () => {
  const { telemetry, lines } = listen('warn')
  telemetry.observe(() => {
    throw new Error('database closed')
  })
  match(await telemetry.metricsText(), /process_cpu_seconds_total/)
  equal(lines[0]?.['message'], 'metrics are incomplete')
})

test('at info, ordinary requests are quiet and failed ones are loud, with their request id', () => {
  const { telemetry, lines } = listen('info')
  telemetry.requestEnded(request)
  telemetry.requestEnded({ ...request, status: 500, error: new Error('unexpected') })
  deepEqual(
    lines.map(({ level, requestId, message }) => ({ level, requestId, message })),
    [{ level: 'error', requestId: '0123456789ABCDEF', message: 'request failed' }],
  )
})

test('a secret that slips into a field is not written', () => {
  const { telemetry, lines } = listen('info')
  telemetry.note('info', 'configured', {
    masterKey: 'AA',
    s3: { secretAccessKey: 'BB', port: 9000 },
  })
  equal(lines[0]?.['masterKey'], '[secret]')
  deepEqual(lines[0]?.['s3'], { secretAccessKey: '[secret]', port: 9000 })
})

test('a thousand repairs are few lines, every repair is in one of them, and none waits for long', async () => {
  const world = new SimulatedWorld(1)
  const { telemetry, lines } = listen('info', world)
  const sums = (): unknown[] => lines.map(({ chunks, shards, bytes }) => [chunks, shards, bytes])
  await world.run(async () => {
    for (let chunk = 0; chunk < 1000; chunk += 1) telemetry.repaired({ shards: 4, bytes: 10 })
    deepEqual(sums(), [])
    await world.sleep(6_000)
    deepEqual(sums(), [[1000, 4000, 10_000]])
    telemetry.repaired({ shards: 1, bytes: 10 })
    telemetry.close()
    deepEqual(sums().slice(1), [[1, 1, 10]])
  })
})
