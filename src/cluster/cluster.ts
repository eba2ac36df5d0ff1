/**
 * The nodes of this store as they are now: which are up, how full, how quick. Meets faults 5, 6 and 9 of the fault list:
 * a lost node is down at the first sign of it, a failing one after a few, a slow one is told apart from a dead one.
 */

import { clusterFault } from '#cluster/faults'
import { ReadLatency } from '#cluster/latency'
import { lostNode } from '#cluster/lost-node'
import type { ClusterNode, Epoch, EpochNode, NodeNumber, NodeState } from '#cluster/node'
import { type NodeRow, readNodes } from '#cluster/tables'
import { isFault } from '#fault/fault'
import type { NodeStores } from '#shard/store'
import type { Queryable } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import { endsWithin } from '#world/patience'
import type { World } from '#world/world'

/** How often `watch` looks at every node. */
export const probeIntervalMs = 5_000
/** A probe that takes longer has failed: a hanging disk is as good as none. */
export const probeTimeoutMs = 15_000
/** So many times as long they have when most nodes do not answer: it may be the one disk below them all, or the machine. */
const patienceFactor = 4
/** A reader begins with a map no older than this, so that a directory that is gone is not served from files still open. */
export const mapAgeMaxMs = 200
/** How long a reader waits for a fresher map before it goes on with the one there is. */
const freshenPatienceMs = 50
/** This many failures within `failureWindowMs` bring a node down although it answers probes: a dying disk may. */
export const failuresMax = 5
export const failureWindowMs = 60_000

export interface OpenedNode {
  readonly id: string
  /** `undefined` when the node could not be opened: it is a member that is down. */
  readonly stores: NodeStores | undefined
}

export interface NodeChange {
  readonly node: ClusterNode
  readonly reason: string | undefined
}

/** What an operator wants to see of a node. */
export interface NodeFigures {
  readonly id: string
  readonly state: NodeState
  readonly shards: number
  readonly usedBytes: number
  readonly freeBytes: number
  readonly totalBytes: number
  readonly probesAnswered: number
  readonly probesFailed: number
}

interface Member {
  readonly row: NodeRow
  node: ClusterNode
  usage: { shards: number; usedBytes: number; freeBytes: number; totalBytes: number }
  /** One probe at a time, for one that hangs must not be joined by others. */
  probing: Promise<void> | undefined
  probesAnswered: number
  probesFailed: number
  /** Monotonic times of failures that probes did not explain. */
  failures: readonly number[]
  /** Monotonic time before which no answered probe brings it up again. */
  heldDownUntil: number
}

export interface OpenClusterOptions {
  readonly sql: Queryable
  /** Belong to the cluster from now on: it closes them. Each must have a row (`enrol`); a row without one is a node that is down. */
  readonly nodes: readonly OpenedNode[]
  readonly world: World
  readonly telemetry: Telemetry
  /** Opens a node afresh when it is down: its directory may be back under another identity of the file system. */
  readonly reopen?: (id: string) => Promise<NodeStores>
  /** Placement refuses rather than relax a limit. */
  readonly isStrict?: boolean
}

export async function openCluster(options: OpenClusterOptions): Promise<Cluster> {
  const rows = await readNodes(options.sql)
  const stranger = options.nodes.find(({ id }) => rows.every((row) => row.id !== id))
  if (stranger !== undefined) throw clusterFault('cluster/unknown-node', { node: stranger.id })
  const cluster = new Cluster(rows, options)
  await cluster.check()
  return cluster
}

export class Cluster {
  readonly #world: World
  readonly #telemetry: Telemetry
  readonly #reopen: OpenClusterOptions['reopen']
  readonly #members: ReadonlyMap<NodeNumber, Member>
  readonly #latency = new ReadLatency()
  readonly #listeners = new Set<(change: NodeChange) => void>()
  #slow: ReadonlySet<NodeNumber> = new Set()
  #epoch: Epoch
  #isClosed = false
  #checkedAt = Number.NEGATIVE_INFINITY

  constructor(
    rows: readonly NodeRow[],
    { nodes, world, telemetry, reopen, isStrict = false }: OpenClusterOptions,
  ) {
    this.#epoch = { version: 0, nodes: [], isStrict }
    this.#world = world
    this.#telemetry = telemetry
    this.#reopen = reopen
    const opened = new Map(nodes.map(({ id, stores }) => [id, stores]))
    this.#members = new Map(rows.map((row) => [row.number, newMember(row, opened.get(row.id))]))
    this.#turnEpoch()
  }

  /** The current map. A new object whenever anything in it has changed; the same one until then. */
  epoch(): Epoch {
    return this.#epoch
  }

  /** `undefined` for a number that no node ever had. */
  node(number: NodeNumber): ClusterNode | undefined {
    return this.#members.get(number)?.node
  }

  nodes(): readonly ClusterNode[] {
    return [...this.#members.values()].map(({ node }) => node)
  }

  up(): readonly ClusterNode[] {
    return this.nodes().filter(({ state }) => state === 'up')
  }

  /** Calls `listener`, which must not throw, after every change of a node's state. Returns a function that stops it. */
  onChange(listener: (change: NodeChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * What the data path met at a node. Looks at the node at once, and resolves with its state when it is known; never rejects.
   * Reports of one moment share one look.
   */
  async reportFailure(number: NodeNumber, error: unknown): Promise<NodeState> {
    const member = this.#members.get(number)
    if (member === undefined) return 'down'
    if (isFault(error, 'shard/node-lost')) this.#bringDown(member, describe(error))
    await this.#look(member)
    if (member.node.state === 'up' && isOwnFailure(error)) this.#countFailure(member, error)
    this.#turnEpoch()
    return member.node.state
  }

  observeRead(number: NodeNumber, ms: number): void {
    this.#latency.observe(number, ms, this.#world.monotonic())
  }

  /** After how many milliseconds a read is worth a second one from another shard. */
  slowAfterMs(): number {
    return this.#latency.slowAfterMs()
  }

  /** Looks at every node once: who is lost, who is back, who is slow, how full they are. */
  async check(): Promise<void> {
    this.#checkedAt = this.#world.monotonic()
    await Promise.all([...this.#members.values()].map((member) => this.#look(member)))
    this.#slow = this.#latency.refresh(this.#world.monotonic())
    this.#turnEpoch()
  }

  /** Looks at every node unless that was done within `mapAgeMaxMs`. A node that hangs does not hold the caller up. */
  async freshen(): Promise<void> {
    if (this.#world.monotonic() - this.#checkedAt < mapAgeMaxMs) return
    await endsWithin(this.#world, freshenPatienceMs, this.check())
  }

  /** Checks every `probeIntervalMs` until the signal is aborted; then resolves. */
  async watch({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    while (!signal.aborted) {
      await this.#world.sleep(probeIntervalMs, { signal }).catch(() => undefined)
      if (!signal.aborted) await this.check()
    }
  }

  figures(): readonly NodeFigures[] {
    return [...this.#members.values()].map(({ node, usage, probesAnswered, probesFailed }) => {
      return { id: node.id, state: node.state, ...usage, probesAnswered, probesFailed }
    })
  }

  /** Closes every node's stores. No call may be under way. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.allSettled(this.nodes().map(({ stores }) => stores.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Probes the node, waiting `probeTimeoutMs`, or longer with most others; a probe that still hangs from before counts as this one. */
  async #look(member: Member): Promise<void> {
    member.probing ??= this.#probe(member).finally(() => {
      member.probing = undefined
    })
    const { probing } = member
    const answers = (ms: number): Promise<boolean> => endsWithin(this.#world, ms, probing)
    if (await answers(probeTimeoutMs)) return
    const more = this.#areMostSilent() ? patienceFactor - 1 : 0
    if (more > 0 && (await answers(more * probeTimeoutMs))) return
    this.#bringDown(member, `no answer within ${(1 + more) * probeTimeoutMs} ms`)
  }

  #areMostSilent(): boolean {
    const up = [...this.#members.values()].filter(({ node }) => node.state === 'up')
    return 2 * up.filter(({ probing }) => probing !== undefined).length > up.length
  }

  /** Never rejects. */
  async #probe(member: Member): Promise<void> {
    try {
      await this.#reach(member)
      member.usage = await member.node.stores.shards.usage()
      member.probesAnswered += 1
      this.#bringUp(member)
    } catch (error) {
      member.probesFailed += 1
      if (isFault(error, 'shard/node-lost')) this.#bringDown(member, describe(error))
      else if (isOwnFailure(error)) this.#countFailure(member, error)
    }
  }

  /** Probes the node; one that is down already, and whose stores are lost for good, is opened afresh. */
  async #reach(member: Member): Promise<void> {
    try {
      await member.node.stores.probe()
    } catch (error) {
      if (member.node.state === 'up' || this.#reopen === undefined) throw error
      const stores = await this.#reopen(member.row.id)
      await member.node.stores.close().catch(() => undefined) // nothing in it can be reached
      member.node = { ...member.node, stores }
    }
  }

  #countFailure(member: Member, error: unknown): void {
    const now = this.#world.monotonic()
    member.failures = [...member.failures.filter((at) => now - at < failureWindowMs), now]
    if (member.failures.length < failuresMax) return
    member.heldDownUntil = now + failureWindowMs
    this.#bringDown(member, `keeps failing: ${describe(error)}`)
  }

  #bringDown(member: Member, reason: string): void {
    this.#change(member, { state: 'down', reason })
  }

  #bringUp(member: Member): void {
    if (this.#world.monotonic() < member.heldDownUntil) return
    this.#change(member, { state: 'up', reason: undefined })
  }

  #change(
    member: Member,
    { state, reason }: { readonly state: NodeState; readonly reason: string | undefined },
  ): void {
    if (member.node.state === state || this.#isClosed) return
    member.node = { ...member.node, state }
    this.#turnEpoch()
    const { id } = member.node
    this.#telemetry.nodeChanged({ node: id, state, ...(reason === undefined ? {} : { reason }) })
    for (const listener of this.#listeners) listener({ node: member.node, reason })
  }

  #turnEpoch(): void {
    const nodes = [...this.#members.values()].map((member) => this.#describe(member))
    if (isSameMap(nodes, this.#epoch.nodes)) return
    this.#epoch = { ...this.#epoch, version: this.#epoch.version + 1, nodes }
  }

  #describe({ row, node, usage }: Member): EpochNode {
    const { freeBytes, totalBytes } = usage
    return { ...row, state: node.state, freeBytes, totalBytes, isSlow: this.#slow.has(row.number) }
  }
}

/** The first look, before anyone sees the node, finds out how it really is. */
function newMember(row: NodeRow, stores: NodeStores | undefined): Member {
  return {
    row,
    node: {
      ...row,
      state: stores === undefined ? 'down' : 'up',
      stores: stores ?? lostNode(row.id),
    },
    usage: { shards: 0, usedBytes: 0, freeBytes: 0, totalBytes: 0 },
    probing: undefined,
    probesAnswered: 0,
    probesFailed: 0,
    failures: [],
    heldDownUntil: 0,
  }
}

const innocent = [
  'shard/node-full',
  'shard/not-found',
  'shard/short',
  'shard/exists',
  'shard/too-many-open',
  'shard/node-lost', // gone, and perhaps back by now: a disk that was unmounted is not a dying one
] as const

/** Failures of the node itself. A full node, a shard that is not there, or too many open files here say nothing against its disk. */
function isOwnFailure(error: unknown): boolean {
  return !isFault(error, ...innocent)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isSameMap(a: readonly EpochNode[], b: readonly EpochNode[]): boolean {
  const isSame = (one: EpochNode, other: EpochNode | undefined): boolean =>
    one.state === other?.state &&
    one.freeBytes === other.freeBytes &&
    one.totalBytes === other.totalBytes &&
    one.isSlow === other.isSlow
  return a.length === b.length && a.every((node, index) => isSame(node, b[index]))
}
