/** `mycelium rebuild`: a new metadata database from what the nodes hold. The old one, if any, is kept beside it. */
import { changelogFault } from '#changelog/faults'
import { type RebuildProgress, type RebuildReport, rebuild } from '#changelog/rebuild'
import { openCodec } from '#chunk/codec'
import { openCluster } from '#cluster/cluster'
import { clusterRoom, readDefaultProfile, readNodes } from '#cluster/tables'
import { namedProfiles, parseProfile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import { type OpenDataDirectory, openDataDirectory } from '#main/data-directory'
import { nameDatabase } from '#main/database'
import { mainFault } from '#main/faults'
import { openFreshDatabase } from '#main/fresh-database'
import { openKeys } from '#main/keys'
import { openFormerNode, surveyNodes } from '#main/nodes'
import type { ProgramOptions } from '#main/offline'
import { openReadHandles } from '#main/open-files'
import type { RebuildConfig } from '#main/rebuild.config'
import { rooms } from '#main/rooms'
import { blobReader } from '#main/snapshots'
import type { NodeStores } from '#shard/store'
import type { Sql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { ChunkStore } from '#store/chunk-store'
import { type OpenedTelemetry, openTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

/** Snapshots are read a few stripes at a time. */
const slots = 4

/** Beside the faults of opening: those of the change log's `rebuild`, and `main/too-many-absent`. The old database stays until the new one is whole. */
export async function rebuildMetadata({
  config,
  world,
  print,
  progress,
  commandLine,
  stop,
}: ProgramOptions<RebuildConfig>): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const telemetry = openTelemetry({ level: config.logLevel, metrics: false, world })
  const directory = stack.use(
    await openDataDirectory(config.data, { program: 'mycelium rebuild', world, mustExist: true }),
  )
  const nodes = await openNodes(directory, { world, telemetry, stack })
  const { keyring } = await openKeys(directory, {
    settings: config,
    nodes: [...nodes.values()],
    isNew: false,
    world,
  })
  const codec = stack.use(openCodec({ threads: 1, slots }))
  const cluster = stack.use(await openStandIn([...nodes], { world, telemetry }))
  const sql = openSqlite({ path: ':memory:', telemetry })
  stack.defer(() => sql.close())
  const store = new ChunkStore({ codec, cluster, keyring, sql, world, telemetry, chunkBytes: 1 })
  const options = { settings: config, program: 'mycelium rebuild', world, telemetry }
  const fresh = stack.use(await openFreshDatabase(directory, options))
  const report = await buildInto(fresh.sql, {
    nodes: [...nodes.keys()],
    acceptLoss: config.acceptLoss,
    build: (target) =>
      rebuild({
        sql: target,
        nodes: [...nodes].map(([id, { log, files }]) => ({ id, log, files })),
        nodesAbsent: 0, // how many there should be only the new database tells: `requirePresence`
        lossTolerated: nodes.size,
        acceptLoss: config.acceptLoss,
        keyring,
        rooms,
        blobs: {
          read: blobReader(store, stop),
          write: () => Promise.reject(new Error('a rebuild writes no snapshot')),
        },
        telemetry,
        onProgress: (made) => progress(tell(made)),
      }),
  })
  await fresh.adopt()
  print(
    `Rebuilt ${nameDatabase(directory, config)} from ${nodes.size} nodes: ${report.changes} changes, up to number ` +
      `${report.lastSequence}. Start the store with\n\n  ${commandLine(['up', '--data', directory.root])}\n\n`,
  )
}

async function openNodes(
  directory: OpenDataDirectory,
  {
    world,
    telemetry,
    stack,
  }: {
    readonly world: World
    readonly telemetry: OpenedTelemetry
    readonly stack: AsyncDisposableStack
  },
): Promise<ReadonlyMap<string, NodeStores>> {
  const { ids, storeId } = await surveyNodes(directory)
  if (storeId === undefined) throw mainFault('main/no-store', { path: directory.root })
  const nodes = new Map<string, NodeStores>()
  stack.defer(async () => {
    await Promise.allSettled([...nodes.values()].map((stores) => stores.close()))
  })
  const options = { storeId, handles: await openReadHandles(), world, telemetry }
  for (const id of ids) {
    try {
      nodes.set(id, await openFormerNode(directory, id, options))
    } catch (error) {
      if (!isFault(error)) throw error
      telemetry.note('warn', 'node cannot be opened', { node: id, error: error.message }) // it counts as absent
    }
  }
  return nodes
}

/** A cluster map without a database: any numbers do, for blobs look for their shards on every node. */
async function openStandIn(
  nodes: readonly (readonly [id: string, stores: NodeStores])[],
  { world, telemetry }: { readonly world: World; readonly telemetry: OpenedTelemetry },
) {
  const sql = openSqlite({ path: ':memory:', telemetry })
  await sql.transaction(async (tx) => {
    for (const migrate of clusterRoom.migrations) await migrate(tx)
    for (const [number, [id]] of nodes.entries()) {
      const body = { kind: 'cluster/node-added', number, id }
      await clusterRoom.apply(tx, { sequence: BigInt(number + 1), at: world.now(), body })
    }
  })
  const opened = nodes.map(([id, stores]) => ({ id, stores }))
  return await openCluster({ sql, nodes: opened, world, telemetry })
}

async function buildInto(
  sql: Sql,
  {
    nodes,
    acceptLoss,
    build,
  }: {
    readonly nodes: readonly string[]
    readonly acceptLoss: boolean
    readonly build: (sql: Sql) => Promise<RebuildReport>
  },
): Promise<RebuildReport> {
  const report = await build(sql)
  const read = nodes.filter((id) => !report.nodesUnreadable.includes(id))
  if (!acceptLoss) await requirePresence(sql, read)
  return report
}

/**
 * As many nodes may be absent, or fail while they are read, as any object and change survives the loss of; with more, the newest changes
 * may be on those only.
 */
async function requirePresence(sql: Sql, present: readonly string[]): Promise<void> {
  const members = (await readNodes(sql)).map(({ id }) => id)
  if (members.length === 0) {
    throw changelogFault('changelog/uncertain', { reason: 'no node that is there knows of any' })
  }
  const absent = members.filter((id) => !present.includes(id))
  const used = await sql.query<{ profile: string }>`select distinct profile from bucket`
  const tolerated = Math.min(
    ((await readDefaultProfile(sql)) ?? namedProfiles.default).parity,
    ...used.map(({ profile }) => parseProfile(profile).parity),
  )
  if (absent.length > tolerated) {
    throw mainFault('main/too-many-absent', { absent: absent.join(', '), tolerated })
  }
}

function tell({ step, done }: RebuildProgress): string {
  const words = {
    'reading-logs': 'Reading the logs of nodes',
    'applying-snapshot': 'Applying the snapshot',
    'applying-changes': 'Applying changes',
  }
  return `${words[step]}: ${done}`
}
