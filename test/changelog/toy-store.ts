/** A store of one toy room over nodes in memory that can fail, hang and be lost, in a simulated world. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeLog } from '#changelog/change'
import { checkDatabase } from '#changelog/check-database'
import type { ChangeLogNode } from '#changelog/nodes'
import { openChangeLog } from '#changelog/open-change-log'
import { type RebuildReport, rebuild } from '#changelog/rebuild'
import { type LiveSnapshot, liveSnapshots } from '#changelog/snapshot-room'
import { type SnapshotBlobs, type SnapshotReport, takeSnapshot } from '#changelog/take-snapshot'
import { createKeyring } from '#keyring/change-keyring'
import { type Keyring, openKeyring } from '#keyring/keyring'
import { shardFault } from '#shard/faults'
import { openMemoryNode } from '#shard/memory-node'
import type { NodeFiles, NodeLog } from '#shard/store'
import type { Sql } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { silentTelemetry as telemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import type { World } from '#world/world'
import { pairs, readPairs } from './pairs.ts'

/** `stuck`: answers nothing until it is well again. `deaf`: stores, but its answer is lost. */
export type ToyHealth = 'well' | 'failing' | 'stuck' | 'deaf'

export class ToyNode implements ChangeLogNode {
  readonly id: string
  readonly log: NodeLog
  readonly files: NodeFiles
  isUp = true
  /** How long an append takes. */
  appendMs = 1
  appendsAtOnceMax = 0
  readonly #world: World
  #health: ToyHealth = 'well'
  #recovered = Promise.withResolvers<void>()

  constructor(id: string, world: World) {
    this.id = id
    this.#world = world
    const { log, files } = openMemoryNode({ world })
    this.files = {
      read: (name) => this.#answer(() => files.read(name)),
      write: (name, bytes) => this.#answer(() => files.write(name, bytes)),
      remove: (name) => this.#answer(() => files.remove(name)),
    }
    let appends = 0
    this.log = {
      append: async (frame, range) => {
        appends += 1
        this.appendsAtOnceMax = Math.max(this.appendsAtOnceMax, appends)
        try {
          await world.sleep(this.appendMs)
          await this.#answer(() => log.append(frame, range))
        } finally {
          appends -= 1
        }
      },
      read: (options) => this.#frames(log, options),
      lastSequence: () => this.#answer(() => log.lastSequence()),
      cut: (sequence) => this.#answer(() => log.cut(sequence)),
      close: () => log.close(),
    }
  }

  set health(health: ToyHealth) {
    this.#health = health
    if (health === 'stuck') return
    this.#recovered.resolve()
    this.#recovered = Promise.withResolvers()
  }

  /** A disk in this node's place that holds some of its frames, perhaps changed, and no files. */
  async replaced(change: (frame: Frame, index: number) => Frame | undefined): Promise<ToyNode> {
    const node = new ToyNode(this.id, this.#world)
    for (const [index, frame] of (await this.frames()).entries()) {
      const changed = change(frame, index)
      if (changed !== undefined) await node.log.append(changed.frame, changed)
    }
    return node
  }

  /** The node's frames whatever its health: what lies on its disk. */
  async frames(): Promise<readonly Frame[]> {
    const health = this.#health
    this.#health = 'well'
    const frames = await Array.fromAsync(this.log.read())
    this.#health = health
    return frames
  }

  async *#frames(log: NodeLog, options: Parameters<NodeLog['read']>[0]): AsyncGenerator<Frame> {
    await this.#answer(async () => {})
    yield* log.read(options)
  }

  async #answer<T>(work: () => Promise<T>): Promise<T> {
    while (this.#health === 'stuck') await this.#recovered.promise
    if (this.#health === 'failing') throw shardFault('shard/io', { node: this.id })
    const result = await work()
    if (this.#health === 'deaf') throw shardFault('shard/io', { node: this.id })
    return result
  }
}

export interface Frame {
  readonly first: bigint
  readonly last: bigint
  readonly frame: Uint8Array
}

export class ToyStore {
  readonly world: SimulatedWorld
  readonly keyring: Keyring
  readonly replicas: number
  readonly nodes: ToyNode[]
  readonly blobs = new ToyBlobs()
  /** Ids of nodes that were reported, in order. */
  readonly failures: string[] = []
  #database = new SqliteMemory()
  #opened: { readonly sql: Sql; readonly log: ChangeLog } | undefined

  constructor(
    seed: number | string,
    { nodes = 5, replicas = 3, world = new SimulatedWorld(seed) } = {},
  ) {
    this.world = world
    this.replicas = replicas
    const master = this.world.randomBytes(32)
    this.keyring = openKeyring(createKeyring({ master, world: this.world }), master)
    this.nodes = Array.from({ length: nodes }, (_, index) => this.newNode(`node-${index + 1}`))
  }

  newNode(id: string): ToyNode {
    return new ToyNode(id, this.world)
  }

  get log(): ChangeLog {
    assert(this.#opened !== undefined)
    return this.#opened.log
  }

  get sql(): Sql {
    assert(this.#opened !== undefined)
    return this.#opened.sql
  }

  async open(): Promise<this> {
    const sql = this.#database.open()
    const log = await openChangeLog({ ...this.#common, sql, telemetry })
    this.#opened = { sql, log }
    return this
  }

  async close(): Promise<void> {
    await this.log.close()
    await this.sql.close()
    this.#opened = undefined
  }

  /** The process is gone: its database handle is dead, and its nodes hear nothing more from it. */
  async crash(): Promise<void> {
    const { log } = this
    this.#die()
    await log.close()
    for (const node of this.nodes) node.health = 'well'
  }

  /** Crashes where `work` passes the point; false when it did not pass it, and the crash came after. */
  async crashAt(point: string, work: () => Promise<unknown>): Promise<boolean> {
    const { log } = this
    let isPassed = false
    this.world.onPassing((passed) => {
      if (passed !== point) return
      isPassed = true
      this.#die()
      throw new Error('the process is gone')
    })
    await work().catch(() => {})
    this.world.onPassing(() => {})
    if (!isPassed) this.#die()
    await log.close()
    for (const node of this.nodes) node.health = 'well'
    return isPassed
  }

  #die(): void {
    this.#database.crash()
    this.#opened = undefined
    for (const node of this.nodes) node.health = 'failing'
  }

  check({ holdShards = false } = {}): Promise<'new' | 'current'> {
    const sql = this.#opened?.sql ?? this.#database.open()
    const { nodes } = this
    const onNodeFailure = (id: string): void => void this.failures.push(id)
    return checkDatabase({
      sql,
      storeId: this.keyring.storeId,
      nodes: nodes.filter(({ isUp }) => isUp),
      holdShards,
      onNodeFailure,
    }).finally(() => this.#opened ?? sql.close())
  }

  snapshot(): Promise<SnapshotReport> {
    return takeSnapshot({ ...this.#common, sql: this.sql, changeLog: this.log, blobs: this.blobs })
  }

  /** Makes a new database from the nodes that are up, and puts it in the place of the closed one. */
  async rebuild({
    acceptLoss = false,
  }: {
    readonly acceptLoss?: boolean
  } = {}): Promise<RebuildReport> {
    const database = new SqliteMemory()
    const sql = database.open()
    const report = await this.rebuildInto(sql, { acceptLoss })
    await sql.close()
    this.#database = database
    return report
  }

  rebuildInto(sql: Sql, { acceptLoss = false } = {}): Promise<RebuildReport> {
    const present = this.nodes.filter(({ isUp }) => isUp)
    return rebuild({
      ...this.#common,
      sql,
      nodes: present,
      nodesAbsent: this.nodes.length - present.length,
      lossTolerated: this.replicas - 1,
      acceptLoss,
      blobs: this.blobs,
      telemetry,
      onProgress() {},
    })
  }

  loseDatabase(): void {
    this.#database = new SqliteMemory()
  }

  /** For backups, to be put back later. */
  get database(): SqliteMemory {
    return this.#database
  }

  set database(database: SqliteMemory) {
    this.#database = database
  }

  /** Everything that a rebuild must give back. */
  async tables(): Promise<unknown> {
    return {
      pairs: await readPairs(this.sql),
      snapshots: (await this.sql.query`select * from snapshot`).map((row) => ({ ...row })),
    }
  }

  live(): Promise<readonly LiveSnapshot[]> {
    return liveSnapshots(this.sql)
  }

  /** On how many nodes each sequence number is. */
  async copies(): Promise<ReadonlyMap<bigint, number>> {
    const copies = new Map<bigint, number>()
    for (const node of this.nodes) {
      const held = new Set<bigint>()
      for (const { first, last } of await node.frames())
        for (let sequence = first; sequence <= last; sequence++) held.add(sequence)
      for (const sequence of held) copies.set(sequence, (copies.get(sequence) ?? 0) + 1)
    }
    return copies
  }

  get #common() {
    const { world, keyring } = this
    return {
      ...{ world, keyring, replicas: () => this.replicas, rooms: [pairs] },
      nodes: () => this.nodes,
      onNodeFailure: (id: string) => void this.failures.push(id),
    }
  }
}

/** Blobs in memory: what the chunk store is to a real snapshot. */
export class ToyBlobs implements SnapshotBlobs {
  readonly #blobs: Uint8Array[] = []

  /** Something to do meanwhile. */
  whileWriting: () => Promise<void> = async () => {}
  /** Says that it has written, and has not. */
  isLosing = false

  async write(bytes: AsyncIterable<Uint8Array>): Promise<unknown> {
    const pieces = await Array.fromAsync(bytes)
    await this.whileWriting()
    return { blob: this.#blobs.push(Buffer.concat(this.isLosing ? [] : pieces)) - 1 }
  }

  async *read(descriptor: unknown): AsyncGenerator<Uint8Array> {
    const blob = this.#blobs[this.#indexOf(descriptor)]
    if (blob === undefined) throw shardFault('shard/not-found')
    for (let offset = 0; offset < blob.length; offset += 1000)
      yield blob.subarray(offset, offset + 1000)
  }

  damage(descriptor: unknown): void {
    this.#blobs[this.#indexOf(descriptor)]?.fill(0xff)
  }

  #indexOf(descriptor: unknown): number {
    assert(typeof descriptor === 'object' && descriptor !== null && 'blob' in descriptor)
    return Number(descriptor.blob)
  }
}

/** A test in the simulated world of a store that is open. */
export function inStore(
  name: string,
  run: (store: ToyStore) => Promise<void>,
  options?: { readonly nodes?: number; readonly replicas?: number },
): void {
  test(name, async () => {
    const store = new ToyStore(name, options)
    await store.world.run(async () => {
      await store.open()
      await run(store)
    })
  })
}
