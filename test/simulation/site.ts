/** The store's life on its hardware: started, crashed, its database lost and rebuilt. At most one process at a time. */

import type { Run } from '#changelog/frame'
import { rebuild } from '#changelog/rebuild'
import { readOutbox, readState } from '#changelog/state'
import { Cluster } from '#cluster/cluster'
import { type Fault, isFault } from '#fault/fault'
import { blobReader } from '#main/snapshots'
import type { Queryable } from '#sql/sql'
import { SqliteMemory } from '#sql/sqlite-memory'
import { walkRows } from '#sql/walk'
import type { SimulatedWorld } from '#world/simulated'
import { differences, dumpOf, dumpWith } from './database-dump.ts'
import type { Hardware } from './hardware.ts'
import type { History } from './history.ts'
import { Life, sqlOf } from './life.ts'
import type { Scenario } from './scenario.ts'
import { describe, type Stage } from './stage.ts'
import {
  allRooms,
  type KeyChange,
  openChunkStore,
  openGround,
  type ProcessOptions,
  present,
  type Running,
  startBackground,
  startProcess,
} from './store-process.ts'

/** Where the next crash is to come: the n-th crash point that is passed, of that name or of any. */
export interface CrashPlan {
  readonly point: string | undefined
  passings: number
  readonly isPowerCut: boolean
}

export class Site {
  readonly hardware: Hardware
  readonly #world: SimulatedWorld
  readonly #history: History
  readonly #scenario: Scenario
  readonly #stage: Stage
  /** How many there have been. */
  processes = 0
  /** How many databases were rebuilt and compared. */
  rebuilds = 0
  #life: Life | undefined
  #running: Running | undefined
  /** The process's clock. */
  clock: SimulatedWorld | undefined
  plan: CrashPlan | undefined
  /** Told when a snapshot is done, and when it had begun. */
  onSnapshot: (begunAt: number) => void = () => {}
  /** Where the last process was when it died. */
  lastCrash = ''
  readonly pointsPassed = new Map<string, number>()

  constructor(
    world: SimulatedWorld,
    {
      hardware,
      history,
      scenario,
      stage,
    }: {
      readonly hardware: Hardware
      readonly history: History
      readonly scenario: Scenario
      readonly stage: Stage
    },
  ) {
    this.#world = world
    this.hardware = hardware
    this.#history = history
    this.#scenario = scenario
    this.#stage = stage
  }

  /** The process there is now, whether or not its store is up yet. */
  get life(): Life | undefined {
    return this.#life
  }

  get running(): Running | undefined {
    return this.#running
  }

  /**
   * Starts the store. `undefined` when it died while starting; the fault when it refused to.
   */
  async start({
    isQuiet = false,
    keyChange,
  }: {
    readonly isQuiet?: boolean
    readonly keyChange?: KeyChange | undefined
  } = {}): Promise<Running | Fault | undefined> {
    if (keyChange !== undefined) this.#history.say(`a ${keyChange}`)
    const options = { ...this.#beginProcess('store'), keyChange }
    const started = await this.#within(options.life, () => startProcess(options))
    if (started === undefined || isFault(started)) return started
    this.#running = started
    if (!isQuiet) startBackground(started, options)
    this.#history.say('the store is up')
    this.#stage.open(started)
    return started
  }

  /** The process ends here and now, wherever it is; with a power cut, all disks lose what was not synced. */
  crash({ isPowerCut, why }: { readonly isPowerCut: boolean; readonly why: string }): void {
    if (this.#life === undefined) return
    this.lastCrash = why
    this.#history.say(`${isPowerCut ? 'POWER CUT' : 'KILLED'} ${why}`)
    this.#stage.close()
    this.#life.end()
    this.#life = undefined
    this.#running = undefined
    this.clock = undefined
    this.plan = undefined
    this.hardware.crash({ isPowerCut })
  }

  /** Resolves when the process that runs now is dead; at once when none runs. */
  async ended(): Promise<void> {
    await this.#life?.ended
  }

  /**
   * Makes a new database from what the nodes hold, as `mycelium rebuild` does, and compares it with the lost one. The new one takes its
   * place. False when the machine crashed meanwhile; a refusal is a violation, for whoever asks has seen to it that it is possible.
   */
  async rebuild(lost: SqliteMemory): Promise<boolean> {
    const { hardware } = this
    const options = this.#beginProcess('rebuild')
    const database = new SqliteMemory()
    const done = await this.#within(options.life, () => rebuildInto(database, options))
    if (done === undefined) return false
    this.crash({ isPowerCut: false, why: 'rebuild has ended' })
    if (isFault(done)) {
      this.#history.violate(`rebuild refused: ${describe(done)}`)
      hardware.database = lost
      return true
    }
    database.crash() // its process is gone
    hardware.database = database
    await this.compare(lost, database)
    return true
  }

  /** Says how the two differ, beside what the lost database had committed and no client could know of. */
  async compare(lost: SqliteMemory, rebuilt: SqliteMemory): Promise<void> {
    const before = await lost.inspect(readState)
    const after = await rebuilt.inspect(readState)
    const upTo = after?.committed ?? 0n
    const tail = await lost.inspect((view) => outboxAfter(view, upTo))
    this.rebuilds += 1
    this.#history.say(`rebuilt up to ${upTo} of ${before?.committed}`)
    const found = differences(
      await dumpOf(lost),
      await dumpWith(rebuilt, { changes: tail, after: upTo }),
    )
    if (found.length > 0)
      this.#history.violate(
        `the rebuilt database differs:\n      ${found.slice(0, 12).join('\n      ')}`,
      )
  }

  #beginProcess(program: string): ProcessOptions & { readonly life: Life } {
    this.processes += 1
    const life = new Life()
    const world = this.#world.fork(`process ${this.processes}`)
    world.onPassing((point) => this.#pass(point, life))
    this.#life = life
    this.clock = world
    this.#history.say(`${program} starts, process ${this.processes}`)
    const { hardware } = this
    const scenario = this.#scenario
    return {
      hardware,
      scenario,
      life,
      world,
      onSnapshot: (begunAt) => this.onSnapshot(begunAt),
      onUnexpected: (error) => this.#unexpected(error),
    }
  }

  /** The result of `work`, or its fault; `undefined` when the process dies first. */
  async #within<T>(life: Life, work: () => Promise<T>): Promise<T | Fault | undefined> {
    const result = work().catch((error: unknown) => {
      if (!isFault(error)) this.#unexpected(error)
      else if (!life.isOver) return error
      return undefined
    })
    return await Promise.race([result, life.ended.then(() => undefined)])
  }

  #pass(point: string, life: Life): void {
    this.pointsPassed.set(point, (this.pointsPassed.get(point) ?? 0) + 1)
    const { plan } = this
    if (plan === undefined || this.#life !== life) return
    if (plan.point !== undefined && plan.point !== point) return
    plan.passings -= 1
    if (plan.passings <= 0) this.crash({ isPowerCut: plan.isPowerCut, why: `at ${point}` })
  }

  #unexpected(error: unknown): void {
    this.#history.violate(
      `unexpected: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    )
  }
}

async function outboxAfter(view: Queryable, sequence: bigint): Promise<readonly Uint8Array[]> {
  const runs = walkRows<Run>((last) => readOutbox(view, last?.last ?? sequence))
  return await Array.fromAsync(runs, ({ changes }) => changes)
}

async function rebuildInto(database: SqliteMemory, options: ProcessOptions): Promise<true> {
  const { scenario, life } = options
  const ground = await openGround(options)
  const { nodes, keyring, world, telemetry } = ground
  const sql = sqlOf(database.open(), life)
  const rows = nodes.map(({ id }, number) => ({ id, number }))
  const cluster = new Cluster(rows, { sql, nodes, world, telemetry })
  await cluster.check()
  const store = openChunkStore({ ...ground, scenario, cluster, sql })
  await rebuild({
    sql,
    nodes: present(nodes),
    nodesAbsent: nodes.filter(({ stores }) => stores === undefined).length,
    lossTolerated: scenario.profile.parity,
    keyring,
    rooms: allRooms.slice(1),
    blobs: {
      write: () => Promise.reject(new TypeError('a rebuild writes no snapshot')),
      read: blobReader(store, new AbortController().signal),
    },
    telemetry,
    onProgress: () => {},
  })
  return true
}
