import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { parseEtags } from '#api/etags'
import { evaluateRead, isRangeWanted, parseDate } from '#api/s3/conditions'

test('ETags come with and without quotes, weak, in lists', () => {
  deepEqual(parseEtags('"a", W/"b",c ,'), ['a', 'b', 'c'])
  equal(parseEtags(' * '), '*')
  equal(parseEtags(undefined), undefined)
})

const object = { etag: 'a', modifiedAt: Date.UTC(2026, 0, 1, 0, 0, 0, 500) }
const at = 'Thu, 01 Jan 2026 00:00:00 GMT'
const before = 'Wed, 31 Dec 2025 23:59:59 GMT'

function outcome(headers: Readonly<Record<string, string>>): string {
  try {
    return evaluateRead(headers, object, { now: () => object.modifiedAt + 60_000 })
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** RFC 9110 section 13.2.2, row by row. */
const table: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
  [{}, 'send'],
  [{ 'if-match': '"a"' }, 'send'],
  [{ 'if-match': '"b"' }, 's3/precondition-failed'],
  [{ 'if-match': '*' }, 'send'],
  [{ 'if-unmodified-since': at }, 'send'],
  [{ 'if-unmodified-since': before }, 's3/precondition-failed'],
  [{ 'if-match': '"a"', 'if-unmodified-since': before }, 'send'],
  [{ 'if-none-match': '"a"' }, 'not-modified'],
  [{ 'if-none-match': '"b"' }, 'send'],
  [{ 'if-none-match': '*' }, 'not-modified'],
  [{ 'if-modified-since': at }, 'not-modified'],
  [{ 'if-modified-since': before }, 'send'],
  [{ 'if-modified-since': 'Thu, 01 Jan 2026 00:00:59 GMT' }, 'not-modified'],
  [{ 'if-modified-since': 'Thu, 01 Jan 2026 00:01:02 GMT' }, 'send'], // has not come
  [{ 'if-none-match': '"b"', 'if-modified-since': at }, 'send'],
  [{ 'if-none-match': '"a"', 'if-modified-since': before }, 'not-modified'],
  [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 's3/precondition-failed'],
  [{ 'if-modified-since': 'nonsense' }, 'send'],
  [{ 'if-unmodified-since': '2025' }, 'send'],
]
for (const [headers, expected] of table) {
  test(`${JSON.stringify(headers)}: ${expected}`, () => equal(outcome(headers), expected))
}

test('If-Range wants the very object', () => {
  equal(isRangeWanted({}, object), true)
  equal(isRangeWanted({ 'if-range': '"a"' }, object), true)
  equal(isRangeWanted({ 'if-range': '"b"' }, object), false)
  equal(isRangeWanted({ 'if-range': 'W/"a"' }, object), false)
  equal(isRangeWanted({ 'if-range': at }, object), true)
  equal(isRangeWanted({ 'if-range': before }, object), false)
})

test('all three forms of HTTP dates are in GMT, wherever the server stands', () => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'Pacific/Auckland'
  try {
    for (const text of [
      'Sun, 06 Nov 1994 08:49:37 GMT',
      'Sunday, 06-Nov-94 08:49:37 GMT',
      'Sun Nov  6 08:49:37 1994',
    ]) {
      equal(parseDate(text), Date.UTC(1994, 10, 6, 8, 49, 37), text)
    }
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
})
