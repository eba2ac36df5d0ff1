/** Fields of a TOML table: each is read once, and what nobody read is told. */
import { isFault } from '#fault/fault'

export type Table = Readonly<Record<string, unknown>>
type Refuse = (reason: string) => Error

export interface ListRules<Item> {
  readonly most: number
  readonly read: (text: string) => Item
}

export class Reader {
  readonly #table: Table
  readonly #path: string
  readonly #refuse: Refuse
  readonly #known = new Set<string>()

  constructor(table: Table, path: string, refuse: Refuse) {
    this.#table = table
    this.#path = path
    this.#refuse = refuse
  }

  keys(): string[] {
    return Object.keys(this.#table)
  }

  text<Value>(key: string, read: (text: string) => Value): Value | undefined {
    const value = this.#take(key)
    if (value === undefined) return undefined
    if (typeof value !== 'string') throw this.#wrong(key, 'it is no text')
    return this.ask(key, () => read(value))
  }

  integer(key: string): number | undefined {
    const value = this.#take(key)
    if (value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw this.#wrong(key, 'it is no whole number')
    return value
  }

  texts<Item>(key: string, { most, read }: ListRules<Item>): readonly Item[] | undefined {
    return this.items(key, {
      most,
      read: (item) => {
        if (typeof item !== 'string') throw this.#refuse('it is no text')
        return read(item)
      },
    })
  }

  items<Item>(
    key: string,
    { most, read }: { readonly most: number; readonly read: (item: unknown) => Item },
  ): readonly Item[] | undefined {
    const value = this.#take(key)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw this.#wrong(key, 'it is no list')
    if (value.length > most) throw this.#wrong(key, `it has more than ${most} entries`)
    return value.map((item, index) => this.ask(`${key}[${index}]`, () => read(item)))
  }

  table(key: string): Reader | undefined {
    const value = this.#take(key)
    return value === undefined ? undefined : readTable(value, this.#at(key), this.#refuse)
  }

  /** Keys that are somebody else's. */
  ignore(keys: readonly string[]): void {
    for (const key of keys) this.#known.add(key)
  }

  warnings(): readonly string[] {
    return this.keys()
      .filter((key) => !this.#known.has(key))
      .map((key) => `${this.#at(key)} is not known: it is kept, and means nothing`)
  }

  /** Says which key it was about, whatever `read` refuses. */
  ask<Value>(key: string, read: () => Value): Value {
    try {
      return read()
    } catch (error) {
      if (isFault(error)) throw this.#wrong(key, String(error.detail['reason'] ?? error.code))
      throw error
    }
  }

  #take(key: string): unknown {
    this.#known.add(key)
    return Object.hasOwn(this.#table, key) ? this.#table[key] : undefined
  }

  #at(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`
  }

  #wrong(key: string, reason: string): Error {
    return this.#refuse(`${this.#at(key)}: ${reason}`)
  }
}

export function readTable(value: unknown, path: string, refuse: Refuse): Reader {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date)
    throw refuse(path === '' ? 'it is no table' : `${path} is no table`)
  return new Reader(value as Table, path, refuse) // an object that is no list has keys
}
