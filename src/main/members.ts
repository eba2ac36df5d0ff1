/** The nodes of a store: all that ever joined, and those that join now. */
import { checkReturned } from '#changelog/check-database'
import type { ChangeLogNode } from '#changelog/nodes'
import type { Witnesses } from '#changelog/witnesses'
import type { Cluster } from '#cluster/cluster'
import type { Profile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import type { Ground, OpenStoreOptions } from '#main/ground'
import { requireEnough } from '#main/node-count'
import {
  firstNodeIds,
  type OpenNodeOptions,
  openFormerNode,
  openOrMakeNode,
  settleAll,
} from '#main/nodes'
import type { NodeStores } from '#shard/store'

export interface OpenedMember {
  readonly id: string
  /** Undefined for a member that is gone: it is down, and its directory is never made anew unasked. */
  readonly stores: NodeStores | undefined
  /** Its directory was gone and has been made anew, as was asked for. */
  readonly isReplaced: boolean
}

/** All that ever joined, and as many new nodes as were asked for. `main/too-few-nodes` */
export async function openMembers(
  ground: Ground,
  {
    state,
    joined,
    profile,
    options,
  }: {
    readonly state: 'new' | 'current'
    /** Ids of those that ever did. */
    readonly joined: readonly string[]
    readonly profile: Profile
    readonly options: OpenStoreOptions
  },
): Promise<readonly OpenedMember[]> {
  const { directory, nodes, world } = ground
  const { settings, nodesDefault } = options
  const known = new Set([...joined, ...nodes.keys()])
  // A first start that was cut short has made some of the nodes only.
  const wanted = settings.nodes ?? (state === 'new' ? nodesDefault : known.size)
  const added = firstNodeIds(wanted).filter((id) => !known.has(id))
  const ids = [...known, ...added.slice(0, Math.max(0, wanted - known.size))]
  requireEnough(ids.length, profile)
  const { engine } = settings
  const nodeOptions = { ...nodeOptionsOf(ground), engine }
  const missing = ids.filter(
    (id) => !nodes.has(id) && (settings.replaceLost || !joined.includes(id)),
  )
  await settleAll(
    missing.map(async (id) => {
      nodes.set(id, await openOrMakeNode(directory, id, nodeOptions))
      world.passing('main/node-made')
    }),
  )
  const replaced = new Set(missing.filter((id) => joined.includes(id)))
  return ids.map((id) => ({ id, stores: nodes.get(id), isReplaced: replaced.has(id) }))
}

/**
 * Opens members that come back. One that knows of changes which the database does not stays away, and is told of once: to this database its newest
 * shards are nobody's, and its log is of another line. `changelog/database-older`, faults of `openFormerNode`.
 */
export function rejoining(
  ground: Ground,
  witnesses: Witnesses,
): (id: string) => Promise<NodeStores> {
  const { directory, sql, telemetry } = ground
  const options = nodeOptionsOf(ground)
  const { storeId } = options
  const told = new Set<string>()
  return async (id) => {
    const stores = await openFormerNode(directory, id, options)
    try {
      await checkReturned({ id, log: stores.log, files: stores.files }, { sql, storeId })
    } catch (error) {
      await stores.close()
      if (isFault(error, 'changelog/database-older') && !told.has(id)) {
        told.add(id)
        const message =
          'A node that is back knows more than the database. Stop the store: mycelium rebuild'
        telemetry.note('error', message, { node: id, error })
      }
      throw error
    }
    told.delete(id)
    witnesses.hear(id)
    return stores
  }
}

function nodeOptionsOf({ keys, spaces, handles, world, telemetry }: Ground): OpenNodeOptions {
  return { storeId: keys.keyring.storeId, spaces, handles, world, telemetry }
}

/** The members as the change log asks for them: through the cluster once there is one, for it reopens nodes that come back. */
export function logNodes(
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
