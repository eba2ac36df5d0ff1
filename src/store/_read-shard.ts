/** One read of one node, and what is learnt from it. */
import type { ClusterNode } from '#cluster/node'
import { isFault } from '#fault/fault'
import type { ShardId } from '#shard/shard-id'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'

/** A shard, and the node that has it. */
export interface Holder {
  readonly node: ClusterNode
  readonly id: ShardId
}

/** Of a column, if its node is up. */
export function holderOf(
  store: ChunkStore,
  chunk: ChunkRecord,
  column: number,
): Holder | undefined {
  const place = chunk.shards[column]
  if (place?.node === undefined) return undefined
  const node = store.parts.cluster.node(place.node)
  return node === undefined || node.state === 'down' ? undefined : { node, id: place.id }
}

/** Fills `into` from `offset` of a column's shard on; false, and reported, when its node cannot give it. */
export async function readShard(
  store: ChunkStore,
  {
    chunk,
    column,
    into,
    offset,
  }: {
    readonly chunk: ChunkRecord
    readonly column: number
    readonly into: Uint8Array
    readonly offset: number
  },
): Promise<boolean> {
  const { cluster, world, telemetry } = store.parts
  const holder = holderOf(store, chunk, column)
  if (holder === undefined) return false
  const { node, id } = holder
  const beganAt = world.monotonic()
  try {
    await node.stores.shards.read(id, into, { offset })
  } catch (error) {
    if (!isFault(error)) throw error
    void cluster.reportFailure(node.number, error)
    if (error.kind === 'not-found' || error.kind === 'corrupt')
      store.reportDamage(chunk, column, 'missing')
    return false
  }
  cluster.observeRead(node.number, world.monotonic() - beganAt)
  telemetry.shardIo({ node: node.id, direction: 'out', bytes: into.length })
  return true
}
