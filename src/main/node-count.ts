/** How many nodes a profile needs, and what to say when there are fewer. */
import { nodesMin } from '#cluster/place'
import { formatProfile, type Profile } from '#erasure/profile'
import { mainFault } from '#main/faults'

/** A sentence with its remedies, without its full stop; `undefined` when `nodes` nodes can hold a chunk of this profile. */
export function tellTooFewNodes(nodes: number, profile: Profile): string | undefined {
  const shards = profile.data + profile.parity
  const needed = nodesMin({ shards, parity: profile.parity })
  if (nodes >= needed) return undefined
  const fitting = profilesToSuggest.find(({ data, parity }) => data + parity <= nodes)
  const advice = fitting === undefined ? '' : `, or --profile ${formatProfile(fitting)}`
  return (
    `profile ${formatProfile(profile)} needs at least ${needed} nodes ` +
    `(${shards} to survive the loss of any ${profile.parity}); give --nodes ${shards}${advice}`
  )
}

/** `main/too-few-nodes` */
export function requireEnough(count: number, profile: Profile): void {
  const reason = tellTooFewNodes(count, profile)
  if (reason !== undefined) throw mainFault('main/too-few-nodes', { count, reason })
}

/** From large to small. */
const profilesToSuggest: readonly Profile[] = [
  { data: 8, parity: 4 },
  { data: 6, parity: 3 },
  { data: 4, parity: 2 },
  { data: 2, parity: 2 },
  { data: 2, parity: 1 },
  { data: 1, parity: 1 },
]
