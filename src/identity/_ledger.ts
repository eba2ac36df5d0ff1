/** How this room changes and reads its tables: every change in the change log, and whoever keeps what was so is told. */
import type { ChangeLog, CommitTransaction } from '#changelog/change'
import { settled } from '#changelog/settled'
import type { Keyring } from '#keyring/keyring'
import type { Queryable } from '#sql/sql'
import type { World } from '#world/world'

export interface LedgerParts {
  /** The change log's database. */
  readonly sql: Queryable
  readonly changelog: ChangeLog
  readonly keyring: Keyring
  readonly world: World
}

export class Ledger {
  readonly parts: LedgerParts
  readonly #listeners = new Set<() => void>()

  constructor(parts: LedgerParts) {
    this.parts = parts
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  async change<T>(work: (tx: CommitTransaction) => Promise<T>): Promise<T> {
    const result = await this.parts.changelog.commit(work)
    for (const listener of this.#listeners) listener()
    return result
  }

  /** Of what nobody keeps: nobody is told. */
  async note<T>(work: (tx: CommitTransaction) => Promise<T>): Promise<T> {
    return await this.parts.changelog.commit(work)
  }

  /** Nothing is shown that the log could lose. */
  async settled<T>(read: (sql: Queryable) => Promise<T>): Promise<T> {
    return await settled(this.parts, () => read(this.parts.sql))
  }
}
