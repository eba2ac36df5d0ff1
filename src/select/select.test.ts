import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#fault/fault'
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

test('an expression that makes too much of a record is refused, and soon', async () => {
  const times = (part: string, between: string, count: number) =>
    Array.from({ length: count }, () => part).join(between)
  const large = [{ a: 'x'.repeat(600_000), b: { c: Array.from({ length: 60_000 }, () => 1) } }]
  const startedAt = performance.now()
  for (const expression of [
    `CHAR_LENGTH(${times('a', ' || ', 900)})`,
    times(`LOWER(a) = UPPER(a)`, ' OR ', 5_000),
    times('b = b.c', ' OR ', 5_000),
    times(`a LIKE '%xy%'`, ' OR ', 5_000),
  ])
    await rejects(
      ask(expression, large),
      { code: 'select/too-much-effort' },
      expression.slice(0, 30),
    )
  ok(performance.now() - startedAt < 30_000)
  await rejects(ask(times('1234567890.5', ' * ', 900), [{}]), { code: 'select/integer-overflow' })
})

test('others have their turn between records that take much', async () => {
  const records = Array.from({ length: 20 }, () => ({ a: 'x'.repeat(2_000) }))
  const text = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  const parts = Array.from({ length: 900 }, () => `a = 'y'`).join(' OR ')
  const batches = select(parseQuery(`SELECT a FROM S3Object WHERE ${parts}`), {
    source: { read: () => inOnePiece(text) },
    input: { compression: 'none', records: { kind: 'json' } },
    output: { kind: 'json', recordDelimiter: '\n' },
    now: 0,
  })
  ok((await Array.fromAsync(batches)).length >= records.length)
})

const anything = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'a.b',
    'a[0]',
    'NULL',
    'MISSING',
    'TRUE',
    '`2020-02-29T12:00:00.5Z`',
    '`1999T`',
    '0',
    '-1',
    '1.50',
    '2e300',
    '99999999999999999999',
    'UTCNOW()',
  ),
  fc
    .string({ unit: fc.constantFrom('x', ' ', '%', 'y', 'M', 'd', '1', '-', '𝄞') })
    .map((text) => `'${text}'`),
)
const places = ['A', 'B', 'C'] as const
const forms = [
  'A + B',
  'A - B',
  'A * B',
  'A / B',
  'A % B',
  '-A',
  'A || B',
  'A = B',
  'A < B',
  'NOT A',
  'A AND B',
  'A OR B',
  'A IS NULL',
  'A IS NOT MISSING',
  'A LIKE B',
  "A LIKE B ESCAPE '%'",
  'A IN (B, C)',
  'A BETWEEN B AND C',
  'CASE WHEN A THEN B ELSE C END',
  'CASE A WHEN B THEN C END',
  'CAST(A AS INT)',
  'CAST(A AS DECIMAL(5, 2))',
  'CAST(A AS FLOAT)',
  'CAST(A AS STRING)',
  'CAST(A AS BOOL)',
  'CAST(A AS TIMESTAMP)',
  'COALESCE(A, B)',
  'NULLIF(A, B)',
  'CHAR_LENGTH(A)',
  'LOWER(A)',
  'UPPER(A)',
  'SUBSTRING(A, B, C)',
  'TRIM(A FROM B)',
  'TRIM(A)',
  'TO_STRING(A, B)',
  'TO_TIMESTAMP(A)',
  'TO_TIMESTAMP(A, B)',
  'EXTRACT(year FROM A)',
  'EXTRACT(timezone_hour FROM A)',
  'DATE_ADD(month, A, B)',
  'DATE_ADD(second, A, B)',
  'DATE_DIFF(day, A, B)',
  'SUM(A)',
  'AVG(A)',
  'MIN(A)',
  'MAX(A)',
  'COUNT(A)',
] as const
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'anything' },
    anything,
    fc
      .tuple(fc.constantFrom(...forms), tie('expression'), tie('expression'), tie('expression'))
      .map(([form, ...parts]) =>
        form.replace(/\b[ABC]\b/g, (place) => `(${parts[places.indexOf(place as 'A')]})`),
      ),
  ),
}))

test('whatever is asked of whatever, there is an answer or a fault that says why', () =>
  fc.assert(
    fc.asyncProperty(
      expression,
      fc.array(fc.record({ a: fc.jsonValue(), b: fc.jsonValue() }), { minLength: 1, maxLength: 2 }),
      async (sql, records) => {
        try {
          await ask(sql, records)
        } catch (error) {
          ok(error instanceof Fault && error.code.startsWith('select/'), `${sql}: ${error}`)
        }
      },
    ),
    { numRuns: 2_000 },
  ))
