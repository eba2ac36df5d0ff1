import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { ChangeLog, CommitTransaction } from '#changelog/change'
import {
  type Cluster,
  failuresMax,
  type OpenedNode,
  openCluster,
  probeTimeoutMs,
} from '#cluster/cluster'
import {
  clusterRoom,
  enrol,
  readDefaultProfile,
  readNodes,
  setDefaultProfile,
} from '#cluster/tables'
import { openRealDisk } from '#disk/real'
import { openDiskNode } from '#shard/disk-node'
import { shardFault } from '#shard/faults'
import { openMemoryNode } from '#shard/memory-node'
import type { NodeStores } from '#shard/store'
import type { Sql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { silentTelemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { systemWorld } from '#world/system'

const storeId = new Uint8Array(16).fill(7)
const telemetry = silentTelemetry

async function openTables(): Promise<{ sql: Sql; log: Pick<ChangeLog, 'commit'> }> {
  const sql = openSqlite({ path: ':memory:', telemetry })
  await sql.transaction(async (tx) => {
    for (const migration of clusterRoom.migrations) await migration(tx)
  })
  let sequence = 0n
  const at = 1_700_000_000_000
  // Order and durability are the change log's; here only what a commit shows to its work matters.
  const commit = <T>(work: (tx: CommitTransaction) => Promise<T>): Promise<T> =>
    sql.transaction((tx) =>
      work({
        query: tx.query.bind(tx),
        at,
        async record(body) {
          sequence += 1n
          const change = { sequence, at, body }
          await clusterRoom.apply(tx, change)
          return change
        },
        once: (_fact, read) => read(),
      }),
    )
  return { sql, log: { commit } }
}

interface DiskCluster {
  readonly cluster: Cluster
  readonly root: string
  readonly changes: string[]
}

async function openOnDisks(context: TestContext, count: number): Promise<DiskCluster> {
  const root = await mkdtemp(join(tmpdir(), 'cluster-'))
  const world = systemWorld()
  const open = async (id: string): Promise<NodeStores> =>
    openDiskNode(openRealDisk(join(root, id)), { world, telemetry, storeId, nodeId: id })
  const ids = Array.from({ length: count }, (_, index) => `node-${index}`)
  const nodes = await Promise.all(ids.map(async (id) => ({ id, stores: await open(id) })))
  const { sql, log } = await openTables()
  await enrol(log, nodes)
  const changes: string[] = []
  const cluster = await openCluster({ sql, nodes, world, telemetry, reopen: open })
  cluster.onChange(({ node }) => changes.push(`${node.id} ${node.state}`))
  context.after(async () => {
    await cluster.close()
    await sql.close()
    await rm(root, { recursive: true })
  })
  return { cluster, root, changes }
}

test('a node whose directory goes away is down, and up again when it is back', async (context) => {
  const { cluster, root, changes } = await openOnDisks(context, 3)
  const before = cluster.epoch()
  await rename(join(root, 'node-1'), join(root, 'away'))
  equal(await cluster.reportFailure(1, shardFault('shard/io', {})), 'down')
  deepEqual(
    cluster.up().map(({ id }) => id),
    ['node-0', 'node-2'],
  )
  ok(cluster.epoch().version > before.version)
  equal(before.nodes[1]?.state, 'up', 'an epoch never changes')
  await rename(join(root, 'away'), join(root, 'node-1'))
  await cluster.check()
  deepEqual(changes, ['node-1 down', 'node-1 up'])
})

test('a node that was away is up again as soon as it is back, however many met it gone', async (context) => {
  const { cluster } = await openOnDisks(context, 2)
  for (let report = 0; report < 2 * failuresMax; report += 1)
    equal(await cluster.reportFailure(1, shardFault('shard/node-lost', {})), 'up')
})

test('an unfounded report leaves the node up', async (context) => {
  const { cluster, changes } = await openOnDisks(context, 2)
  equal(await cluster.reportFailure(0, shardFault('shard/not-found', {})), 'up')
  equal(await cluster.reportFailure(0, shardFault('shard/io', {})), 'up')
  deepEqual(changes, [])
})

test('a node replaced by an empty directory is opened afresh and serves again', async (context) => {
  const { cluster, root } = await openOnDisks(context, 2)
  await rm(join(root, 'node-0'), { recursive: true })
  await cluster.check()
  equal(cluster.node(0)?.state, 'down')
  await cluster.check()
  equal(cluster.node(0)?.state, 'up')
  await cluster.node(0)?.stores.files.write('proof', new Uint8Array(1))
})

test('a node that keeps failing is taken out although it answers, and gets another chance later', async () => {
  const world = new SimulatedWorld(1)
  const { cluster } = await openInMemory(world, 2)
  await world.run(async () => {
    for (let failure = 1; failure < failuresMax; failure++) {
      equal(await cluster.reportFailure(0, shardFault('shard/io', {})), 'up')
    }
    equal(await cluster.reportFailure(0, shardFault('shard/io', {})), 'down')
    const stop = new AbortController()
    const watching = cluster.watch({ signal: stop.signal })
    await world.sleep(120_000)
    stop.abort()
    await watching
    equal(cluster.node(0)?.state, 'up')
  })
})

/** Of three nodes so many do not answer their probe: how long they are waited for, and who is up then and afterwards. */
async function hang(count: number) {
  const world = new SimulatedWorld(2)
  const answers = Promise.withResolvers<void>()
  let hanging = 0
  let opened = 0
  const { cluster } = await openInMemory(world, 3, (stores) => {
    const index = opened
    opened += 1
    return { ...stores, probe: () => (index < hanging ? answers.promise : stores.probe()) }
  })
  return await world.run(async () => {
    hanging = count
    const began = world.monotonic()
    await cluster.check()
    const waitedMs = world.monotonic() - began
    const upThen = cluster.up().length
    hanging = 0
    answers.resolve()
    await cluster.check()
    return { waitedMs, upThen, upAfterwards: cluster.up().length }
  })
}

test('a node that does not answer its probe is down until it does', async () => {
  deepEqual(await hang(1), { waitedMs: probeTimeoutMs, upThen: 2, upAfterwards: 3 })
})

test('nodes that do not answer like most others are waited for longer: it may be the disk below them', async () => {
  deepEqual(await hang(2), { waitedMs: 4 * probeTimeoutMs, upThen: 1, upAfterwards: 3 })
})

test('a member that could not be opened is down, and its stores say so', async () => {
  const world = new SimulatedWorld(3)
  const { sql, log } = await openTables()
  await enrol(log, [{ id: 'node-0' }])
  await world.run(async () => {
    const nodes: readonly OpenedNode[] = [{ id: 'node-0', stores: undefined }]
    const cluster = await openCluster({ sql, nodes, world, telemetry })
    equal(cluster.node(0)?.state, 'down')
    await rejects(async () => cluster.node(0)?.stores.shards.usage(), { code: 'shard/node-lost' })
  })
})

test('hedging waits for twice what healthy nodes take, however slow one of them is', async () => {
  const world = new SimulatedWorld(4)
  const { cluster } = await openInMemory(world, 3)
  await world.run(async () => {
    for (let read = 0; read < 40; read++) {
      cluster.observeRead(0, 30)
      cluster.observeRead(1, 30)
      cluster.observeRead(2, 900)
    }
    await cluster.check()
    equal(cluster.slowAfterMs(), 60)
    deepEqual(
      cluster.epoch().nodes.map(({ isSlow }) => isSlow),
      [false, false, true],
    )
    await world.sleep(120_000)
    await cluster.check()
    equal(cluster.epoch().nodes[2]?.isSlow, false, 'an old grudge is forgotten')
  })
})

test('numbers are given once, and they and the profile survive a replay of the dump', async () => {
  const { sql, log } = await openTables()
  await enrol(log, [{ id: 'node-a', rack: 'r1', datacenter: 'd1' }, { id: 'node-b' }])
  deepEqual(await enrol(log, [{ id: 'node-b' }, { id: 'node-c' }]), ['node-c'])
  await setDefaultProfile(log, { data: 4, parity: 2 })
  await setDefaultProfile(log, { data: 2, parity: 1 })
  const rows = await readNodes(sql)
  deepEqual(rows, [
    { number: 0, id: 'node-a', rack: 'r1', datacenter: 'd1' },
    { number: 1, id: 'node-b' },
    { number: 2, id: 'node-c' },
  ])
  const rebuilt = await openTables()
  const tables: unknown[] = []
  await rebuilt.sql.transaction(async (tx) => {
    for await (const change of clusterRoom.dump(sql)) await clusterRoom.apply(tx, change)
  })
  deepEqual(await readDefaultProfile(rebuilt.sql), { data: 2, parity: 1 })
  for (const each of [rebuilt.sql, sql]) {
    tables.push(
      await each.query`select * from node order by number`,
      await each.query`select * from default_profile`,
    )
  }
  deepEqual(tables.slice(0, 2), tables.slice(2))
})

async function openInMemory(
  world: SimulatedWorld,
  count: number,
  decorate: (stores: NodeStores) => NodeStores = (stores) => stores,
): Promise<{ cluster: Cluster }> {
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: `node-${index}`,
    stores: decorate(openMemoryNode({ world })),
  }))
  const { sql, log } = await openTables()
  await enrol(log, nodes)
  return { cluster: await openCluster({ sql, nodes, world, telemetry }) }
}
