/** What a query does with records of a shape. */
import { compile, truthOf } from '#select/_compile-expression'
import type { Evaluate } from '#select/_resolve'
import type { Accumulator } from '#select/aggregate'
import type { Effort } from '#select/effort'
import { selectFault } from '#select/faults'
import type { Row, Shape } from '#select/record'
import type { Column, Expression, Query } from '#select/syntax'
import type { Value } from '#select/value'

/** Names and values of an answer, in order. MISSING (`undefined`) is left out by formats that can. */
export type Answer =
  | {
      readonly kind: 'values'
      readonly names: readonly string[]
      readonly values: readonly Value[]
    }
  | { readonly kind: 'record'; readonly row: Row }

export interface Plan {
  /** What to answer for a record; `undefined` for nothing. */
  take(row: Row): Answer | undefined
  /** What to answer once all records are taken. */
  end(): Answer | undefined
  /** Whether no further record can bring an answer. */
  readonly isDone: boolean
}

/** Faults of names and types that no record is needed for are thrown here. */
export function makePlan(
  query: Query,
  { shape, now, effort }: { shape: Shape; now: number; effort: Effort },
): Plan {
  const aggregates: { readonly accumulator: Accumulator; readonly argument: Evaluate }[] = []
  const { alias } = query.source
  const scope = { shape, alias, now, effort, onAggregate: undefined }
  const where = query.where && compile(query.where, scope)
  const isWanted = (row: Row): boolean => where === undefined || truthOf(where(row)) === true
  const limit = query.limit ?? Number.POSITIVE_INFINITY
  if (query.columns === '*')
    return eachRecord({ isWanted, limit, answer: (row) => ({ kind: 'record', row }) })
  const hasAggregates = query.columns.some(({ expression }) => aggregatesIn(expression))
  const columns = query.columns.map(({ expression }) =>
    compile(expression, {
      ...scope,
      onAggregate: (accumulator, argument) => aggregates.push({ accumulator, argument }),
    }),
  )
  const names = namesOf(query.columns)
  const answer = (row: Row): Answer => ({
    kind: 'values',
    names,
    values: columns.map((column) => column(row)),
  })
  if (!hasAggregates) return eachRecord({ isWanted, limit, answer })
  if (query.columns.some(({ expression }) => readsOutside(expression)))
    throw selectFault('select/mixed-aggregates')
  return {
    isDone: limit === 0,
    take: (row) => {
      if (!isWanted(row)) return undefined
      for (const { accumulator, argument } of aggregates) accumulator.add(argument(row))
      return undefined
    },
    end: () => (limit === 0 ? undefined : answer({ kind: 'csv', fields: [] })), // reads no column
  }
}

function eachRecord({
  isWanted,
  limit,
  answer,
}: {
  readonly isWanted: (row: Row) => boolean
  readonly limit: number
  readonly answer: (row: Row) => Answer
}): Plan {
  let answered = 0
  return {
    get isDone() {
      return answered >= limit
    },
    take: (row) => {
      if (answered >= limit || !isWanted(row)) return undefined
      answered += 1
      return answer(row)
    },
    end: () => undefined,
  }
}

/** An alias, the last name of a path, or the column's place. No name comes twice. */
function namesOf(columns: readonly Column[]): readonly string[] {
  const taken = new Set<string>()
  return columns.map(({ expression, alias }, index) => {
    const last = expression.kind === 'path' ? expression.steps.at(-1) : undefined
    const wanted = alias ?? (last?.kind === 'name' ? last.name : undefined)
    const name = wanted === undefined || taken.has(wanted) ? `_${index + 1}` : wanted
    taken.add(name)
    return name
  })
}

function aggregatesIn(expression: Expression): boolean {
  return expression.kind === 'aggregate' || partsOf(expression).some(aggregatesIn)
}

/** Whether a column is read outside of aggregates. */
function readsOutside(expression: Expression): boolean {
  if (expression.kind === 'aggregate') return false
  return expression.kind === 'path' || partsOf(expression).some(readsOutside)
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'path':
      return []
    case 'negate':
    case 'not':
    case 'is':
    case 'cast':
    case 'extract':
      return [expression.operand]
    case 'and':
    case 'or':
      return expression.operands
    case 'arithmetic':
    case 'comparison':
    case 'concatenation':
      return [expression.left, expression.right]
    case 'like':
      return [expression.text, expression.pattern, ...given(expression.escapedBy)]
    case 'between':
      return [expression.operand, expression.low, expression.high]
    case 'in':
      return [expression.operand, ...expression.list]
    case 'case':
      return [
        ...given(expression.operand),
        ...expression.branches.flatMap(({ when, result }) => [when, result]),
        ...given(expression.otherwise),
      ]
    case 'date-add':
      return [expression.count, expression.operand]
    case 'date-diff':
      return [expression.from, expression.to]
    case 'call':
      return expression.args
    case 'aggregate':
      return expression.argument === '*' ? [] : [expression.argument]
  }
}

function given(expression: Expression | undefined): readonly Expression[] {
  return expression === undefined ? [] : [expression]
}
