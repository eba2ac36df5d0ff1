/** Statements that are put together: pieces of text with their values. The text never comes from outside, values are always bound. */
import type { Queryable, SqlRow, SqlValue } from '#sql/sql'
import { templateOf } from '#sql/template'

export class Clause {
  /** One more than there are values. */
  readonly parts: readonly string[]
  readonly values: readonly SqlValue[]

  constructor(parts: readonly string[], values: readonly SqlValue[]) {
    this.parts = parts
    this.values = values
  }
}

/** A piece; pieces within it become part of it. */
export function clause(
  texts: TemplateStringsArray,
  ...inserts: readonly (SqlValue | Clause)[]
): Clause {
  const parts = [texts[0] ?? '']
  const values: SqlValue[] = []
  const append = (text: string): void => {
    parts.push((parts.pop() ?? '') + text)
  }
  for (const [index, insert] of inserts.entries()) {
    if (insert instanceof Clause) {
      append(insert.parts[0] ?? '')
      parts.push(...insert.parts.slice(1))
      values.push(...insert.values)
    } else {
      values.push(insert)
      parts.push('')
    }
    append(texts[index + 1] ?? '')
  }
  return new Clause(parts, values)
}

/** All of them, with `between` between them; `none` where there are none. */
export function joined(clauses: readonly Clause[], between: Clause, none: Clause): Clause {
  const [first, ...rest] = clauses
  if (first === undefined) return none
  return rest.reduce((before, next) => clause`${before}${between}${next}`, first)
}

export function allOf(clauses: readonly Clause[]): Clause {
  return joined(clauses, clause` and `, clause`1 = 1`)
}

/** By text: databases prepare what they have met before only once. There are as many as there are forms of a query. */
const templates = new Map<string, TemplateStringsArray>()
const templatesMax = 2_000

export async function run<Row extends SqlRow>(
  queryable: Queryable,
  { parts, values }: Clause,
): Promise<readonly Row[]> {
  const text = parts.join('\u0000')
  const known = templates.get(text)
  const template = known ?? templateOf(parts)
  if (known === undefined && templates.size < templatesMax) templates.set(text, template)
  return await queryable.query<Row>(template, ...values)
}
