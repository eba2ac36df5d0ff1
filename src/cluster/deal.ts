/**
 * Dealing shards down a ranking of nodes, within limits per node, rack and datacenter. Racks nest in datacenters and nodes
 * in racks, so the limits form a laminar family, and the sets they allow a matroid: dealing greedily neither gets stuck
 * while an answer exists, nor doubles up on a node while a fresh one would do.
 */
import type { Epoch, EpochNode, NodeNumber } from '#cluster/node'

/** Most shards of one chunk that a node, a rack and a datacenter may hold. */
export interface PlacementLimits {
  readonly node: number
  readonly rack: number
  readonly datacenter: number
}

export const defaultLimits: PlacementLimits = { node: 2, rack: 4, datacenter: 6 }

/** Deals down the ranking in rounds, each giving a node its next shard; `undefined` when the bounds leave no room. */
export function dealOut(
  ranking: readonly EpochNode[],
  {
    count,
    bounds,
    held,
  }: {
    readonly count: number
    readonly bounds: PlacementLimits
    readonly held: Map<string, number>
  },
): readonly EpochNode[] | undefined {
  const dealt: EpochNode[] = []
  for (let round = 0; round < bounds.node && dealt.length < count; round++) {
    for (const node of ranking) {
      if (dealt.length === count) break
      const isNext = (held.get(`node/${node.number}`) ?? 0) === round
      const hasRoom = domainsOf(node).every(
        ({ key, limit }) => (held.get(key) ?? 0) < bounds[limit],
      )
      if (!isNext || !hasRoom) continue
      hold(held, node)
      dealt.push(node)
    }
  }
  return dealt.length === count ? dealt : undefined
}

/** How many shards each domain holds already. */
export function countHeld(
  epoch: Epoch,
  taken: ReadonlyMap<number, NodeNumber>,
): Map<string, number> {
  const held = new Map<string, number>()
  for (const number of taken.values()) {
    const node = epoch.nodes.find((candidate) => candidate.number === number)
    if (node !== undefined) hold(held, node)
  }
  return held
}

/** Better than the limits ask, best first: a node each, and no rack, or not even a site, whose loss would lose anything. */
export function wishes(limits: PlacementLimits, parity: number): readonly PlacementLimits[] {
  const rack = Math.max(1, Math.min(limits.rack, parity))
  const datacenter = Math.max(1, Math.min(limits.datacenter, parity))
  return [
    { node: 1, rack, datacenter },
    { node: 1, rack, datacenter: limits.datacenter },
  ]
}

/**
 * The least bounds that the topology can keep; `undefined` when even one rack for all would not do. A limit that cannot
 * be kept protects nothing, so spreading over more nodes comes before keeping the relaxed bound low; the rack limit, where
 * it can be kept, comes before both.
 */
export function relax(
  bounds: PlacementLimits,
  { shards, fits }: { readonly shards: number; readonly fits: (tried: PlacementLimits) => boolean },
): PlacementLimits | undefined {
  const least = (from: number, fitsWith: (bound: number) => boolean): number => {
    let bound = from
    while (bound < shards && !fitsWith(bound)) bound++
    return bound
  }
  for (const isRackKept of [true, false]) {
    for (let node = 1; node <= bounds.node; node++) {
      const free = { node, rack: isRackKept ? bounds.rack : shards, datacenter: shards }
      if (!fits(free)) continue
      const rack = least(bounds.rack, (tried) => fits({ ...free, rack: tried }))
      const datacenter = least(bounds.datacenter, (tried) =>
        fits({ node, rack, datacenter: tried }),
      )
      return { node, rack, datacenter }
    }
  }
  return undefined
}

function hold(held: Map<string, number>, node: EpochNode): void {
  for (const { key } of domainsOf(node)) held.set(key, (held.get(key) ?? 0) + 1)
}

/** The node itself, its rack and its datacenter, each with the limit that counts it. */
export function domainsOf({ number, rack, datacenter, region = '' }: EpochNode): readonly {
  readonly key: string
  readonly limit: keyof PlacementLimits
}[] {
  const domains: { key: string; limit: keyof PlacementLimits }[] = [
    { key: `node/${number}`, limit: 'node' },
  ]
  const site = `${region}\0${datacenter ?? ''}`
  if (rack !== undefined) domains.push({ key: `rack/${site}\0${rack}`, limit: 'rack' })
  if (datacenter !== undefined) domains.push({ key: `site/${site}`, limit: 'datacenter' })
  return domains
}
