/** The nodes of a store: all that ever joined, and those that join now. */
import type { ChangeLogNode } from '#changelog/nodes'
import type { Cluster } from '#cluster/cluster'
import { readNodes } from '#cluster/tables'
import type { Profile } from '#erasure/profile'
import type { Ground, OpenStoreOptions } from '#main/ground'
import { requireEnough } from '#main/node-count'
import { firstNodeIds, openOrMakeNode, settleAll } from '#main/nodes'
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
  { directory, sql, keys, nodes, spaces, world, telemetry }: Ground,
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
  // A first start that was cut short has made some of the nodes only.
  const wanted = settings.nodes ?? (state === 'new' ? nodesDefault : known.size)
  const added = firstNodeIds(wanted).filter((id) => !known.has(id))
  const ids = [...known, ...added.slice(0, Math.max(0, wanted - known.size))]
  requireEnough(ids.length, profile)
  const { engine } = settings
  const nodeOptions = { storeId: keys.keyring.storeId, spaces, world, telemetry, engine }
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
