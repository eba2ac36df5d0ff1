/**
 * One LMDB environment: the tables of a node in one file. What lmdb-js promises and what it does not is handled here and nowhere else.
 *
 * A write is durable when its promise resolves only without `overlappingSync`, which is on by default: LMDB then writes pages, syncs them, and
 * writes the root of the new tree through a descriptor opened with O_DSYNC. `eventTurnBatching`, on by default too, makes promises that nobody can
 * catch when a commit fails. So all writes are explicit batches: one batch is never torn, and batches that wait together share one commit.
 */
import assert from 'node:assert'
import { type Database, open, type RootDatabase } from 'lmdb'
import type { NodeHome } from '#shard/_home'
import { lmdbPageBytes } from '#shard/_lmdb-path'
import { shardFault } from '#shard/faults'
import type { World } from '#world/world'

export type Table = Database<Uint8Array, Uint8Array>

export interface Tables {
  /** Shard id → where its pieces are. */
  readonly shards: Table
  /** Number of a shard and ordinal of a piece → bytes. */
  readonly pieces: Table
  /** Number of a shard that has pieces and no name yet. */
  readonly incoming: Table
  readonly log: Table
  readonly stage: Table
  readonly files: Table
}

/** What the first page of a large value does not hold of it. */
export const lmdbPageHeaderBytes = 24

/** Address space to begin with, not memory and not disk; LMDB maps more when the file outgrows it. */
const mapBytes = 64 * 1024 ** 3

/** How often the directory is looked for under its name. */
const lookEveryMs = 100

/** LMDB tells a short write, which is what a full disk makes, as an I/O error. With less room than this it was the former. */
const fullBelowBytes = 64 * 1024 * 1024

/** Of errno and of LMDB. */
const ioError = 5
const noSpace = 28
const mapFull = -30792

const binary = { encoding: 'binary', keyEncoding: 'binary' } as const

export interface OpenedTables {
  readonly root: RootDatabase<Uint8Array, Uint8Array>
  readonly tables: Tables
}

/** Opens the file at `path`, which `requireWholeFile` has seen, or makes it there, with its tables. Throws what LMDB throws. */
export function openTables(path: string): OpenedTables {
  const root = open<Uint8Array, Uint8Array>({
    path,
    ...binary,
    noSubdir: true,
    maxDbs: 6,
    pageSize: lmdbPageBytes,
    mapSize: mapBytes,
    overlappingSync: false,
    eventTurnBatching: false,
  })
  const table = (name: string): Table => root.openDB<Uint8Array, Uint8Array>(name, binary)
  const tables = {
    shards: table('shards'),
    pieces: table('pieces'),
    incoming: root.openDB<Uint8Array, Uint8Array>('incoming', { ...binary, useVersions: true }),
    log: table('log'),
    stage: table('stage'),
    files: table('files'),
  }
  return { root, tables }
}

export class LmdbEnvironment {
  readonly home: NodeHome
  readonly tables: Tables
  readonly #world: World
  readonly #root: OpenedTables['root']
  readonly #running = new Set<Promise<unknown>>()
  #isClosed = false
  /** After a failed write LMDB may be beyond use, and a further one would wait forever. */
  #failure: string | undefined
  /** Failures are judged in the order they came: what follows one that ended the node is no verdict of its own. */
  #judged: Promise<unknown> = Promise.resolve()
  /** When to look again whether the directory is still there (monotonic ms). */
  #lookAt = 0

  constructor(home: NodeHome, { root, tables }: OpenedTables) {
    this.home = home
    this.#world = home.world
    this.#root = root
    this.tables = tables
  }

  /**
   * Runs `work`, which may read and write, and turns failures into the stores' own: `shard/node-lost` when the directory is gone, which LMDB
   * would not notice, since the file lives on without a name.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    const reason = this.#isClosed ? 'closed' : this.#failure
    if (reason !== undefined)
      return Promise.reject(shardFault('shard/io', { node: this.home.node, reason }))
    const running = this.home.guard(async () => {
      await this.#look()
      return await work()
    })
    const settled = running.catch(() => {})
    this.#running.add(settled)
    void settled.then(() => this.#running.delete(settled))
    return running
  }

  /** All puts and removals that `work` asks for, or none. Durable on return. Only within `run`, and `work` must not throw. */
  async write(work: () => void): Promise<void> {
    await this.#settle(this.tables.shards.batch(work))
  }

  /** The same if `incoming` still has `number`, and says so. */
  writeIfIncoming(number: Uint8Array, work: () => void): Promise<boolean> {
    return this.#settle(this.tables.incoming.ifVersion(number, 1, work))
  }

  /** `shard/node-lost`, also when LMDB has failed: until the program starts again, which alone opens the file anew. */
  async probe(): Promise<void> {
    if (this.#failure !== undefined)
      throw shardFault('shard/node-lost', { node: this.home.node, reason: this.#failure })
    await this.home.probe()
  }

  /** Waits for what runs: LMDB minds a close in the middle of a write very much. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    while (this.#running.size > 0) await Promise.all(this.#running)
    await this.#root.close()
  }

  /** The file never shrinks: what was removed from it is free for what comes. */
  async capacity(): Promise<{ readonly totalBytes: number; readonly freeBytes: number }> {
    const { totalBytes, freeBytes } = await this.home.disk.capacity()
    return { totalBytes, freeBytes: Math.min(totalBytes, freeBytes + this.#reusableBytes()) }
  }

  #reusableBytes(): number {
    const { lastPageNumber, root, free } = statsOf(this.#root)
    const used = [root, free, ...Object.values(this.tables).map(statsOf)].map(
      ({ treeBranchPageCount, treeLeafPageCount, overflowPages }) =>
        treeBranchPageCount + treeLeafPageCount + overflowPages,
    )
    const metaPages = 2
    const pages = used.reduce((sum, count) => sum + count, metaPages)
    return Math.max(0, lastPageNumber + 1 - pages) * lmdbPageBytes
  }

  async #settle(written: Promise<boolean>): Promise<boolean> {
    try {
      return await written
    } catch (error) {
      const judged = this.#judged.then(() => this.#translate(error))
      this.#judged = judged.catch(() => {})
      throw await judged
    }
  }

  async #translate(error: unknown): Promise<Error> {
    const { node, disk } = this.home
    const cause = await causeOf(error)
    const code = codeOf(cause)
    if (this.#failure !== undefined)
      return shardFault('shard/io', { node, reason: this.#failure }, cause)
    const detail = { node, reason: String(cause) }
    if (code === noSpace || code === mapFull) return shardFault('shard/node-full', detail, cause)
    if (code === ioError && (await disk.capacity()).freeBytes < fullBelowBytes)
      return shardFault('shard/node-full', detail, cause)
    this.#failure = detail.reason
    return shardFault('shard/io', detail, cause)
  }

  async #look(): Promise<void> {
    const now = this.#world.monotonic()
    if (now < this.#lookAt) return
    await this.home.probe()
    this.#lookAt = now + lookEveryMs
  }
}

interface TreeStats {
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}
interface Stats extends TreeStats {
  readonly lastPageNumber: number
  readonly root: TreeStats
  readonly free: TreeStats
}

function statsOf(table: Table): Stats {
  return table.getStats() as Stats // typed as {} by the package
}

/** A failed commit rejects with a general error that holds the promise of the true one, which nobody else may leave unhandled. */
async function causeOf(error: unknown): Promise<unknown> {
  assert(error instanceof Error)
  if (!('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return cause
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
