/**
 * Strays: shards that rest on a node where no record places them. A move leaves one behind when its new place is lost before it is recorded,
 * and so does a node that was away while its shards were made anew. Where too few shards are in their places, they are the last hope.
 */

import type { ClusterNode } from '#cluster/node'
import { isFault } from '#fault/fault'
import type { RepairParts } from '#repair/parts'
import type { Move } from '#repair/plan'
import { examineShard } from '#repair/scrub'
import type { ShardId } from '#shard/shard-id'
import type { ChunkRecord, ShardPlace } from '#store/chunk-record'
import { scanChunks } from '#store/tables'

/** For each of these columns the first node that holds its shard whole, other than the one where it is recorded. Reads what it finds. */
export async function findStrays(
  cluster: RepairParts['cluster'],
  chunk: ChunkRecord,
  columns: readonly number[],
): Promise<readonly Move[]> {
  const found = columns.map(async (column): Promise<readonly Move[]> => {
    const place = chunk.shards[column]
    if (place === undefined) return []
    for (const node of cluster.up())
      if (node.number !== place.node && (await holdsWhole(node, chunk, place)))
        return [{ column, to: node.number }]
    return []
  })
  return (await Promise.all(found)).flat()
}

/** Of these shards those that are recorded somewhere where they are not: whatever lies elsewhere may be their last copy. Each is reported. */
export async function findMissing(
  { sql, store, cluster }: Pick<RepairParts, 'sql' | 'store' | 'cluster'>,
  ids: ReadonlySet<ShardId>,
): Promise<ReadonlySet<ShardId>> {
  const missing = new Set<ShardId>()
  if (ids.size === 0) return missing
  for await (const chunk of scanChunks(sql))
    for (const [column, place] of chunk.shards.entries()) {
      if (!ids.has(place.id) || (await isInPlace(cluster, place))) continue
      missing.add(place.id)
      store.reportDamage(chunk, column, 'missing')
    }
  return missing
}

/** Whether the shard is there by its name, on a node that is up. */
export async function isInPlace(
  cluster: RepairParts['cluster'],
  { id, node: number }: ShardPlace,
): Promise<boolean> {
  const node = number === undefined ? undefined : cluster.node(number)
  return node !== undefined && node.state !== 'down' && (await holds(node, id))
}

async function holdsWhole(
  node: ClusterNode,
  chunk: ChunkRecord,
  place: ShardPlace,
): Promise<boolean> {
  if (!(await holds(node, place.id))) return false
  return (await examineShard(chunk, place, { shards: node.stores.shards })) === 'whole'
}

async function holds({ stores }: ClusterNode, id: ShardId): Promise<boolean> {
  try {
    return (await stores.shards.stat(id)) !== undefined
  } catch (error) {
    if (isFault(error)) return false
    throw error
  }
}
