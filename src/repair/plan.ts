/** What must be rebuilt in a chunk, and where it should go. Pure: the same sightings and map give the same plan. */
import type { Epoch, NodeNumber } from '#cluster/node'
import { place } from '#cluster/place'
import type { ChunkRecord } from '#store/chunk-record'

/** How a column was found: `whole`; `lost` (no node up holds it); `damaged` (its node is up, its bytes are wrong). */
export type Health = 'whole' | 'lost' | 'damaged'

export interface Move {
  readonly column: number
  readonly to: NodeNumber
}

/**
 * The moves that make every column whole again, one shard per node where nodes allow. Damaged shards are rewritten where they are. Whole
 * shards that share a node are spread while another node stands empty. `cluster/too-few-nodes` when the map cannot hold the chunk.
 */
export function planRepair(
  epoch: Epoch,
  chunk: ChunkRecord,
  healthOf: (column: number) => Health,
): readonly Move[] {
  const columns = chunk.shards.map((_, column) => column)
  const kept = new Map<number, NodeNumber>()
  const crowded: number[] = []
  const used = new Set<NodeNumber>()
  for (const column of columns) {
    const node = chunk.shards[column]?.node
    if (node === undefined || healthOf(column) === 'lost') continue
    if (used.has(node) && healthOf(column) === 'whole') crowded.push(column)
    used.add(node)
    kept.set(column, node)
  }
  const seats = seatLost(epoch, chunk, kept)
  const moves = columns.flatMap((column): readonly Move[] => {
    const to = seats[column]
    return to !== undefined && healthOf(column) !== 'whole' ? [{ column, to }] : []
  })
  return [...moves, ...spread(epoch, crowded, new Set(seats))]
}

function seatLost(
  epoch: Epoch,
  chunk: ChunkRecord,
  kept: ReadonlyMap<number, NodeNumber>,
): readonly NodeNumber[] {
  const { parity } = chunk.shape.profile
  return place(epoch, { chunkId: chunk.id, shards: chunk.shards.length, parity, taken: kept }).nodes
}

/** One crowded shard to each node that is up and holds nothing of the chunk; a slow node is better than none. */
function spread(
  epoch: Epoch,
  crowded: readonly number[],
  used: ReadonlySet<NodeNumber>,
): readonly Move[] {
  const spare = epoch.nodes
    .filter(({ state, number, freeBytes }) => state === 'up' && !used.has(number) && freeBytes > 0)
    .sort((one, other) => Number(one.isSlow === true) - Number(other.isSlow === true))
  return crowded.slice(0, spare.length).flatMap((column, index) => {
    const node = spare[index]
    return node === undefined ? [] : [{ column, to: node.number }]
  })
}
