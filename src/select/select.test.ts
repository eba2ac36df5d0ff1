import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseQuery } from '#select/parse-query'
import { select } from '#select/select'

async function* inOnePiece(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

/** The values of the answer's only column. */
async function ask(expression: string, records: readonly object[]): Promise<readonly unknown[]> {
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  const batches = select(parseQuery(`SELECT ${expression} AS it FROM S3Object`), {
    source: { read: (first) => inOnePiece(text.slice(first)) },
    input: { compression: 'none', records: { kind: 'json' } },
    output: { kind: 'json', recordDelimiter: '\n' },
    now: 0,
  })
  let answer = ''
  for await (const { records } of batches) answer += Buffer.from(records).toString()
  return answer
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line).it)
}

interface Record {
  readonly a: number | null
  readonly b: number | null
}

/** An expression as SQL, and what it comes to by the textbook. */
interface Written<Value> {
  readonly sql: string
  readonly of: (record: Record) => Value | null
}
type Number = Written<number>
type Truth = Written<boolean>

function both<Value, Result>(
  one: Written<Value>,
  other: Written<Value>,
  decide: (one: Value, other: Value) => Result,
): (record: Record) => Result | null {
  return (record) => {
    const [left, right] = [one.of(record), other.of(record)]
    return left === null || right === null ? null : decide(left, right)
  }
}

const sums = { '+': (a: number, b: number) => a + b, '-': (a: number, b: number) => a - b }
const tests = {
  '=': (a: number, b: number) => a === b,
  '<>': (a: number, b: number) => a !== b,
  '<': (a: number, b: number) => a < b,
  '<=': (a: number, b: number) => a <= b,
  '>': (a: number, b: number) => a > b,
  '>=': (a: number, b: number) => a >= b,
}

/** Kleene's logic, which is SQL's: `false` decides AND, `true` decides OR, whatever nobody knows. */
function decided(one: boolean | null, other: boolean | null, deciding: boolean): boolean | null {
  if (one === deciding || other === deciding) return deciding
  return one === null || other === null ? null : !deciding
}

const { number, truth } = fc.letrec<{ number: Number; truth: Truth }>((tie) => ({
  number: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    fc.integer({ min: -9, max: 9 }).map((n): Number => ({ sql: `(${n})`, of: () => n })),
    fc.constantFrom('a' as const, 'b' as const).map((name): Number => {
      return { sql: name, of: (record) => record[name] }
    }),
    fc.constant<Number>({ sql: 'NULL', of: () => null }),
    fc
      .tuple(fc.constantFrom('+' as const, '-' as const), tie('number'), tie('number'))
      .map(([sign, one, other]): Number => {
        return { sql: `(${one.sql} ${sign} ${other.sql})`, of: both(one, other, sums[sign]) }
      }),
    fc.tuple(tie('number'), tie('number')).map(([one, other]): Number => {
      const of = (record: Record) => one.of(record) ?? other.of(record)
      return { sql: `COALESCE(${one.sql}, ${other.sql})`, of }
    }),
    fc.tuple(tie('number'), tie('number')).map(([one, other]): Number => {
      const of = (record: Record) => {
        const [left, right] = [one.of(record), other.of(record)]
        return left !== null && left === right ? null : left
      }
      return { sql: `NULLIF(${one.sql}, ${other.sql})`, of }
    }),
    fc.tuple(tie('truth'), tie('number'), tie('number')).map(([when, one, other]): Number => {
      const of = (record: Record) => (when.of(record) === true ? one : other).of(record)
      return { sql: `CASE WHEN ${when.sql} THEN ${one.sql} ELSE ${other.sql} END`, of }
    }),
  ),
  truth: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    fc
      .tuple(
        fc.constantFrom(
          '=' as const,
          '<>' as const,
          '<' as const,
          '<=' as const,
          '>' as const,
          '>=' as const,
        ),
        tie('number'),
        tie('number'),
      )
      .map(([sign, one, other]): Truth => {
        return { sql: `(${one.sql} ${sign} ${other.sql})`, of: both(one, other, tests[sign]) }
      }),
    tie('number').map((one): Truth => {
      return { sql: `(${one.sql} IS NULL)`, of: (record) => one.of(record) === null }
    }),
    tie('truth').map((one): Truth => {
      const of = (record: Record) => {
        const value = one.of(record)
        return value === null ? null : !value
      }
      return { sql: `(NOT ${one.sql})`, of }
    }),
    fc.tuple(tie('truth'), tie('truth')).map(([one, other]): Truth => {
      const of = (record: Record) => decided(one.of(record), other.of(record), false)
      return { sql: `(${one.sql} AND ${other.sql})`, of }
    }),
    fc.tuple(tie('truth'), tie('truth')).map(([one, other]): Truth => {
      const of = (record: Record) => decided(one.of(record), other.of(record), true)
      return { sql: `(${one.sql} OR ${other.sql})`, of }
    }),
    fc.tuple(tie('number'), tie('number'), tie('number')).map(([one, low, high]): Truth => {
      const isAbove = both(low, one, tests['<='])
      const isBelow = both(one, high, tests['<='])
      const of = (record: Record) => decided(isAbove(record), isBelow(record), false)
      return { sql: `(${one.sql} BETWEEN ${low.sql} AND ${high.sql})`, of }
    }),
  ),
}))

const value = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.constant(null))
const records = fc.array(fc.record({ a: value, b: value }), { minLength: 1, maxLength: 5 })

test('numbers come to what the textbook says', () =>
  fc.assert(
    fc.asyncProperty(number, records, async ({ sql, of }, records) =>
      deepEqual(await ask(sql, records), records.map(of), sql),
    ),
  ))

test('so does what is true, false or unknown', () =>
  fc.assert(
    fc.asyncProperty(truth, records, async ({ sql, of }, records) =>
      deepEqual(await ask(sql, records), records.map(of), sql),
    ),
  ))

test('aggregates take what is there', () =>
  fc.assert(
    fc.asyncProperty(records, async (records) => {
      const known = records.flatMap(({ a }) => (a === null ? [] : [a]))
      const only = async (sql: string) => (await ask(sql, records))[0]
      equal(await only('COUNT(*)'), records.length)
      equal(await only('COUNT(a)'), known.length)
      const sum = known.length === 0 ? null : known.reduce((one, other) => one + other)
      equal(await only('SUM(a)'), sum)
      equal(await only('MIN(a)'), known.length === 0 ? null : Math.min(...known))
      equal(await only('MAX(a)'), known.length === 0 ? null : Math.max(...known))
    }),
  ))
