/**
 * A store on this machine, put together from the ground up and taken apart in reverse: what `up` serves, `gc` cleans and tests use.
 */

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { ChangeLog } from '#changelog/change'
import { checkDatabase } from '#changelog/check-database'
import type { ChangeLogNode } from '#changelog/nodes'
import { type ChangeLogOptions, openChangeLog } from '#changelog/open-change-log'
import { openCodec } from '#chunk/codec'
import { type Cluster, openCluster } from '#cluster/cluster'
import { enrol, readDefaultProfile, readNodes, setDefaultProfile } from '#cluster/tables'
import { namedProfiles, type Profile, parseProfile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import { type OpenDataDirectory, openDataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { type OpenedKeys, openKeys, spreadKeyring } from '#main/keys'
import type { MasterKeySettings } from '#main/master-key'
import { tellTooFewNodes } from '#main/node-count'
import {
  firstNodeIds,
  type OpenNodeOptions,
  openFormerNode,
  openOrMakeNode,
  surveyNodes,
} from '#main/nodes'
import { rooms } from '#main/rooms'
import type { ObjectStore } from '#object/model'
import { openObjectStore } from '#object/object-store'
import { Collector } from '#repair/collector'
import { Repairer } from '#repair/repairer'
import type { NodeStores } from '#shard/store'
import type { Sql } from '#sql/sql'
import { openSqlite } from '#sql/sqlite'
import { ChunkStore } from '#store/chunk-store'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** All the memory that object bodies take: 24 stripes of 4 MiB. */
const slots = 24

export interface StoreSettings extends MasterKeySettings {
  readonly data: string
  /** Undefined: as many as there are, or `nodesDefault` for a new store. */
  readonly nodes: number | undefined
  /** Undefined: what the store was last told, 10+4 in the beginning. */
  readonly profile: Profile | undefined
  readonly chunkBytes: number
  readonly strictPlacement: boolean
  /** Members whose directories are gone get new, empty ones, which repair then fills. */
  readonly replaceLost: boolean
}

export interface OpenStoreOptions {
  readonly settings: StoreSettings
  /** What others are told who find the directory in use. */
  readonly program: string
  /** Nodes of a new store. */
  readonly nodesDefault: number
  readonly world: World
  readonly telemetry: Telemetry
  /** The store must be there already. */
  readonly mustExist?: boolean
}

export interface OpenedStore extends AsyncDisposable {
  readonly directory: OpenDataDirectory
  readonly keys: OpenedKeys
  /** Of new buckets and of the store's own blobs. */
  readonly profile: Profile
  readonly sql: Sql
  readonly changelog: ChangeLog
  readonly changelogOptions: ChangeLogOptions
  readonly cluster: Cluster
  readonly store: ChunkStore
  readonly objects: ObjectStore
  readonly repairer: Repairer
  readonly collector: Collector
}

/** The faults of opening are sentences in `explain.ts`; after one, nothing stays open. */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  await using stack = new AsyncDisposableStack()
  const { settings, world, telemetry, program, mustExist = false } = options
  const directory = stack.use(await openDataDirectory(settings.data, { program, world, mustExist }))
  const ground = await openGround(directory, { options, stack })
  const { sql, keys, nodes: present } = ground
  const state = await guard(ground)
  const profile = await chooseProfile(sql, { state, given: settings.profile })
  const members = await openMembers(ground, { state, profile, options })
  const replicas = await countReplicas(sql, { state, profile })
  await spreadKeyring(directory, [...present.values()], keys.bytes)

  const live: { cluster?: Cluster } = {}
  const changelogOptions: ChangeLogOptions = {
    sql,
    nodes: () => logNodes(members, live.cluster),
    replicas,
    rooms,
    keyring: keys.keyring,
    world,
    telemetry,
    onNodeFailure: (id, error) => {
      const node = live.cluster?.nodes().find((one) => one.id === id)
      if (node !== undefined) void live.cluster?.reportFailure(node.number, error)
    },
  }
  stack.defer(() => live.cluster?.close()) // after the change log, which writes to its nodes until the end
  const changelog = await openChangeLog(changelogOptions)
  stack.defer(() => changelog.close())
  await enrol(changelog, members)
  if (settings.profile !== undefined) await setDefaultProfile(changelog, profile)
  const cluster = await openCluster({
    sql,
    nodes: members,
    world,
    telemetry,
    reopen: (id) =>
      openFormerNode(directory, id, { storeId: keys.keyring.storeId, world, telemetry }),
    isStrict: settings.strictPlacement,
  })
  live.cluster = cluster
  cluster.onChange(({ node }) => {
    if (node.state === 'up') void spreadKeyring(directory, [node.stores], keys.bytes) // it may have been away for a rotation
  })
  const codec = stack.use(openCodec({ threads: availableParallelism(), slots }))
  const { keyring } = keys
  const { chunkBytes } = settings
  const store = new ChunkStore({ codec, cluster, keyring, sql, world, telemetry, chunkBytes })
  const objects = openObjectStore({ sql, changelog, store, world, profile })
  const repairer = new Repairer({ sql, changelog, store, cluster, world, telemetry })
  stack.defer(() => repairer.close())
  const collector = new Collector({ sql, changelog, store, cluster, world, telemetry })
  const owned = stack.move()
  return {
    directory,
    keys,
    profile,
    sql,
    changelog,
    changelogOptions,
    cluster,
    store,
    objects,
    repairer,
    collector,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** What a store stands on, before its database is trusted. */
interface Ground {
  readonly directory: OpenDataDirectory
  readonly keys: OpenedKeys
  readonly sql: Sql
  /** The nodes that are there, by id; a directory that cannot be opened is a node that is down. */
  readonly nodes: Map<string, NodeStores>
  readonly world: World
  readonly telemetry: Telemetry
}

async function openGround(
  directory: OpenDataDirectory,
  {
    options: { settings, nodesDefault, world, telemetry },
    stack,
  }: { readonly options: OpenStoreOptions; readonly stack: AsyncDisposableStack },
): Promise<Ground> {
  const survey = await surveyNodes(directory)
  const nodes = new Map<string, NodeStores>()
  stack.defer(async () => {
    await Promise.allSettled([...nodes.values()].map((stores) => stores.close()))
  })
  const { storeId, ids } = survey
  const isNew = storeId === undefined
  if (isNew) {
    // before anything is made that would only be in the way
    requireEnough(settings.nodes ?? nodesDefault, settings.profile ?? namedProfiles.default)
  } else {
    const options = { storeId, world, telemetry }
    await settleAll(ids.map((id) => openPresentNode(directory, { id, nodes, options })))
  }
  const keys = await openKeys(directory, { settings, nodes: [...nodes.values()], isNew, world })
  if (storeId !== undefined && Buffer.compare(storeId, keys.keyring.storeId) !== 0) {
    throw mainFault('main/mixed-stores', { path: directory.root, nodes: 'keys/keyring' })
  }
  const sql = openSqlite({ path: directory.database, telemetry })
  stack.defer(() => sql.close())
  return { directory, keys, sql, nodes, world, telemetry }
}

/** A directory that cannot be opened is a node that is down. */
async function openPresentNode(
  directory: OpenDataDirectory,
  {
    id,
    nodes,
    options,
  }: {
    readonly id: string
    readonly nodes: Map<string, NodeStores>
    readonly options: OpenNodeOptions
  },
): Promise<void> {
  try {
    nodes.set(id, await openFormerNode(directory, id, options))
  } catch (error) {
    if (!isFault(error)) throw error
    options.telemetry.note('warn', 'node cannot be opened', { node: id, error: error.message })
  }
}

/** Waits for all, then throws what the first of them threw: nothing goes on opening behind the back of who closes. */
async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** Ruling E3: a database that is missing, foreign or older than the nodes is not served from. */
async function guard({
  directory,
  sql,
  keys,
  nodes,
  telemetry,
}: Ground): Promise<'new' | 'current'> {
  const usages = await Promise.all([...nodes.values()].map(({ shards }) => shards.usage()))
  try {
    const state = await checkDatabase({
      sql,
      storeId: keys.keyring.storeId,
      nodes: [...nodes].map(([id, { log, files }]) => ({ id, log, files })),
      holdShards: usages.some(({ shards }) => shards > 0),
      onNodeFailure: (node, error) =>
        telemetry.note('warn', 'node cannot be asked', { node, error: String(error) }),
    })
    if (state === 'new' || nodes.size > 0) return state
  } catch (cause) {
    if (
      !isFault(
        cause,
        'changelog/database-missing',
        'changelog/database-older',
        'changelog/database-foreign',
      )
    ) {
      throw cause
    }
    const { reason } = cause.detail
    throw mainFault('main/database-untrusted', { reason, data: directory.root }, cause)
  }
  throw mainFault('main/nodes-lost', { path: join(directory.root, 'nodes') })
}

interface OpenedMember {
  readonly id: string
  /** Undefined for a member that is gone: it is down, and its directory is never made anew unasked. */
  readonly stores: NodeStores | undefined
}

/** All that ever joined, and as many new nodes as were asked for. `main/too-few-nodes` */
async function openMembers(
  { directory, sql, keys, nodes, world, telemetry }: Ground,
  {
    state,
    profile,
    options,
  }: {
    readonly state: 'new' | 'current'
    readonly profile: Profile
    readonly options: OpenStoreOptions
  },
): Promise<readonly OpenedMember[]> {
  const { settings, nodesDefault } = options
  const joined = state === 'new' ? [] : (await readNodes(sql)).map(({ id }) => id)
  const known = new Set([...joined, ...nodes.keys()])
  const wanted = settings.nodes ?? (known.size > 0 ? known.size : nodesDefault)
  const added = firstNodeIds(wanted).filter((id) => !known.has(id))
  const ids = [...known, ...added.slice(0, Math.max(0, wanted - known.size))]
  requireEnough(ids.length, profile)
  const nodeOptions = { storeId: keys.keyring.storeId, world, telemetry }
  const missing = ids.filter(
    (id) => !nodes.has(id) && (settings.replaceLost || !joined.includes(id)),
  )
  await settleAll(
    missing.map(async (id) => {
      nodes.set(id, await openOrMakeNode(directory, id, nodeOptions))
    }),
  )
  return ids.map((id) => ({ id, stores: nodes.get(id) }))
}

/** `main/too-few-nodes` */
function requireEnough(count: number, profile: Profile): void {
  const reason = tellTooFewNodes(count, profile)
  if (reason !== undefined) throw mainFault('main/too-few-nodes', { count, reason })
}

/** What was asked for now, or else what the store was last told. */
async function chooseProfile(
  sql: Sql,
  { state, given }: { readonly state: 'new' | 'current'; readonly given: Profile | undefined },
): Promise<Profile> {
  if (given !== undefined) return given
  const remembered = state === 'new' ? undefined : await readDefaultProfile(sql)
  return remembered ?? namedProfiles.default
}

/** Parity + 1 of the most redundant profile in use: the log must survive what any object survives. */
async function countReplicas(
  sql: Sql,
  { state, profile }: { readonly state: 'new' | 'current'; readonly profile: Profile },
): Promise<number> {
  const used =
    state === 'new' ? [] : await sql.query<{ profile: string }>`select distinct profile from bucket`
  return Math.max(profile.parity, ...used.map((row) => parseProfile(row.profile).parity)) + 1
}

/** The members as the change log asks for them: through the cluster once there is one, for it reopens nodes that come back. */
function logNodes(
  members: readonly OpenedMember[],
  cluster: Cluster | undefined,
): readonly ChangeLogNode[] {
  if (cluster !== undefined) {
    return cluster.nodes().map(({ id, state, stores }) => {
      return { id, log: stores.log, files: stores.files, isUp: state === 'up' }
    })
  }
  return members.flatMap(({ id, stores }) =>
    stores === undefined ? [] : [{ id, log: stores.log, files: stores.files, isUp: true }],
  )
}
