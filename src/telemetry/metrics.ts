/**
 * Prometheus metrics. Events are counted as they come; what can be asked for (nodes, queues) is asked at each scrape.
 * Both metric-name sets of the CyxCloud guide are exported beside our own, labelled `node_id`.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type LibraryFigures, openLibraryMetrics } from '#telemetry/library-metrics'
import type { Telemetry } from '#telemetry/telemetry'

/** What is true now. `undefined` fields are left out of the scrape. */
export interface Observation {
  readonly version?: string
  readonly nodes: readonly {
    readonly id: string
    readonly state: string
    readonly shards: number
    readonly usedBytes: number
    readonly freeBytes: number
    readonly totalBytes: number
    readonly probesAnswered: number
    readonly probesFailed: number
  }[]
  /** How many nodes an object written now can lose. */
  readonly toleratedNodeLosses?: number
  /** Placement limits that the topology cannot keep, and other warnings. */
  readonly topologyWarnings?: number
  /** Chunks that are not whole, or may not be, and wait for repair. */
  readonly repairQueueChunks?: number
  /** Requests under way at the doors. */
  readonly connections?: number
  /** Of a program that serves libraries. */
  readonly libraries?: LibraryFigures
  readonly targets?: readonly {
    readonly name: string
    readonly waiting: number
    readonly givenUp: number
  }[]
}

/** Seconds; from a cached head to a 5 GiB upload. */
const durationBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
]

export interface Metrics
  extends Pick<
    Telemetry,
    | 'requestEnded'
    | 'commandEnded'
    | 'shardIo'
    | 'damageFound'
    | 'repaired'
    | 'collected'
    | 'delivered'
    | 'lifecycleActed'
  > {
  /** Sets what is asked for rather than counted. */
  set(observation: Observation): void
  text(): Promise<string>
  /** The same numbers, for those who do not read text. */
  families(): Promise<readonly MetricFamily[]>
  readonly contentType: string
}

/** One metric with all its values. Those of a histogram are buckets, sums and counts under names of their own. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly values: readonly {
    readonly name: string
    readonly value: number
    readonly labels: Readonly<Record<string, string | number>>
  }[]
}

/** `ofStore`: also what only a store has, nodes and shards; `ofLibraries`: what only their registry has. A program without one leaves it out. */
export function openMetrics({
  ofStore = true,
  ofLibraries = true,
}: {
  readonly ofStore?: boolean
  readonly ofLibraries?: boolean
} = {}): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const store = ofStore ? registry : new Registry() // which nobody reads
  const storeRegisters = [store]
  const requests = new Counter({
    name: 'mycelium_requests_total',
    help: 'Answered requests',
    labelNames: ['door', 'operation', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'mycelium_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['door', 'operation', 'status'],
    buckets: durationBuckets,
    registers,
  })
  const bytes = new Counter({
    name: 'mycelium_request_bytes_total',
    help: 'Body bytes received (in) and sent (out) by the doors',
    labelNames: ['door', 'direction'],
    registers,
  })
  const commands = openCommandMetrics(registry)
  const libraries = openLibraryMetrics(ofLibraries ? registry : new Registry())
  const damage = new Counter({
    name: 'mycelium_damage_total',
    help: 'Stored blocks and frames found missing or not matching their hash',
    labelNames: ['node_id', 'what'],
    registers: storeRegisters,
  })
  const lifecycle = new Counter({
    name: 'mycelium_lifecycle_total',
    help: 'Objects, versions and uploads that lifecycle rules acted on, by what was done',
    labelNames: ['deed'],
    registers: storeRegisters,
  })
  const count = (name: string, help: string): Counter =>
    new Counter({ name, help, registers: storeRegisters })
  const repairedShards = count('mycelium_repaired_shards_total', 'Shards rebuilt')
  const repairedBytes = count('mycelium_repaired_bytes_total', 'Bytes of rebuilt shards')
  const collectedChunks = count('mycelium_collected_chunks_total', 'Garbage chunks removed')
  const collectedShards = count('mycelium_collected_shards_total', 'Garbage shards removed')
  const collectedBytes = count('mycelium_collected_bytes_total', 'Bytes freed by collection')
  const deliveries = new Counter({
    name: 'mycelium_deliveries_total',
    help: 'Attempts to hand a notification or a copy to its target',
    labelNames: ['target', 'outcome'],
    registers: storeRegisters,
  })
  const nodeGauges = openNodeGauges(store)
  const targetGauges = openTargetGauges(store)
  const traffic = new Traffic(store)
  const storeGauges = openStoreGauges(store)
  const build = new Gauge({
    name: 'mycelium_build_info',
    help: 'Always 1; the label says what runs',
    labelNames: ['version'],
    registers,
  })

  return {
    requestEnded(event) {
      const { door, operation, status, ms, bytesIn, bytesOut } = event
      if (door === 'libraries') libraries.requestEnded(event)
      requests.inc({ door, operation, status })
      durations.observe({ door, operation, status: `${Math.floor(status / 100)}xx` }, ms / 1000)
      bytes.inc({ door, direction: 'in' }, bytesIn)
      bytes.inc({ door, direction: 'out' }, bytesOut)
    },
    commandEnded: commands,
    shardIo: (event) => traffic.add(event),
    damageFound: ({ node, what }) => damage.inc({ node_id: node, what: firstWord(what) }),
    repaired(event) {
      repairedShards.inc(event.shards)
      repairedBytes.inc(event.bytes)
    },
    collected(event) {
      collectedChunks.inc(event.chunks)
      collectedShards.inc(event.shards)
      collectedBytes.inc(event.bytes)
    },
    delivered: (event) => deliveries.inc(event),
    lifecycleActed({ bucket, ...deeds }) {
      for (const [deed, times] of Object.entries(deeds)) lifecycle.inc({ deed }, times)
    },
    set(observation) {
      if (observation.version !== undefined) build.set({ version: observation.version }, 1)
      for (const gauge of nodeGauges) gauge(observation)
      for (const gauge of storeGauges) gauge(observation)
      for (const gauge of targetGauges) gauge(observation)
      if (observation.libraries !== undefined) libraries.set(observation.libraries)
    },
    async text() {
      traffic.tell()
      return registry.metrics()
    },
    async families() {
      traffic.tell()
      const metrics = await registry.getMetricsAsJSON()
      return metrics.map((metric) => ({
        name: metric.name,
        help: metric.help,
        kind: String(metric.type) as MetricFamily['kind'], // prom-client's own four, which its types call numbers
        values: metric.values.map(({ value, labels, ...of }) => ({
          name:
            'metricName' in of && typeof of.metricName === 'string' ? of.metricName : metric.name,
          value,
          labels: { ...labels } as Record<string, string | number>, // undefined ones are never set
        })),
      }))
    },
    contentType: registry.contentType,
  }
}

function openCommandMetrics(registry: Registry): Metrics['commandEnded'] {
  const registers = [registry]
  const commands = new Counter({
    name: 'mycelium_hero_redis_commands_total',
    help: 'Commands at the Hero Redis port; failed is what was not by the doing of the client',
    labelNames: ['command', 'outcome'],
    registers,
  })
  const durations = new Histogram({
    name: 'mycelium_hero_redis_command_duration_seconds',
    help: 'Time from the last byte of a command until its answer is known',
    labelNames: ['command'],
    buckets: durationBuckets,
    registers,
  })
  const bytes = new Counter({
    name: 'mycelium_hero_redis_bytes_total',
    help: 'Bytes of arguments received (in) and of values sent (out) at the Hero Redis port',
    labelNames: ['direction'],
    registers,
  })
  return ({ command, outcome, ms, bytesIn, bytesOut }) => {
    commands.inc({ command, outcome })
    durations.observe({ command }, ms / 1000)
    bytes.inc({ direction: 'in' }, bytesIn)
    bytes.inc({ direction: 'out' }, bytesOut)
  }
}

/** What follows it names one thing, and a label must not have a value per thing. */
function firstWord(text: string): string {
  return text.split(' ', 1)[0] ?? text
}

type Setter = (observation: Observation) => void
type NodeFact = Observation['nodes'][number]
type TargetFact = NonNullable<Observation['targets']>[number]

/** Name, help, and where the number comes from. The `cyxcloud_` names are foreign words, kept as their guide spells them. */
const nodeFacts: readonly (readonly [name: string, help: string, (node: NodeFact) => number])[] = [
  ['mycelium_node_up', '1 while the node is up', ({ state }) => Number(state === 'up')],
  ['mycelium_node_shards', 'Shards on the node', ({ shards }) => shards],
  ['mycelium_node_used_bytes', 'Bytes of shards on the node', ({ usedBytes }) => usedBytes],
  [
    'mycelium_node_free_bytes',
    "Bytes of the node's disk that data may still take",
    ({ freeBytes }) => freeBytes,
  ],
  ['mycelium_node_total_bytes', "Size of the node's disk", ({ totalBytes }) => totalBytes],
  ['cyxcloud_node_up', '1 while the node is up', ({ state }) => Number(state === 'up')],
  ['cyxcloud_storage_used_bytes', 'Current storage usage', ({ usedBytes }) => usedBytes],
  ['cyxcloud_storage_bytes_used', 'Storage consumption', ({ usedBytes }) => usedBytes],
  ['cyxcloud_storage_bytes_available', 'Free storage', ({ freeBytes }) => freeBytes],
  ['cyxcloud_chunks_stored', 'Number of chunks stored', ({ shards }) => shards],
  ['cyxcloud_chunks_total', 'Number of chunks stored', ({ shards }) => shards],
]
const nodeCounts: typeof nodeFacts = [
  [
    'cyxcloud_heartbeat_success_total',
    'Successful heartbeats',
    ({ probesAnswered }) => probesAnswered,
  ],
  ['cyxcloud_heartbeat_failure_total', 'Failed heartbeats', ({ probesFailed }) => probesFailed],
]

function openNodeGauges(registry: Registry): readonly Setter[] {
  const options = { labelNames: ['node_id'], registers: [registry] }
  const gauges = nodeFacts.map(([name, help, read]): Setter => {
    const gauge = new Gauge({ name, help, ...options })
    return ({ nodes }) => {
      gauge.reset() // a node that is no longer listed leaves no number behind
      for (const node of nodes) gauge.set({ node_id: node.id }, read(node))
    }
  })
  const counters = nodeCounts.map(([name, help, read]): Setter => {
    const counter = new Counter({ name, help, ...options })
    return ({ nodes }) => {
      counter.reset()
      for (const node of nodes) counter.inc({ node_id: node.id }, read(node))
    }
  })
  return [...gauges, ...counters]
}

function openTargetGauges(registry: Registry): readonly Setter[] {
  const options = { labelNames: ['target'], registers: [registry] }
  const waiting = new Gauge({
    name: 'mycelium_deliveries_waiting',
    help: 'Notifications and copies that their target does not have yet',
    ...options,
  })
  const givenUp = new Gauge({
    name: 'mycelium_deliveries_given_up',
    help: 'Notifications and copies that were tried for too long',
    ...options,
  })
  const set = (gauge: Gauge, read: (target: TargetFact) => number): Setter => {
    return ({ targets = [] }) => {
      gauge.reset() // a target that is no more leaves no number behind
      for (const target of targets) gauge.set({ target: target.name }, read(target))
    }
  }
  return [set(waiting, (target) => target.waiting), set(givenUp, (target) => target.givenUp)]
}

function openStoreGauges(registry: Registry): readonly Setter[] {
  const registers = [registry]
  const plain = (name: string, help: string, read: (o: Observation) => number | undefined) => {
    const gauge = new Gauge({ name, help, registers })
    return (observation: Observation): void => {
      const value = read(observation)
      if (value !== undefined) gauge.set(value)
    }
  }
  /** Its label names a node; nodes in one process have no connections of their own, the gateway before them has. */
  const active = new Gauge({
    name: 'cyxcloud_active_connections',
    help: 'Requests under way at the doors',
    labelNames: ['node_id'],
    registers,
  })
  return [
    plain(
      'mycelium_tolerated_node_losses',
      'Nodes that can be lost without losing an object written now',
      ({ toleratedNodeLosses }) => toleratedNodeLosses,
    ),
    plain(
      'mycelium_topology_warnings',
      'What keeps the cluster from its full durability; /health says it in words',
      ({ topologyWarnings }) => topologyWarnings,
    ),
    plain(
      'mycelium_repair_queue_chunks',
      'Chunks that are not whole, or may not be, and wait for repair',
      ({ repairQueueChunks }) => repairQueueChunks,
    ),
    ({ connections }) =>
      connections !== undefined && active.set({ node_id: 'gateway' }, connections),
  ]
}

/** Shard bytes per node. Summed in a plain map, for there is an event per block, and told at each scrape. */
class Traffic {
  readonly #sums = new Map<string, { in: number; out: number }>()
  readonly #counters: readonly { readonly direction: 'in' | 'out'; readonly counter: Counter }[]

  constructor(registry: Registry) {
    const counter = (name: string, help: string): Counter =>
      new Counter({ name, help, labelNames: ['node_id'], registers: [registry] })
    this.#counters = [
      ['in', 'mycelium_node_bytes_in_total', 'Shard bytes written to the node'],
      ['out', 'mycelium_node_bytes_out_total', 'Shard bytes read from the node'],
      ['in', 'cyxcloud_bytes_uploaded', 'Total bytes received'],
      ['out', 'cyxcloud_bytes_downloaded', 'Total bytes served'],
      ['in', 'cyxcloud_bandwidth_in_bytes', 'Incoming bandwidth'],
      ['out', 'cyxcloud_bandwidth_out_bytes', 'Outgoing bandwidth'],
    ].map(([direction, name = '', help = '']) => {
      return { direction: direction === 'in' ? 'in' : 'out', counter: counter(name, help) }
    })
  }

  add({ node, direction, bytes }: Parameters<Telemetry['shardIo']>[0]): void {
    const sums = this.#sums.get(node) ?? { in: 0, out: 0 }
    sums[direction] += bytes
    this.#sums.set(node, sums)
  }

  tell(): void {
    for (const { direction, counter } of this.#counters) {
      counter.reset()
      for (const [node, sums] of this.#sums) counter.inc({ node_id: node }, sums[direction])
    }
  }
}
