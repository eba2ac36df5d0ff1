/** One process of the store over simulated hardware: opened from the ground up as the program does, watched over by its own background work. */
import type { ChangeLog, ChangeRoom } from '#changelog/change'
import { checkDatabase, checkReturned } from '#changelog/check-database'
import type { ChangeLogNode } from '#changelog/nodes'
import { type ChangeLogOptions, openChangeLog } from '#changelog/open-change-log'
import { snapshotRoom } from '#changelog/snapshot-room'
import { Witnesses } from '#changelog/witnesses'
import { openCodec } from '#chunk/codec'
import { type Cluster, type OpenedNode, openCluster } from '#cluster/cluster'
import { clusterRoom, enrol, readNodes } from '#cluster/tables'
import { isFault } from '#fault/fault'
import { addGeneration, newestKeyring, rotateMaster } from '#keyring/change-keyring'
import { keyringFault } from '#keyring/faults'
import { type Keyring, openKeyring } from '#keyring/keyring'
import { newMasterKey } from '#keyring/master-key'
import { KeyService } from '#kms/key-service'
import { snapshot } from '#main/snapshots'
import type { ObjectStore } from '#object/model'
import { openObjectStore } from '#object/object-store'
import { objectRoom } from '#object/tables'
import { Collector } from '#repair/collector'
import { compact } from '#repair/compactor'
import { Repairer } from '#repair/repairer'
import { scrub } from '#repair/scrub'
import { openDiskNode, readNodeMetadata } from '#shard/disk-node'
import { shardFault } from '#shard/faults'
import type { NodeStores } from '#shard/store'
import type { Sql } from '#sql/sql'
import { ChunkStore } from '#store/chunk-store'
import { openPacks, type Packs } from '#store/packs'
import { storeRoom } from '#store/tables'
import { silentTelemetry, type Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'
import { throughGateways } from './gateways.ts'
import type { Hardware, NodeMachine } from './hardware.ts'
import { diskOf, type Life, sqlOf, worldOf } from './life.ts'
import { overLine } from './network.ts'
import { sabotageChangeLog, sabotageDisk, sabotageStage, sabotageStore } from './sabotage.ts'
import type { Sabotage, Scenario } from './scenario.ts'

/**
 * The rooms whose tables the clients of a simulation fill, in an order in which their changes can be applied. The others' would stay empty, and
 * making, dumping and comparing them is a tenth of a seed.
 */
const rooms: readonly ChangeRoom[] = [clusterRoom, storeRoom, objectRoom]
export const allRooms: readonly ChangeRoom[] = [snapshotRoom, ...rooms]

const keyringFile = 'keyring'

export interface ProcessOptions {
  readonly hardware: Hardware
  readonly scenario: Scenario
  readonly life: Life
  /** A fork of this process's own. */
  readonly world: World
  /** A snapshot is done that began at this moment (monotonic ms). */
  readonly onSnapshot: (begunAt: number) => void
  readonly onUnexpected: (error: unknown) => void
  /** What the operator does to the keys before the store is up, as `mycelium keys rotate` does. */
  readonly keyChange?: KeyChange | undefined
}

export type KeyChange = 'new generation' | 'new master key'

/** What every program of the store has open: nodes, keys, and a world that ends with it. */
export interface Ground {
  readonly world: World
  readonly telemetry: Telemetry
  readonly nodes: readonly OpenedNode[]
  readonly keyring: Keyring
  readonly keyringBytes: Uint8Array
}

export interface Running extends Ground {
  readonly life: Life
  readonly sql: Sql
  readonly cluster: Cluster
  readonly changelog: ChangeLog
  readonly changelogOptions: ChangeLogOptions
  readonly store: ChunkStore
  readonly packs: Packs
  readonly objects: ObjectStore
  readonly repairer: Repairer
  readonly collector: Collector
}

export async function openGround(options: ProcessOptions): Promise<Ground> {
  const { hardware, life, keyChange } = options
  const world = worldOf(options.world, life)
  const telemetry = silentTelemetry
  const { storeId } = hardware
  const { sabotage } = options.scenario
  const nodes = await Promise.all(
    hardware.nodes.map(async (machine) => ({
      id: machine.id,
      stores: await openNode(machine, { life, world, telemetry, storeId, sabotage }).catch(absent),
    })),
  )
  return { world, telemetry, nodes, ...(await shareKeyring(hardware, { nodes, world, keyChange })) }
}

export interface NodeOptions {
  readonly life: Life
  readonly world: World
  readonly telemetry: Telemetry
  readonly storeId: Uint8Array
  readonly sabotage: Sabotage | undefined
}

/** Makes the node on an empty disk only when the operator has put it there: a disk may be unmounted for a moment. */
async function openNode(machine: NodeMachine, options: NodeOptions): Promise<NodeStores> {
  const { life, world } = options
  if (machine.isDead) throw shardFault('shard/node-lost', { node: machine.id })
  const disk = sabotageDisk(diskOf(machine.disk, life), options.sabotage)
  if (!machine.mayBeEmpty && (await readNodeMetadata(disk)) === undefined)
    throw shardFault('shard/node-lost', { node: machine.id, reason: 'empty' })
  const stores = await openDiskNode(disk, { ...options, nodeId: machine.id })
  machine.mayBeEmpty = false
  const told = sabotageStage(stores, machine.id, options.sabotage)
  return overLine(told, { line: machine.line, node: machine.id, world })
}

function absent(error: unknown): undefined {
  if (!isFault(error)) throw error
}

/** Chooses the keyring in force among its copies, changes it if asked to, and gives it to nodes that have another or none. */
async function shareKeyring(
  hardware: Hardware,
  { nodes, world, keyChange }: Pick<Ground, 'nodes' | 'world'> & Pick<ProcessOptions, 'keyChange'>,
): Promise<{ readonly keyring: Keyring; readonly keyringBytes: Uint8Array }> {
  const copies = await Promise.all(
    nodes.map(({ stores }) => stores?.files.read(keyringFile).catch(absent)),
  )
  const newest = newestKeyring([...copies, hardware.keyring].filter((copy) => copy !== undefined))
  if (newest === undefined) throw keyringFault('keyring/damaged')
  const changed = changeKeyring(newest, { hardware, world, keyChange })
  hardware.keyring = changed
  await Promise.all(
    nodes.map(async ({ stores }, index) => {
      const copy = copies[index]
      if (copy === undefined || Buffer.compare(copy, changed) !== 0)
        await stores?.files.write(keyringFile, changed).catch(absent)
    }),
  )
  return { keyring: openKeyring(changed, hardware.master), keyringBytes: changed }
}

/** The operator keeps every master key there ever was; a copy that was left behind opens with its own. */
function changeKeyring(
  bytes: Uint8Array,
  {
    hardware,
    world,
    keyChange,
  }: {
    readonly hardware: Hardware
    readonly world: World
    readonly keyChange: KeyChange | undefined
  },
): Uint8Array {
  if (keyChange === undefined) return bytes
  if (keyChange === 'new generation') return addGeneration(bytes, hardware.master, world)
  const from = hardware.master
  hardware.master = newMasterKey(world)
  return rotateMaster(bytes, { from, to: hardware.master })
}

/** Faults of the guard, among others, when the database is not the one that belongs here. */
export async function startProcess(options: ProcessOptions): Promise<Running> {
  const { hardware, scenario, life } = options
  const ground = await openGround(options)
  const { nodes, keyring, world, telemetry } = ground
  const { sabotage } = scenario
  const sql = sqlOf(hardware.database.open(), life)
  let cluster: Cluster | undefined
  const logNodes = (): readonly ChangeLogNode[] =>
    cluster === undefined
      ? present(nodes).map((node) => ({ ...node, isUp: true }))
      : cluster.nodes().map(({ id, state, stores: { log, files } }) => ({
          id,
          log,
          files,
          isUp: state === 'up',
        }))
  const onNodeFailure = (id: string, error: unknown): void => {
    const node = cluster?.nodes().find((one) => one.id === id)
    if (node !== undefined) void cluster?.reportFailure(node.number, error)
  }
  const asked = new Set<string>()
  const { storeId } = keyring
  const checked = await checkDatabase({
    sql,
    storeId,
    nodes: present(nodes),
    holdShards: await holdShards(nodes),
    onNodeAsked: (id) => void asked.add(id),
    onNodeFailure,
  })
  const members = checked === 'new' ? [] : (await readNodes(sql)).map(({ id }) => id)
  const witnesses = new Witnesses({ members, asked, replicas: scenario.profile.parity + 1 })
  const changelogOptions: ChangeLogOptions = {
    sql,
    nodes: logNodes,
    replicas: () => (sabotage === 'one copy of the log' ? 1 : scenario.profile.parity + 1),
    rooms,
    keyring,
    world,
    telemetry,
    witnesses,
    onNodeFailure,
  }
  const changelog = sabotageChangeLog(await openChangeLog(changelogOptions), sabotage)
  if ((await readNodes(sql)).length < nodes.length) await enrol(changelog, nodes)
  cluster = await openCluster({
    sql,
    nodes,
    world,
    telemetry,
    async reopen(id) {
      const stores = await reopen(options, id, { ...ground, life, storeId, sabotage })
      await checkReturned({ id, ...stores }, { sql, storeId })
      witnesses.hear(id)
      return stores
    },
  })
  const store = openChunkStore({ ...ground, scenario, cluster, sql })
  const parts = { sql, changelog, store, cluster, world, telemetry }
  const { profile } = scenario
  const packs = await openPacks({ store, changelog, sql, packAgeMs: scenario.packAgeMs })
  const keys = new KeyService({ sql, changelog, keyring, world })
  const own = openObjectStore({
    sql,
    changelog,
    store,
    packs,
    keys,
    world,
    profile,
    partBytesMin: 0,
  })
  const objects = throughGateways(own, scenario.gateways, world)
  return {
    ...ground,
    ...parts,
    life,
    changelogOptions,
    packs,
    objects,
    repairer: new Repairer(parts),
    collector: new Collector({ ...parts, store: sabotageStore(store, sabotage) }),
  }
}

export function openChunkStore({
  scenario: { slots, slotBytes, chunkBytes },
  ...parts
}: Pick<Running, 'cluster' | 'keyring' | 'sql' | 'world' | 'telemetry'> & {
  readonly scenario: Scenario
}): ChunkStore {
  const { cluster, keyring, sql, world, telemetry } = parts
  const codec = openCodec({ threads: 0, slots, slotBytes })
  return new ChunkStore({ codec, cluster, keyring, sql, world, telemetry, chunkBytes })
}

export function present(nodes: readonly OpenedNode[]): readonly {
  readonly id: string
  readonly log: NodeStores['log']
  readonly files: NodeStores['files']
}[] {
  return nodes.flatMap(({ id, stores }) =>
    stores === undefined ? [] : [{ id, log: stores.log, files: stores.files }],
  )
}

async function holdShards(nodes: readonly OpenedNode[]): Promise<boolean> {
  for (const { stores } of nodes) {
    const usage = await stores?.shards.usage().catch(absent)
    if (usage !== undefined && usage.shards > 0) return true
  }
  return false
}

async function reopen(
  { hardware }: ProcessOptions,
  id: string,
  options: NodeOptions & { readonly keyringBytes: Uint8Array },
): Promise<NodeStores> {
  const machine = hardware.nodes.find((node) => node.id === id)
  if (machine === undefined) throw shardFault('shard/node-lost', { node: id })
  const stores = await openNode(machine, options)
  if ((await stores.files.read(keyringFile)) === undefined)
    await stores.files.write(keyringFile, options.keyringBytes)
  return stores
}

/** As the program takes them. */
export async function takeSnapshot(running: Running, { profile }: Scenario): Promise<void> {
  await snapshot(
    { ...running, safestProfile: () => profile },
    { signal: new AbortController().signal },
  )
}

/** The work that goes on by itself, until the process dies. */
export function startBackground(
  running: Running,
  { scenario, onSnapshot, onUnexpected }: ProcessOptions,
): void {
  const { cluster, repairer, collector, world, life } = running
  const { signal } = new AbortController()
  /** Less and less often, so that a long wait for healing does not cost a thousand rounds. */
  const every = async (
    firstMs: number,
    slowdown: number,
    work: () => Promise<unknown>,
  ): Promise<void> => {
    for (let ms = firstMs; !life.isOver && ms < Number.POSITIVE_INFINITY; ms *= slowdown) {
      await world.sleep(ms * (0.5 + world.random()))
      try {
        await work()
      } catch (error) {
        if (!isFault(error)) onUnexpected(error)
      }
    }
  }
  void cluster.watch({ signal })
  repairer.start()
  void repairer.takeInventory()
  const { graceMs, collectEveryMs, snapshotEveryMs } = scenario
  const collection = { graceMs, deleteBytesPerSecond: 1e9, signal }
  void every(collectEveryMs, 1.2, () => collector.collect(collection))
  void every(collectEveryMs * 5, 1.5, () => scrub(running, { bytesPerSecond: 1e9, signal }))
  void every(collectEveryMs * 3, 1.3, () => compact(running, { signal }))
  void every(snapshotEveryMs, 1.6, async () => {
    if (running.changelog.witnessesMissing().length > 0) return
    const begunAt = world.monotonic()
    await takeSnapshot(running, scenario)
    onSnapshot(begunAt)
  })
}
