/** Expressions as functions of a record. */

import { compileFunction } from '#select/_compile-function'
import { type Evaluate, resolve } from '#select/_resolve'
import { type Accumulator, openAccumulator } from '#select/aggregate'
import { calculate, negate } from '#select/arithmetic'
import { cast } from '#select/cast'
import { compare, isAbsent, isEqual } from '#select/compare'
import type { Effort } from '#select/effort'
import { selectFault } from '#select/faults'
import { likeMatcher } from '#select/like'
import type { Shape } from '#select/record'
import type { Expression } from '#select/syntax'
import { lengthOf, textOfValue, type Value } from '#select/value'

export interface Scope {
  readonly shape: Shape
  /** Of the source. */
  readonly alias: string
  /** Milliseconds since 1970: what UTCNOW says throughout the query. */
  readonly now: number
  readonly effort: Effort
  /** Takes up an aggregate, and what to give it of each record; `undefined` where none may stand. */
  readonly onAggregate: ((accumulator: Accumulator, argument: Evaluate) => void) | undefined
}

/** Faults that do not depend on records are thrown at once. Every part of an expression takes as much effort as its value is long. */
export function compile(expression: Expression, scope: Scope): Evaluate {
  const evaluate = compilePart(expression, scope)
  const { effort } = scope
  return (row) => {
    const value = evaluate(row)
    effort.spend(lengthOf(value))
    return value
  }
}

function compilePart(expression: Expression, scope: Scope): Evaluate {
  const part = (inner: Expression): Evaluate => compile(inner, scope)
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression
      return () => value
    }
    case 'path':
      return resolve(expression.steps, scope)
    case 'negate': {
      const operand = part(expression.operand)
      return (row) => negate(operand(row))
    }
    case 'not': {
      const operand = part(expression.operand)
      return (row) => inverse(truthOf(operand(row)))
    }
    case 'and':
      return decided(expression.operands.map(part), false)
    case 'or':
      return decided(expression.operands.map(part), true)
    case 'arithmetic': {
      const { operator } = expression
      const [left, right] = [part(expression.left), part(expression.right)]
      return (row) => calculate(operator, left(row), right(row))
    }
    case 'comparison': {
      const { operator } = expression
      const [left, right] = [part(expression.left), part(expression.right)]
      return (row) => compare(operator, left(row), right(row))
    }
    case 'concatenation': {
      const [left, right] = [part(expression.left), part(expression.right)]
      return (row) => concatenate(left(row), right(row))
    }
    case 'like':
      return compileLike(expression, { part, effort: scope.effort })
    case 'between': {
      const [operand, low, high] = [
        part(expression.operand),
        part(expression.low),
        part(expression.high),
      ]
      return (row) => {
        const value = operand(row)
        return both(compare('>=', value, low(row)), compare('<=', value, high(row)))
      }
    }
    case 'in': {
      const [operand, list] = [part(expression.operand), expression.list.map(part)]
      return (row) =>
        isIn(
          operand(row),
          list.values().map((member) => member(row)),
        )
    }
    case 'is': {
      const operand = part(expression.operand)
      if (expression.what === 'missing') return (row) => operand(row) === undefined
      return (row) => isAbsent(operand(row))
    }
    case 'case':
      return compileCase(expression, part)
    case 'cast': {
      const [operand, { type }] = [part(expression.operand), expression]
      return (row) => cast(operand(row), type)
    }
    case 'extract':
    case 'date-add':
    case 'date-diff':
    case 'call':
      return compileFunction(expression, { part, now: scope.now })
    case 'aggregate': {
      const { onAggregate } = scope
      if (onAggregate === undefined) {
        throw selectFault('select/mixed-aggregates', {
          reason: 'Aggregates stand in the SELECT list only, and not within each other.',
        })
      }
      const accumulator = openAccumulator(expression.name)
      const { argument } = expression
      const given =
        argument === '*' ? () => true : compile(argument, { ...scope, onAggregate: undefined })
      onAggregate(accumulator, given)
      return () => accumulator.result()
    }
  }
}

/** What a value says as a condition. `select/invalid-data-type` */
export function truthOf(value: Value): boolean | null {
  if (isAbsent(value)) return null
  if (typeof value === 'boolean') return value
  throw selectFault('select/invalid-data-type', {
    reason: 'A value that is neither true nor false stands where a condition is needed.',
  })
}

function inverse(truth: boolean | null): boolean | null {
  return truth === null ? null : !truth
}

function both(one: boolean | null, other: boolean | null): boolean | null {
  if (one === false || other === false) return false
  return one === null || other === null ? null : true
}

/** AND is decided by the first `false`, OR by the first `true`; otherwise nobody knows if one of them is not known. */
function decided(operands: readonly Evaluate[], decisive: boolean): Evaluate {
  return (row) => {
    let result: boolean | null = !decisive
    for (const operand of operands) {
      const truth = truthOf(operand(row))
      if (truth === decisive) return decisive
      if (truth === null) result = null
    }
    return result
  }
}

function concatenate(left: Value, right: Value): Value {
  if (isAbsent(left) || isAbsent(right)) return null
  return textOfValue(left) + textOfValue(right)
}

function isIn(value: Value, members: Iterable<Value>): boolean | null {
  let result: boolean | null = false
  for (const member of members) {
    const isSame = compare('=', value, member)
    if (isSame === true) return true
    if (isSame === null) result = null
  }
  return result
}

function compileCase(
  { operand, branches, otherwise }: Extract<Expression, { kind: 'case' }>,
  part: (inner: Expression) => Evaluate,
): Evaluate {
  const compared = operand && part(operand)
  const tests = branches.map(({ when, result }) => ({ when: part(when), result: part(result) }))
  const last = otherwise === undefined ? () => null : part(otherwise)
  return (row) => {
    const value = compared?.(row)
    const found = tests.find(({ when }) =>
      compared === undefined ? truthOf(when(row)) === true : isEqual(value, when(row)),
    )
    return (found?.result ?? last)(row)
  }
}

function compileLike(
  { text, pattern, escapedBy }: Extract<Expression, { kind: 'like' }>,
  { part, effort }: { part: (inner: Expression) => Evaluate } & Pick<Scope, 'effort'>,
): Evaluate {
  const operands = [part(text), part(pattern)] as const
  const escaping = escapedBy && part(escapedBy)
  let known: { readonly key: string; readonly isLike: (text: string) => boolean } | undefined
  return (row) => {
    const [subject, wanted] = [operands[0](row), operands[1](row)]
    const by = escaping?.(row)
    if (isAbsent(subject) || isAbsent(wanted) || by === null) return null
    if (typeof subject !== 'string' || typeof wanted !== 'string' || !isText(by))
      throw selectFault('select/bad-like')
    const key = `${by?.length ?? ''} ${by ?? ''}${wanted}`
    if (known?.key !== key) known = { key, isLike: likeMatcher(wanted, { escapedBy: by, effort }) }
    return known.isLike(subject)
  }
}

function isText(value: Value): value is string | undefined {
  return value === undefined || typeof value === 'string'
}
