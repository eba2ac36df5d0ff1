import { sqlFault } from '#sql/faults'
import type { PostgresAddress } from '#sql/postgres-address'
import { PostgresConnection } from '#sql/postgres-connection'

/** Connections that statements share, opened as they are needed and anew when they are lost. */
export class PostgresPool {
  readonly #address: PostgresAddress
  readonly #connectionsMax: number
  #connections: PostgresConnection[] = []
  #opening: Promise<PostgresConnection> | undefined
  #isClosed = false

  constructor(address: PostgresAddress, { connectionsMax }: { readonly connectionsMax: number }) {
    this.#address = address
    this.#connectionsMax = connectionsMax
  }

  /** The one with the least to do. `sql/unavailable` */
  async take(): Promise<PostgresConnection> {
    if (this.#isClosed) throw sqlFault('sql/unavailable', { reason: 'closed' })
    this.#connections = this.#connections.filter(({ isOpen }) => isOpen)
    const idlest = this.#connections.reduce<PostgresConnection | undefined>(
      (best, one) => (best !== undefined && best.inFlight <= one.inFlight ? best : one),
      undefined,
    )
    const isFull = this.#connections.length >= this.#connectionsMax
    if (idlest !== undefined && (isFull || idlest.inFlight === 0)) return idlest
    this.#opening ??= this.#open() // one at a time: a server that comes back is not stormed
    return idlest ?? (await this.#opening)
  }

  close(): void {
    this.#isClosed = true
    for (const connection of this.#connections) connection.close()
  }

  async #open(): Promise<PostgresConnection> {
    try {
      const connection = await PostgresConnection.open(this.#address)
      this.#connections.push(connection)
      if (this.#isClosed) connection.close()
      return connection
    } finally {
      this.#opening = undefined
    }
  }
}
