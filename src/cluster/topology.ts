import { defaultLimits, domainsOf, type PlacementLimits } from '#cluster/deal'
import type { ClusterFaultCode } from '#cluster/faults'
import type { Epoch, EpochNode, NodeNumber } from '#cluster/node'
import { type Placement, place } from '#cluster/place'
import { type Fault, type FaultDetail, isFault } from '#fault/fault'

/** What the nodes that are up can promise for an object that is written now. Older objects may be better or worse off. */
export interface TopologyReport {
  /** False when a write would be refused: fewer nodes up than a chunk needs, or too many of them full. */
  readonly isWritable: boolean
  /** How many nodes, whichever they are, can be lost without losing an object; 0 when nothing can be written. */
  readonly toleratedNodeLosses: number
  readonly nodesUp: number
  readonly nodesDown: number
  /** Sentences for people: what is worse than it should be, and why. */
  readonly warnings: readonly string[]
}

/** Why nothing can be placed, and what would help. */
const refusals = {
  'cluster/too-few-nodes': ({ shards, shardsPerNodeMax, nodesUp }) =>
    `${nodesUp} nodes are too few for ${shards} shards, at most ${shardsPerNodeMax} on each. Bring nodes back`,
  'cluster/out-of-space': ({ full, nodesUp }) =>
    `${full} of the ${nodesUp} nodes that are up are full. Make room on them, or add nodes`,
  'cluster/strict-placement': () =>
    'the limits of strict placement cannot be kept on the nodes that are up. Bring nodes back',
} satisfies Partial<Record<ClusterFaultCode, (detail: FaultDetail) => string>>
type Refusal = keyof typeof refusals

/** Names are as an operator knows them. Every chunk fares alike, so looking at one of them is enough. */
export function assessTopology(
  epoch: Epoch,
  profile: { readonly data: number; readonly parity: number },
  limits: PlacementLimits = defaultLimits,
): TopologyReport {
  const down = epoch.nodes.filter(({ state }) => state === 'down')
  const counts = { nodesUp: epoch.nodes.length - down.length, nodesDown: down.length }
  const warnings = [
    ...(down.length === 0 ? [] : [tellDown(down, epoch)]),
    ...(down.length > profile.parity ? [tooManyDown] : []),
  ]
  const shards = profile.data + profile.parity
  try {
    const chunkId = new Uint8Array(16)
    const placement = place(epoch, { chunkId, shards, parity: profile.parity, limits })
    const toleratedNodeLosses = countLosses(placement.nodes, profile.parity)
    return {
      ...counts,
      isWritable: true,
      toleratedNodeLosses,
      warnings: [
        ...warnings,
        ...tellDoubling(placement, { profile, toleratedNodeLosses }),
        ...tellDomains(epoch, placement, profile.parity),
      ],
    }
  } catch (error) {
    if (!isRefusal(error)) throw error
    return {
      ...counts,
      isWritable: false,
      toleratedNodeLosses: 0,
      warnings: [...warnings, `New objects are refused: ${refusals[error.code](error.detail)}.`],
    }
  }
}

/** The fullest nodes go first: how many can go before more than `parity` shards are gone? */
function countLosses(nodes: readonly NodeNumber[], parity: number): number {
  const loads = [...countBy(nodes).values()].sort((a, b) => b - a)
  let lost = 0
  return loads.filter((load) => {
    lost += load
    return lost <= parity
  }).length
}

function countBy<Key>(keys: readonly Key[]): Map<Key, number> {
  const counts = new Map<Key, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

/** Chunks that were repaired between the losses are whole all the same, so nobody can say more here. */
const tooManyDown =
  'More nodes are down than an object survives the loss of: some may be unreadable until nodes come back.'

function isRefusal(error: unknown): error is Fault<Refusal> {
  return isFault(error) && Object.hasOwn(refusals, error.code)
}

function tellDown(down: readonly EpochNode[], epoch: Epoch): string {
  const names = down.map(({ id }) => id).join(', ')
  return `${down.length} of ${epoch.nodes.length} nodes down: ${names}.`
}

function tellDoubling(
  placement: Placement,
  {
    profile,
    toleratedNodeLosses,
  }: {
    readonly profile: { readonly data: number; readonly parity: number }
    readonly toleratedNodeLosses: number
  },
): readonly string[] {
  if (toleratedNodeLosses === profile.parity) return []
  const shards = profile.data + profile.parity
  const nodes = new Set(placement.nodes).size
  return [
    `${shards} shards on ${nodes} nodes: some nodes hold two, so that objects written now survive the loss of any ` +
      `${toleratedNodeLosses} nodes rather than ${profile.parity}.`,
  ]
}

/** Racks and datacenters whose loss would lose an object, and limits that could not be kept. */
function tellDomains(epoch: Epoch, placement: Placement, parity: number): readonly string[] {
  const nodes = new Map(epoch.nodes.map((node) => [node.number, node]))
  const domains = placement.nodes.flatMap((number) => {
    const node = nodes.get(number)
    return node === undefined ? [] : domainsOf(node).filter(({ limit }) => limit !== 'node')
  })
  const fullest = (limit: string): number =>
    Math.max(
      0,
      ...countBy(domains.filter((domain) => domain.limit === limit).map(({ key }) => key)).values(),
    )
  const relaxations = placement.relaxed.map(
    ({ domain, limit, relaxedTo }) =>
      `The limit of ${limit} shards per ${domain} cannot be kept: one of them holds up to ${relaxedTo}.`,
  )
  const risks = (['rack', 'datacenter'] as const)
    .filter((limit) => fullest(limit) > parity)
    .map((limit) => `Losing one ${limit} can make objects unreadable.`)
  return [...relaxations, ...risks]
}
