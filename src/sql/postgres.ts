import { isFault } from '#fault/fault'
import { sqlFault } from '#sql/faults'
import {
  countTransactions,
  giveLeaseBack,
  type Lease,
  type LeaseHolder,
  leaseHeld,
  leaseMs,
  markLease,
  takeLease,
} from '#sql/lease'
import {
  connectionsMaxDefault,
  type PostgresAddress,
  parsePostgresAddress,
} from '#sql/postgres-address'
import { isRefusal, PostgresConnection } from '#sql/postgres-connection'
import { PostgresPool } from '#sql/postgres-pool'
import { PostgresReplica, type Standing } from '#sql/postgres-replica'
import { beginning, PostgresTransaction, rollBack } from '#sql/postgres-transaction'
import { Queue } from '#sql/queue'
import type { Queryable, Sql, SqlRow, SqlValue, Transaction } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface PostgresOptions {
  readonly address: string
  /** Of a server that follows that one, and may answer reads. Not with `schema`. */
  readonly replicaAddress?: string
  readonly holder: LeaseHolder
  /** Connections that read; beside them one writes, and one serves a view while there is one. */
  readonly connectionsMax?: number
  /** Tables lie here instead of where the server puts them by itself. A name of ours, not a user's. */
  readonly schema?: string
  /** Another process has taken the database over: nothing will be written any more. */
  readonly onLeaseLost?: () => void
  readonly world: World
  readonly telemetry: Telemetry
}

/**
 * A database on a PostgreSQL server, with the right to write into it. `sql/lease-held`, `sql/unavailable`, `sql/malformed-address`.
 * Later, while the server is away, everything is `sql/unavailable`; it recovers by itself.
 */
export async function openPostgres(options: PostgresOptions): Promise<Sql> {
  const address = parsePostgresAddress(options.address)
  const connection = await PostgresConnection.open(address)
  try {
    const lease = await acquire(connection, options)
    return new PostgresSql(options, { address, connection, lease })
  } catch (error) {
    connection.close()
    throw error
  }
}

/** How often the lease is renewed when there is nothing to write. */
const renewMs = leaseMs / 3

async function acquire(connection: PostgresConnection, options: PostgresOptions): Promise<Lease> {
  const { schema, holder } = options
  if (schema !== undefined) await connection.command(`create schema if not exists ${schema}`)
  await connection.command(beginning(options))
  try {
    const lease = await takeLease(connection, holder)
    await connection.command('commit')
    return lease
  } catch (error) {
    if (!isFault(error, 'sql/unavailable') || error.detail['state'] !== lockNotAvailable)
      throw error
    await connection.command('rollback')
    await connection.command(beginning(options))
    throw await leaseHeld(connection) // its holder is in the middle of a long transaction
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const lockNotAvailable = '55P03'

/** A commit of which we do not know whether it happened. */
interface Doubt {
  readonly number: number
  readonly onCommitted: () => void
}

class PostgresSql implements Sql {
  readonly #options: PostgresOptions
  readonly #address: PostgresAddress
  readonly #lease: Lease
  readonly #readers: PostgresPool
  readonly #replica: PostgresReplica | undefined
  readonly #queue = new Queue()
  readonly #closing = new AbortController()
  #writer: PostgresConnection
  /** Our transactions that are committed. */
  #committed = 0
  #committing: Promise<void> | undefined
  #doubt: Doubt | undefined
  /** On our monotonic clock: until then nobody else can have taken the lease. */
  #heldUntil: number
  #isLost = false

  constructor(
    options: PostgresOptions,
    {
      address,
      connection,
      lease,
    }: {
      readonly address: PostgresAddress
      readonly connection: PostgresConnection
      readonly lease: Lease
    },
  ) {
    const { connectionsMax = connectionsMaxDefault, replicaAddress } = options
    this.#options = options
    this.#address = address
    this.#writer = connection
    this.#lease = lease
    this.#readers = new PostgresPool(address, { connectionsMax })
    if (replicaAddress !== undefined)
      this.#replica = new PostgresReplica(parsePostgresAddress(replicaAddress), {
        connectionsMax,
        ...options,
      })
    this.#heldUntil = options.world.monotonic() + leaseMs
    void this.#renew()
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    const replica = this.#replicaToAsk()
    const rows =
      (await replica?.read<Row>(text, values, this.#standing())) ??
      (await this.#read<Row>(await this.#readers.take(), text, values))
    await this.#settled()
    return rows
  }

  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    { onCommitted }: { readonly onCommitted?: (result: T) => void } = {},
  ): Promise<T> {
    return this.#queue.run(async () => {
      await this.#resolveDoubt()
      const writer = await this.#openWriter()
      const tx = new PostgresTransaction(writer)
      let result: T
      let heldUntil: number
      try {
        heldUntil = await this.#begin(writer)
        result = await work(tx)
        tx.end()
        if (this.#isLate(heldUntil)) heldUntil = await this.#mark(writer)
      } catch (error) {
        tx.forget()
        await rollBack(writer)
        throw error
      }
      await this.#commit(writer, () => onCommitted?.(result))
      this.#heldUntil = heldUntil
      return result
    })
  }

  async view<T>(work: (view: Queryable) => Promise<T>): Promise<T> {
    this.#assertOpen()
    await this.#settled()
    const connection =
      (await this.#replicaToAsk()?.view(this.#standing())) ?? (await this.#openView())
    try {
      await this.#settled()
      return await work({
        query: <Row extends SqlRow>(text: TemplateStringsArray, ...values: readonly SqlValue[]) =>
          connection.read<Row>(text, values),
      })
    } finally {
      connection.close()
    }
  }

  async close(): Promise<void> {
    await this.#queue.run(async () => {
      if (this.#closing.signal.aborted) return
      await this.#giveBack()
      this.#closing.abort()
      this.#writer.close()
      this.#readers.close()
      this.#replica?.close()
    })
  }

  /** Only as long as nobody else can have written: else it might lag behind a holder that we do not know of. */
  #replicaToAsk(): PostgresReplica | undefined {
    return this.#options.world.monotonic() < this.#heldUntil ? this.#replica : undefined
  }

  #standing(): Standing {
    return { lease: this.#lease, committed: this.#committed }
  }

  async #openView(): Promise<PostgresConnection> {
    const connection = await PostgresConnection.open(this.#address)
    try {
      const begin = beginning(this.#options)
      await connection.command(
        `${begin}; set transaction isolation level repeatable read read only`,
      )
      await connection.query`select 1 as one` // fixes what the others see
      return connection
    } catch (error) {
      connection.close()
      throw error
    }
  }

  async #read<Row extends SqlRow>(
    connection: PostgresConnection,
    text: TemplateStringsArray,
    values: readonly SqlValue[],
  ): Promise<readonly Row[]> {
    const { schema } = this.#options
    if (schema === undefined) return await connection.read<Row>(text, values)
    const begun = connection.command(`begin read only; set local search_path = ${schema}`)
    const rows = connection.read<Row>(text, values)
    const [, read] = await Promise.all([begun, rows, connection.command('rollback')])
    return read
  }

  /**
   * Others see a commit before we hear of it. Whoever may have read one waits until it is known, for `onCommitted` comes before anybody
   * reads what was committed.
   */
  async #settled(): Promise<void> {
    await this.#committing
    if (this.#doubt !== undefined) await this.#queue.run(() => this.#resolveDoubt())
  }

  async #openWriter(): Promise<PostgresConnection> {
    this.#assertOpen()
    if (!this.#writer.isOpen) this.#writer = await PostgresConnection.open(this.#address)
    return this.#writer
  }

  /** Until when the lease is held once the transaction is committed. */
  async #begin(writer: PostgresConnection): Promise<number> {
    const begun = writer.command(beginning(this.#options))
    const marked = this.#mark(writer)
    try {
      const [heldUntil] = await Promise.all([marked, begun])
      return heldUntil
    } catch (error) {
      await Promise.allSettled([begun, marked])
      this.#noteLoss(error)
      throw error
    }
  }

  async #mark(writer: PostgresConnection): Promise<number> {
    const heldUntil = this.#options.world.monotonic() + leaseMs
    await markLease(writer, this.#lease, this.#committed + 1)
    return heldUntil
  }

  /** A long transaction keeps others out while it lasts, but would end with a lease that is over. */
  #isLate(heldUntil: number): boolean {
    return this.#options.world.monotonic() > heldUntil - leaseMs + renewMs
  }

  async #commit(writer: PostgresConnection, onCommitted: () => void): Promise<void> {
    const known = Promise.withResolvers<void>()
    this.#committing = known.promise
    try {
      const number = this.#committed + 1
      if (!(await this.#sendCommit(writer, { number, onCommitted }))) return
      this.#committed = number
      onCommitted()
    } finally {
      this.#committing = undefined
      known.resolve()
    }
  }

  /** True when the server says that it is committed, false when we have looked and seen it. */
  async #sendCommit(writer: PostgresConnection, doubt: Doubt): Promise<boolean> {
    let said: string
    try {
      said = await writer.command('commit')
    } catch (error) {
      if (isRefusal(error)) throw error
      writer.abandon()
      this.#doubt = doubt
      if (await this.#resolveDoubt()) return false
      throw error
    }
    if (said === 'COMMIT') return true
    throw sqlFault('sql/unavailable', { reason: 'the transaction was rolled back' })
  }

  /** Looks whether the doubtful commit happened, and then says so. `sql/unavailable` while nobody can be asked. */
  async #resolveDoubt(): Promise<boolean> {
    const doubt = this.#doubt
    if (doubt === undefined) return false
    const writer = await this.#openWriter()
    try {
      await writer.command(beginning(this.#options))
      const committed = await countTransactions(writer, this.#lease)
      this.#doubt = undefined
      if (committed !== doubt.number) return false
      this.#committed = committed
      doubt.onCommitted()
      return true
    } catch (error) {
      this.#noteLoss(error)
      throw error
    } finally {
      await rollBack(writer)
    }
  }

  async #renew(): Promise<void> {
    const { world, telemetry } = this.#options
    const { signal } = this.#closing
    while (!this.#isLost) {
      try {
        await world.sleep(renewMs, { signal })
      } catch {
        return // closed
      }
      await this.transaction(async () => {}).catch((error: unknown) => {
        if (!signal.aborted) telemetry.note('warn', 'The lease was not renewed', { error })
      }) // each transaction renews
    }
  }

  async #giveBack(): Promise<void> {
    try {
      const writer = await this.#openWriter()
      await writer.command(beginning(this.#options))
      await giveLeaseBack(writer, this.#lease)
      await writer.command('commit')
    } catch (error) {
      if (!isFault(error)) throw error // it expires by itself
    }
  }

  #noteLoss(error: unknown): void {
    if (!isFault(error, 'sql/lease-lost') || this.#isLost) return
    this.#isLost = true
    this.#options.onLeaseLost?.()
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw sqlFault('sql/unavailable', { reason: 'closed' })
    if (this.#isLost) throw sqlFault('sql/lease-lost')
  }
}
