import assert from 'node:assert/strict'
import { Client, DatabaseError } from 'pg'
import { isFault } from '#fault/fault'
import { readerOf, toPostgres } from '#sql/dialect'
import { sqlFault } from '#sql/faults'
import { type PostgresAddress, tlsOptions } from '#sql/postgres-address'
import type { Queryable, SqlRow, SqlValue } from '#sql/sql'
import { isReading } from '#sql/statement'

const connectTimeoutMs = 5_000
/** A server that does not answer for so long is as good as none. */
const answerTimeoutMs = 30_000
/** Making an index, or gathering statistics, may take as long as the table is large. */
const schemaTimeoutMs = 60 * 60_000

/**
 * One connection to PostgreSQL. Statements are sent at once and answered in order. None is prepared by name and no setting outlives a
 * transaction, so a pooler may hand each transaction to another session.
 */
export class PostgresConnection implements Queryable {
  readonly #client: Client
  #isOpen = true
  #inFlight = 0

  private constructor(client: Client) {
    this.#client = client
    const lost = (): void => {
      this.#isOpen = false
    }
    client.on('error', lost) // the statements under way hear of it as well
    client.on('end', lost)
  }

  /** `sql/unavailable` with the server's reason, `sql/malformed-address`. */
  static async open(address: PostgresAddress): Promise<PostgresConnection> {
    const ssl = await tlsOptions(address)
    const { host, port, user, password, database } = address
    const client = new Client({
      ...{ host, port, user, password, database, ssl },
      application_name: 'mycelium',
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
      query_timeout: answerTimeoutMs,
      pipeline: true,
      types: { getTypeParser: readerOf },
    })
    const connection = new PostgresConnection(client)
    try {
      await client.connect()
      return connection
    } catch (error) {
      connection.abandon()
      throw unavailable(error)
    }
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Statements that are not answered yet. */
  get inFlight(): number {
    return this.#inFlight
  }

  async query<Row extends SqlRow = SqlRow>(
    template: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    const { text, values: bound } = toPostgres(template, values)
    const isSchema = /^\s*(alter|analyze|create|drop)\b/i.test(text)
    return await this.#count(async () => {
      const { rows } = await this.#client.query<Row>({
        text,
        values: [...bound],
        ...(isSchema ? { query_timeout: schemaTimeoutMs } : {}),
      })
      return rows
    })
  }

  /** `query` for statements that only read: others are a mistake of the caller. */
  async read<Row extends SqlRow>(
    template: TemplateStringsArray,
    values: readonly SqlValue[],
  ): Promise<readonly Row[]> {
    assert(isReading(template.join('?')), 'outside a transaction there are only reads')
    return await this.query<Row>(template, ...values)
  }

  /** Statements without values, separated by semicolons; returns what the server says that the last one was. */
  async command(text: string): Promise<string> {
    return await this.#count(async () => {
      const results = await this.#client.query(text)
      const last = Array.isArray(results) ? results.at(-1) : results
      return String(last?.command)
    })
  }

  /** What is open is rolled back, by the server. Idempotent. */
  close(): void {
    this.#isOpen = false
    this.#client.end().catch(() => {}) // it is gone either way
  }

  /** `close` without a word to the server, of which nothing is expected any more. */
  abandon(): void {
    this.#isOpen = false
    this.#client.connection.stream.destroy()
  }

  async #count<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#isOpen) throw sqlFault('sql/unavailable', { reason: 'the connection is closed' })
    this.#inFlight += 1
    try {
      return await ask()
    } catch (error) {
      throw faultOf(error)
    } finally {
      this.#inFlight -= 1
    }
  }
}

/**
 * Classes of SQLSTATE that come from the world and not from a mistake in a statement.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const faults: readonly (readonly [prefix: string, code: Parameters<typeof sqlFault>[0]])[] = [
  ['23', 'sql/constraint'],
  ['53100', 'sql/full'],
  ['XX001', 'sql/corrupt'],
  ['XX002', 'sql/corrupt'],
  ['08', 'sql/unavailable'], // connection
  ['25006', 'sql/unavailable'], // the server has become a replica
  ['25P03', 'sql/unavailable'], // idle for too long in a transaction
  ['28', 'sql/unavailable'], // who we are
  ['3D000', 'sql/unavailable'], // no such database
  ['40', 'sql/unavailable'], // rolled back for another's sake
  ['42501', 'sql/unavailable'], // no right to it
  ['53', 'sql/unavailable'], // memory, connections
  ['55P03', 'sql/unavailable'], // somebody else's lock
  ['57', 'sql/unavailable'], // shutting down, starting up, cancelled
  ['58', 'sql/unavailable'], // input and output
]

/** The fault that an error of `pg` stands for; a mistake in a statement is returned as it is. */
function faultOf(error: unknown): unknown {
  if (isFault(error)) return error
  if (!(error instanceof DatabaseError)) return unavailable(error)
  const code = faults.find(([prefix]) => error.code?.startsWith(prefix))?.[1]
  if (code === undefined) return error
  return sqlFault(code, { state: error.code, reason: error.message }, error)
}

/** True when the server has said no to this statement, and the session goes on: then the statement has done nothing. */
export function isRefusal(error: unknown): boolean {
  const origin = isFault(error) ? error.cause : error
  return origin instanceof DatabaseError && origin.severity === 'ERROR'
}

function unavailable(error: unknown): Error {
  const reason = error instanceof Error ? error.message || error.name : String(error)
  return sqlFault('sql/unavailable', { reason }, error)
}
