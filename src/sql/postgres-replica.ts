/**
 * A replica that follows the server may answer reads, but only with a state that holds all we have committed. Each transaction writes its
 * number into the lease, so the replica itself shows how far it is, in the very state that is read; a server that follows another one
 * shows no lease of ours.
 */
import type { Lease } from '#sql/lease'
import type { PostgresAddress } from '#sql/postgres-address'
import { PostgresConnection } from '#sql/postgres-connection'
import { PostgresPool } from '#sql/postgres-pool'
import type { SqlRow, SqlValue } from '#sql/sql'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** After it has failed, it is left alone for so long. */
const restMs = 5_000
/** A long read may wait this long for a replica that is behind. */
const patienceMs = 5_000
const lookAgainMs = 50

const begin = 'begin isolation level repeatable read read only'

/** What whoever reads must see. */
export interface Standing {
  readonly lease: Lease
  /** Of the holder's transactions. */
  readonly committed: number
}

export class PostgresReplica {
  readonly #address: PostgresAddress
  readonly #pool: PostgresPool
  readonly #world: World
  readonly #telemetry: Telemetry
  #restsUntil = 0

  constructor(
    address: PostgresAddress,
    {
      connectionsMax,
      world,
      telemetry,
    }: {
      readonly connectionsMax: number
      readonly world: World
      readonly telemetry: Telemetry
    },
  ) {
    this.#address = address
    this.#pool = new PostgresPool(address, { connectionsMax })
    this.#world = world
    this.#telemetry = telemetry
  }

  /** `undefined` when it is behind, or away: ask the server. */
  async read<Row extends SqlRow>(
    text: TemplateStringsArray,
    values: readonly SqlValue[],
    standing: Standing,
  ): Promise<readonly Row[] | undefined> {
    return await this.#try(async () => {
      const connection = await this.#pool.take()
      // sent together, and nothing of anybody else's between them
      const begun = connection.command(begin)
      const current = isCurrent(connection, standing)
      const rows = connection.read<Row>(text, values)
      const ended = connection.command('rollback')
      const [, isNew, read] = await Promise.all([begun, current, rows, ended])
      return isNew ? read : undefined
    })
  }

  /** A connection of its own on a state that stays; the caller closes it. `undefined` as above. */
  async view(standing: Standing): Promise<PostgresConnection | undefined> {
    return await this.#try(async () => {
      const connection = await PostgresConnection.open(this.#address)
      try {
        if (await this.#catchUp(connection, standing)) return connection
      } catch (error) {
        connection.close()
        throw error
      }
      connection.close()
      return undefined
    })
  }

  close(): void {
    this.#pool.close()
  }

  async #catchUp(connection: PostgresConnection, standing: Standing): Promise<boolean> {
    const startedAt = this.#world.monotonic()
    for (;;) {
      await connection.command(begin)
      if (await isCurrent(connection, standing)) return true
      await connection.command('rollback')
      if (this.#world.monotonic() - startedAt > patienceMs) return false
      await this.#world.sleep(lookAgainMs)
    }
  }

  async #try<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#world.monotonic() < this.#restsUntil) return undefined
    try {
      return await ask()
    } catch (error) {
      this.#restsUntil = this.#world.monotonic() + restMs
      this.#telemetry.note('warn', 'The replica of the database cannot be read from', { error })
      return undefined // a table may not be there yet; and a mistake in the statement is told by the server too
    }
  }
}

/** In a transaction, whose state it fixes. */
async function isCurrent(
  connection: PostgresConnection,
  { lease: { token }, committed }: Standing,
): Promise<boolean> {
  const found = await connection.query`
    select 1 as found from store_lease where token = ${token} and transactions >= ${committed}`
  return found.length > 0
}
