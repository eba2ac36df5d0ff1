/**
 * The change log of servers without nodes: changes have their order and their rooms as everywhere, and are durable when the database has them. There is
 * no second copy to rebuild it from; who keeps the database safe (a backup, a replica) keeps everything safe. Several processes may commit to one
 * database: each group of works is one transaction, which first locks the row that counts.
 */
import type { ChangeLog, ChangeRoom } from '#changelog/change'
import { changelogFault } from '#changelog/faults'
import { Group } from '#changelog/group'
import { type ChangeRooms, migrate, roomsByName } from '#changelog/rooms'
import { lockHead, recordHead } from '#changelog/shared-state'
import { decideAll, type Waiting, type Work, waitingFor } from '#changelog/work'
import { isFault } from '#fault/fault'
import type { SharedSql, Transaction } from '#sql/sql'
import type { World } from '#world/world'

export interface SharedChangeLogOptions {
  /** `beginSharedLog` has begun there. Not closed with the log. */
  readonly sql: SharedSql
  readonly rooms: readonly ChangeRoom[]
  readonly world: World
}

/** Creates or migrates the tables; several processes may do so at once. Faults of `sql`. */
export async function openSharedChangeLog({
  sql,
  rooms,
  world,
}: SharedChangeLogOptions): Promise<ChangeLog> {
  const byName = roomsByName(rooms)
  const committed = await sql.transaction(async (tx) => {
    const head = await lockHead(tx)
    await migrate(tx, byName)
    return head
  })
  return new SharedChangeLog({ sql, rooms: byName, committed, world })
}

class SharedChangeLog implements ChangeLog {
  readonly #sql: SharedSql
  readonly #rooms: ChangeRooms
  readonly #world: World
  #committed: bigint
  #waiting: Waiting[] = []
  #active: Promise<void> | undefined
  #isClosed = false

  constructor({
    sql,
    rooms,
    committed,
    world,
  }: {
    readonly sql: SharedSql
    readonly rooms: ChangeRooms
    readonly committed: bigint
    readonly world: World
  }) {
    this.#sql = sql
    this.#rooms = rooms
    this.#committed = committed
    this.#world = world
  }

  commit<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isClosed)
        return reject(changelogFault('changelog/unavailable', { state: 'closed' }))
      this.#waiting.push(waitingFor(work, { resolve, reject }))
      this.#active ??= this.#work()
    })
  }

  /** What can be read is durable: a database shows a commit only when it will survive. */
  async reached(): Promise<void> {}

  /** The newest that this process has committed or met; others may be further. */
  committed(): bigint {
    return this.#committed
  }

  witnessesMissing(): readonly string[] {
    return []
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#active
  }

  async #work(): Promise<void> {
    await undefined // whoever goes on in the same moment joins the group
    while (this.#waiting.length > 0) await this.#decideGroup()
    this.#active = undefined
  }

  async #decideGroup(): Promise<void> {
    const works = this.#waiting.splice(0)
    try {
      const { tellings, committed } = await this.#sql.transaction((tx) => this.#decide(tx, works))
      this.#committed = committed
      this.#world.passing('changelog/committed')
      this.#waiting.unshift(...works.splice(tellings.length))
      for (const tell of tellings) tell()
    } catch (error) {
      // Whether a commit whose answer was lost has happened, nobody knows.
      const told = isFault(error, 'sql/unavailable')
        ? changelogFault('changelog/unavailable', { state: 'unavailable' }, error)
        : error
      for (const { reject } of works) reject(told)
    }
  }

  async #decide(tx: Transaction, works: readonly Waiting[]): Promise<Decided> {
    const committed = await lockHead(tx)
    const at = Math.floor(this.#world.now())
    const group = new Group(tx, { rooms: this.#rooms, committed, at })
    const tellings = await decideAll(works, group)
    const run = group.run()
    if (run !== undefined) await recordHead(tx, run.last)
    this.#world.passing('changelog/decided')
    return { tellings, committed: run?.last ?? committed }
  }
}

interface Decided {
  readonly tellings: readonly (() => void)[]
  /** Sequence of the newest change then. */
  readonly committed: bigint
}
