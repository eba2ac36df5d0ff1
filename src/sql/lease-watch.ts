/** Watches who holds the lease of a database, without wanting it. */
import { readLease, type SeenLease } from '#sql/lease'
import { parsePostgresAddress } from '#sql/postgres-address'
import { PostgresConnection } from '#sql/postgres-connection'

export class LeaseWatch implements Disposable {
  readonly #address: string
  #connection: PostgresConnection | undefined

  constructor(address: string) {
    this.#address = address
  }

  /** As it is now; `undefined` when nobody has ever held it. `sql/unavailable`: the next look finds a server that has come back. */
  async look(): Promise<SeenLease | undefined> {
    const connection = await this.#open()
    try {
      return await readLease(connection)
    } catch (error) {
      connection.abandon() // what it still has to say belongs to this look
      throw error
    }
  }

  [Symbol.dispose](): void {
    this.#connection?.close()
  }

  async #open(): Promise<PostgresConnection> {
    if (this.#connection?.isOpen !== true)
      this.#connection = await PostgresConnection.open(parsePostgresAddress(this.#address))
    return this.#connection
  }
}
