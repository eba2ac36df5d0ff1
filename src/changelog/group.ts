/** The works of one SQL transaction, each in a savepoint; their changes become one run. */
import assert from 'node:assert/strict'
import type { ChangeBody, CommitTransaction, SequencedChange } from '#changelog/change'
import type { Run } from '#changelog/frame'
import { encodeRecord } from '#changelog/record'
import { applyChange, type ChangeRooms, parseChangeBody } from '#changelog/rooms'
import type { SqlRow, SqlValue, Transaction } from '#sql/sql'

export class Group {
  readonly at: number
  readonly #tx: Transaction
  readonly #rooms: ChangeRooms
  readonly #first: bigint
  readonly #records: Buffer[] = []
  readonly #facts = new Map<string, Fact>()
  #bytes = 0

  constructor(
    tx: Transaction,
    {
      rooms,
      committed,
      at,
    }: { readonly rooms: ChangeRooms; readonly committed: bigint; readonly at: number },
  ) {
    this.#tx = tx
    this.#rooms = rooms
    this.#first = committed + 1n
    this.at = at
  }

  get bytes(): number {
    return this.#bytes
  }

  /** What the works have recorded; `undefined` when that is nothing. */
  run(): Run | undefined {
    if (this.#records.length === 0) return undefined
    const last = this.#first + BigInt(this.#records.length) - 1n
    return { first: this.#first, last, changes: Buffer.concat(this.#records) }
  }

  /** When `work` throws, or one of its changes could not be applied, nothing of it remains. */
  async do<T>(work: (tx: CommitTransaction) => Promise<T>): Promise<T> {
    const count = this.#records.length
    const handle = new WorkHandle(this)
    try {
      return await this.#tx.savepoint(async () => {
        const result = await work(handle)
        handle.assertSound()
        return result
      })
    } catch (error) {
      for (const record of this.#records.splice(count)) this.#bytes -= record.length
      this.#facts.clear() // it may have read what it had written itself
      throw error
    } finally {
      handle.end()
    }
  }

  query<Row extends SqlRow>(
    text: TemplateStringsArray,
    values: readonly SqlValue[],
  ): Promise<readonly Row[]> {
    return this.#tx.query<Row>(text, ...values)
  }

  /** `apply` sees what a rebuild will see: the body as it comes out of its text. */
  async record(body: ChangeBody): Promise<SequencedChange> {
    const sequence = this.#first + BigInt(this.#records.length)
    const json = JSON.stringify(body)
    const record = encodeRecord({ sequence, at: this.at, json: Buffer.from(json) })
    this.#records.push(record)
    this.#bytes += record.length
    const change = { sequence, at: this.at, body: parseChangeBody(json) }
    for (const [name, { unmovedBy }] of this.#facts)
      if (!unmovedBy.has(body.kind)) this.#facts.delete(name)
    await applyChange(this.#rooms, this.#tx, change)
    return change
  }

  async once<T>(fact: string, read: () => Promise<T>, unmovedBy: ReadonlySet<string>): Promise<T> {
    const known = this.#facts.get(fact)
    if (known !== undefined) return known.found as T // by its name
    const found = await read()
    this.#facts.set(fact, { found, unmovedBy })
    return found
  }
}

/** What a work has read that others may need. */
interface Fact {
  readonly found: unknown
  readonly unmovedBy: ReadonlySet<string>
}

class WorkHandle implements CommitTransaction {
  readonly at: number
  readonly #group: Group
  #isOver = false
  #failure: { readonly error: unknown } | undefined

  constructor(group: Group) {
    this.#group = group
    this.at = group.at
  }

  async query<Row extends SqlRow = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlValue[]
  ): Promise<readonly Row[]> {
    assert(!this.#isOver, 'a commit used after its end')
    return this.#group.query<Row>(text, values)
  }

  async record(body: ChangeBody): Promise<SequencedChange> {
    assert(!this.#isOver, 'a commit used after its end')
    try {
      return await this.#group.record(body)
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }

  async once<T>(fact: string, read: () => Promise<T>, unmovedBy: ReadonlySet<string>): Promise<T> {
    assert(!this.#isOver, 'a commit used after its end')
    return await this.#group.once(fact, read, unmovedBy)
  }

  /** A change that is half applied cannot be kept, even if the work would go on without it. */
  assertSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  end(): void {
    this.#isOver = true
  }
}
