import type { NodeStores } from '#shard/store'

/** Stable small number of a node in this store (0 to 65,534); what chunk rows hold. Never reused. */
export type NodeNumber = number
export const nodeNumberMax = 65_534

/** Where a node stands. What is not named does not exist as a failure domain, and no limit counts it. */
export interface FailureDomain {
  readonly rack?: string
  readonly datacenter?: string
  readonly region?: string
}

/** `up`: reads and writes. `down`: its directory or machine is gone; its shards count as lost until it is back. */
export type NodeState = 'up' | 'down'

/** A node as it is now. A change of state makes a new object: ask the cluster again rather than keep one. */
export interface ClusterNode extends FailureDomain {
  readonly number: NodeNumber
  /** `node-01`, or a generated id. */
  readonly id: string
  readonly state: NodeState
  readonly stores: NodeStores
}

/** A node in the cluster map: what placement may know of it. */
export interface EpochNode extends FailureDomain {
  readonly number: NodeNumber
  readonly id: string
  readonly state: NodeState
  readonly freeBytes: number
  readonly totalBytes: number
  /** Answers reads much later than its peers of late: it gets parity rather than data shards. */
  readonly isSlow?: boolean
}

/** One version of the cluster map: what placement decides from. Plain data. */
export interface Epoch {
  readonly version: number
  readonly nodes: readonly EpochNode[]
  /** Placement refuses what it would otherwise relax. */
  readonly isStrict?: boolean
}
