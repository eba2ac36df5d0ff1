/**
 * A table of settings, field by field, for programs that run for a moment: a library of schemas takes them 80 ms of a processor to load. What is wrong
 * is gathered, and no value is repeated: some are secrets.
 */
export class TableReader {
  readonly #table: Readonly<Record<string, unknown>>
  readonly #path: string
  readonly #mistakes: string[]

  /** `path`: what stands before the names of fields in mistakes, which are added to `mistakes`. */
  constructor(table: unknown, path: string, mistakes: string[]) {
    this.#table = isTable(table) ? table : {}
    this.#path = path
    this.#mistakes = mistakes
    if (!isTable(table)) mistakes.push(`${path.replace(/\.$/, '')}: expected a table`)
  }

  /** `undefined` when it is not there, or a mistake. */
  optional<Value>(name: string, field: Field<Value>): Value | undefined {
    const given = this.#table[name]
    if (given === undefined) return undefined
    const value = field.parse(given)
    if (value === undefined) {
      this.#mistakes.push(`${this.#path}${name}: expected ${field.expected}`)
    }
    return value
  }

  /** `undefined` for a mistake. */
  required<Value>(name: string, field: Field<Value>): Value | undefined {
    if (this.#table[name] === undefined) this.#mistakes.push(`${this.#path}${name}: missing`)
    return this.optional(name, field)
  }

  /** A table within; `undefined` when it is not there. */
  table(name: string): TableReader | undefined {
    const given = this.#table[name]
    if (given === undefined) return undefined
    return new TableReader(given, `${this.#path}${name}.`, this.#mistakes)
  }
}

/** What may stand in a field. */
export interface Field<Value> {
  /** For people, after "expected". */
  readonly expected: string
  /** `undefined` for anything else. */
  readonly parse: (given: unknown) => Value | undefined
}

export function text({ min = 0, max }: { min?: number; max: number }): Field<string> {
  return parsed(`a string of ${min} to ${max} characters`, (given) =>
    given.length >= min && given.length <= max ? given : undefined,
  )
}

export const filledText = parsed('a string that is not empty', (given) =>
  given === '' ? undefined : given,
)

export function wholeNumber({ min, max }: { min: number; max: number }): Field<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    parse: (given) =>
      Number.isInteger(given) && Number(given) >= min && Number(given) <= max
        ? Number(given)
        : undefined,
  }
}

export function oneOf<const Value extends string>(...values: readonly Value[]): Field<Value> {
  return {
    expected: values.map((value) => `"${value}"`).join(' or '),
    parse: (given) => values.find((value) => value === given),
  }
}

/** Text that something else makes sense of. */
export function parsed<Value>(
  expected: string,
  parse: (given: string) => Value | undefined,
): Field<Value> {
  return { expected, parse: (given) => (typeof given === 'string' ? parse(given) : undefined) }
}

function isTable(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
