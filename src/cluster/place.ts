/**
 * Which node keeps which shard of a chunk. Pure: the same map and chunk id give the same answer on every machine.
 *
 * Nodes are ranked by weighted rendezvous hashing (Thaler and Ravishankar 1998; weights after Schindelhauer and Schomaker
 * 2005): a node that leaves or joins changes only the shards it held or wins. Shards are then dealt down the ranking, one
 * per node first, within the limits per node, rack and datacenter.
 */
import { strict as assert } from 'node:assert'
import {
  countHeld,
  dealOut,
  defaultLimits,
  type PlacementLimits,
  relax,
  wishes,
} from '#cluster/deal'
import { clusterFault } from '#cluster/faults'
import type { Epoch, EpochNode, NodeNumber } from '#cluster/node'
import { freeBytesMin, rank } from '#cluster/rank'
import type { Fault } from '#fault/fault'

export interface PlacementRequest {
  /** At least 8 random bytes: the only chance in here. */
  readonly chunkId: Uint8Array
  /** k + m */
  readonly shards: number
  /** m. No node gets more than this many, whatever the limit says, so that losing any one node loses nothing. */
  readonly parity: number
  readonly limits?: PlacementLimits
  /** Nodes that get nothing new, besides those that are down or full. */
  readonly exclude?: ReadonlySet<NodeNumber>
  /** Shards that stay where they are (for repair): shard index → node. They count against the limits. */
  readonly taken?: ReadonlyMap<number, NodeNumber>
}

/** A limit that the topology cannot keep, and the least bound that it can. */
export interface Relaxation {
  readonly domain: 'rack' | 'datacenter'
  readonly limit: number
  readonly relaxedTo: number
}

export interface Placement {
  /** The node of each shard index, `shards` long. Slow nodes stand last: at parity shards, where possible. */
  readonly nodes: readonly NodeNumber[]
  /** Empty when every limit holds. */
  readonly relaxed: readonly Relaxation[]
}

/**
 * Faults: `cluster/too-few-nodes` when the nodes that are up cannot hold all shards within the limit per node (10+4 needs
 * 7), `cluster/out-of-space` when they could if they were not full, `cluster/strict-placement` when a strict map cannot keep
 * a limit.
 */
export function place(epoch: Epoch, request: PlacementRequest): Placement {
  const { shards, parity, limits = defaultLimits, taken = new Map<number, NodeNumber>() } = request
  assert(Number.isSafeInteger(shards) && parity >= 0 && parity < shards)
  const ranking = rank(takers(epoch, request), request.chunkId)
  const indexes = [...Array(shards).keys()].filter((index) => !taken.has(index))
  const deal = (bounds: PlacementLimits): readonly EpochNode[] | undefined =>
    dealOut(ranking, { count: indexes.length, bounds, held: countHeld(epoch, taken) })

  const bounds = { ...limits, node: shardsPerNodeMax({ parity, limits }) }
  for (const wish of [...wishes(bounds, parity), bounds]) {
    const dealt = deal(wish)
    if (dealt !== undefined) return { nodes: seat(dealt, { indexes, taken, shards }), relaxed: [] }
  }

  const relaxedBounds = relax(bounds, { shards, fits: (tried) => deal(tried) !== undefined })
  if (relaxedBounds === undefined) throw refusal(epoch, request, bounds.node)
  const relaxed = compare(limits, relaxedBounds)
  if (epoch.isStrict === true) throw strictRefusal(relaxed)
  return { nodes: seat(deal(relaxedBounds) ?? [], { indexes, taken, shards }), relaxed }
}

/** Fewest nodes that can hold a chunk of k + m shards so that losing any one of them loses nothing. */
export function nodesMin(options: {
  readonly shards: number
  readonly parity: number
  readonly limits?: PlacementLimits
}): number {
  return Math.ceil(options.shards / shardsPerNodeMax(options))
}

function shardsPerNodeMax(options: {
  readonly parity: number
  readonly limits?: PlacementLimits
}): number {
  const { parity, limits = defaultLimits } = options
  return Math.max(1, Math.min(limits.node, parity))
}

/** The nodes that may get something new. */
function takers({ nodes }: Epoch, { exclude }: PlacementRequest): readonly EpochNode[] {
  return nodes.filter(
    ({ state, freeBytes, number }) =>
      state === 'up' && freeBytes >= freeBytesMin && exclude?.has(number) !== true,
  )
}

function compare(limits: PlacementLimits, relaxed: PlacementLimits): readonly Relaxation[] {
  return (['rack', 'datacenter'] as const)
    .filter((domain) => relaxed[domain] > limits[domain])
    .map((domain) => ({ domain, limit: limits[domain], relaxedTo: relaxed[domain] }))
}

/** Gives dealt nodes the open indexes in order, slow ones last. */
function seat(
  dealt: readonly EpochNode[],
  {
    indexes,
    taken,
    shards,
  }: {
    readonly indexes: readonly number[]
    readonly taken: ReadonlyMap<number, NodeNumber>
    readonly shards: number
  },
): readonly NodeNumber[] {
  const ordered = [
    ...dealt.filter(({ isSlow }) => isSlow !== true),
    ...dealt.filter(({ isSlow }) => isSlow === true),
  ]
  const seats = new Map(taken)
  for (const [at, index] of indexes.entries()) {
    const node = ordered[at]
    assert(node !== undefined)
    seats.set(index, node.number)
  }
  return Array.from({ length: shards }, (_, index) => {
    const number = seats.get(index)
    assert(number !== undefined)
    return number
  })
}

/** Full nodes are a matter of space; the rest is a matter of nodes. */
function refusal(epoch: Epoch, request: PlacementRequest, nodeMax: number): Fault {
  const up = epoch.nodes.filter(
    ({ state, number }) => state === 'up' && request.exclude?.has(number) !== true,
  )
  const full = up.filter(({ freeBytes }) => freeBytes < freeBytesMin).length
  const detail = { shards: request.shards, shardsPerNodeMax: nodeMax, nodesUp: up.length, full }
  const isSpace = full > 0 && up.length * nodeMax >= request.shards
  return clusterFault(isSpace ? 'cluster/out-of-space' : 'cluster/too-few-nodes', detail)
}

function strictRefusal(relaxed: readonly Relaxation[]): Fault {
  const detail = Object.fromEntries(
    relaxed.map(({ domain, limit, relaxedTo }) => [domain, `${limit}, needs ${relaxedTo}`]),
  )
  return clusterFault('cluster/strict-placement', detail)
}
