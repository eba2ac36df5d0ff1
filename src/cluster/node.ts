import type { NodeStores } from '#shard/store'

/** Stable small number of a node in this store (0 to 65,534); what chunk rows hold. Never reused. */
export type NodeNumber = number

export interface FailureDomain {
  readonly rack?: string
  readonly datacenter?: string
  readonly region?: string
}

/** `up`: reads and writes. `down`: its directory or machine is gone; its shards count as lost until it is back. */
export type NodeState = 'up' | 'down'

export interface ClusterNode extends FailureDomain {
  readonly number: NodeNumber
  /** `node-01`, or a generated id. */
  readonly id: string
  readonly state: NodeState
  readonly stores: NodeStores
}

/** One version of the cluster map: what placement decides from. Plain data. */
export interface Epoch {
  readonly version: number
  readonly nodes: readonly (FailureDomain & {
    readonly number: NodeNumber
    readonly id: string
    readonly state: NodeState
    readonly freeBytes: number
    readonly totalBytes: number
  })[]
}
