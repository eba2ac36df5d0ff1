/** What a store stands on: its keys, its database and the nodes that are there; and whether the database is to be trusted. */
import { join } from 'node:path'
import { checkDatabase } from '#changelog/check-database'
import type { StorageClasses } from '#cluster/tables'
import { FreeSpaces } from '#disk/free-space'
import { namedProfiles, type Profile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import type { AccountSettings } from '#identity/settings'
import type { OpenDataDirectory } from '#main/data-directory'
import { type DatabaseSettings, openDatabase } from '#main/database'
import { mainFault } from '#main/faults'
import { type OpenedKeys, openKeys } from '#main/keys'
import type { MasterKeySettings } from '#main/master-key'
import { requireEnough } from '#main/node-count'
import { type OpenNodeOptions, openFormerNode, settleAll, surveyNodes } from '#main/nodes'
import { openReadHandles } from '#main/open-files'
import type { Engine } from '#shard/node-metadata'
import type { OpenHandles } from '#shard/open-handles'
import type { NodeStores } from '#shard/store'
import type { Sql } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface StoreSettings extends MasterKeySettings, DatabaseSettings {
  readonly data: string
  /** Undefined: as many as there are, or `nodesDefault` for a new store. */
  readonly nodes: number | undefined
  /** Undefined: what the store was last told, 10+4 in the beginning. */
  readonly profile: Profile | undefined
  /** Undefined: what the store was last told. */
  readonly storageClasses: StorageClasses | undefined
  readonly chunkBytes: number
  readonly strictPlacement: boolean
  /** Members whose directories are gone get new, empty ones, which repair then fills. */
  readonly replaceLost: boolean
  /** Of nodes that are made; one that exists keeps its own. */
  readonly engine: Engine
}

export interface OpenStoreOptions {
  readonly settings: StoreSettings
  /** What others are told who find the directory in use. */
  readonly program: string
  /** Nodes of a new store. */
  readonly nodesDefault: number
  readonly world: World
  readonly telemetry: Telemetry
  /** What is decided about people; the defaults when left out. */
  readonly accountSettings?: AccountSettings
  /** The store must be there already. */
  readonly mustExist?: boolean
  /** Another process has taken the database over: nothing can be written any more. */
  readonly onLeaseLost?: () => void
  /** As in `OpenDatabaseOptions`. */
  readonly isPatient?: boolean
}

/** What a store stands on, before its database is trusted. */
export interface Ground {
  readonly directory: OpenDataDirectory
  readonly keys: OpenedKeys
  readonly sql: Sql
  /** The nodes that are there, by id; a directory that cannot be opened is a node that is down. */
  readonly nodes: Map<string, NodeStores>
  /** Of the nodes' file systems. */
  readonly spaces: FreeSpaces
  /** Files of shards that the nodes keep open. */
  readonly handles: OpenHandles
  readonly world: World
  readonly telemetry: Telemetry
}

export async function openGround(
  directory: OpenDataDirectory,
  { options, stack }: { readonly options: OpenStoreOptions; readonly stack: AsyncDisposableStack },
): Promise<Ground> {
  const { settings, nodesDefault, world, telemetry } = options
  const survey = await surveyNodes(directory)
  const nodes = new Map<string, NodeStores>()
  const spaces = new FreeSpaces(world)
  const handles = await openReadHandles()
  stack.defer(async () => {
    await Promise.allSettled([...nodes.values()].map((stores) => stores.close()))
  })
  const { storeId, ids } = survey
  const isNew = storeId === undefined
  if (isNew) {
    // before anything is made that would only be in the way
    requireEnough(settings.nodes ?? nodesDefault, settings.profile ?? namedProfiles.default)
  } else {
    const former = { storeId, spaces, handles, world, telemetry }
    await settleAll(ids.map((id) => openPresentNode(directory, { id, nodes, options: former })))
  }
  const keys = await openKeys(directory, { settings, nodes: [...nodes.values()], isNew, world })
  if (storeId !== undefined && Buffer.compare(storeId, keys.keyring.storeId) !== 0) {
    throw mainFault('main/mixed-stores', { path: directory.root, nodes: 'keys/keyring' })
  }
  const sql = await openDatabase(directory, options)
  stack.defer(() => sql.close())
  return { directory, keys, sql, nodes, spaces, handles, world, telemetry }
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

/** A database that is missing, foreign or older than the nodes is not served from. */
export async function guard({ directory, sql, keys, nodes, telemetry }: Ground): Promise<{
  readonly state: 'new' | 'current'
  /** Ids of the nodes that could say so. */
  readonly asked: ReadonlySet<string>
}> {
  const asked = new Set<string>()
  const usages = await Promise.allSettled([...nodes.values()].map(({ shards }) => shards.usage()))
  try {
    const state = await checkDatabase({
      sql,
      storeId: keys.keyring.storeId,
      nodes: [...nodes].map(([id, { log, files }]) => ({ id, log, files })),
      // A node that cannot tell may hold some; to the cluster it will be down.
      holdShards: usages.some((usage) => usage.status === 'rejected' || usage.value.shards > 0),
      onNodeAsked: (node) => void asked.add(node),
      onNodeFailure: (node, error) =>
        telemetry.note('warn', 'node cannot be asked', { node, error: String(error) }),
    })
    if (state === 'new' || nodes.size > 0) return { state, asked }
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
