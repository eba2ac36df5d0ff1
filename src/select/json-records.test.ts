import { deepEqual, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonRecords } from '#select/json-records'
import type { SourceStep } from '#select/syntax'
import type { Json } from '#select/value'

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(
  text: string,
  { path = [], size = 1_000 }: { path?: readonly SourceStep[]; size?: number } = {},
): Promise<readonly (Json | undefined)[]> {
  const batches = await Array.fromAsync(jsonRecords(cut(text, size), { path }))
  return batches.flat().map((row) => (row.kind === 'json' ? row.json : undefined))
}

const values = fc.jsonValue()

/** As a value comes back: integers that a `number` may have rounded are read as they are written. */
function asRead(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, one: unknown) => {
    const isInteger = typeof one === 'number' && /^-?\d+$/.test(String(one))
    return isInteger && !Number.isSafeInteger(one) ? BigInt(String(one)) : one
  })
}

const size = fc.integer({ min: 1, max: 12 })
const elements = { kind: 'elements' } as const
const named = (name: string) => ({ kind: 'name', name, isQuoted: true }) as const

test('values one after another are records, on lines, indented or side by side, whatever the cuts', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(values),
      size,
      fc.constantFrom(0, 2),
      fc.constantFrom('\n', '\r\n', ' '),
      async (all, size, indent, between) => {
        const text = all.map((value) => JSON.stringify(value, null, indent)).join(between)
        deepEqual(await read(text, { size }), asRead(all))
      },
    ),
  ))

test('a path takes each element of a list deep in a document, and holds nothing else', () =>
  fc.assert(
    fc.asyncProperty(fc.array(values), values, size, async (list, other, size) => {
      const text = JSON.stringify({ before: other, 'in "it"': { list, after: other } })
      const path = [named('in "it"'), named('list'), elements]
      deepEqual(await read(text, { size, path }), asRead(list))
    }),
  ))

test('where a path leads to nothing there is a record of nothing', async () => {
  deepEqual(await read('{"a":{"b":1}} {"a":2} []', { path: [named('a'), named('b')] }), [
    1,
    undefined,
    undefined,
  ])
  deepEqual(await read('[[1,2],[3]]', { path: [elements, { kind: 'index', index: 1 }] }), [
    2,
    undefined,
  ])
})

test('integers keep their digits', async () => {
  deepEqual(await read('{"n":12345678901234567890,"m":9007199254740993}'), [
    { n: 12345678901234567890n, m: 9007199254740993n },
  ])
})

test('what is no JSON is refused, wherever it ends', async () => {
  const broken = { '{"a":1': 'truncated-input', '{a:1}': 'json-malformed', ']': 'json-malformed' }
  for (const [text, code] of Object.entries({
    ...broken,
    '"': 'truncated-input',
    [`${'['.repeat(501)}`]: 'json-malformed',
    [`"${'x'.repeat(1024 * 1024)}"`]: 'record-too-large',
    '"\u0000"': 'json-malformed',
  }))
    await rejects(read(text), { code: `select/${code}` }, text.slice(0, 20))
})
