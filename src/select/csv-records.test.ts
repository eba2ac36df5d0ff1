import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type CsvFormat, csvRecords, type Fields, wholeSpan } from '#select/csv-records'

const plain: CsvFormat = {
  fieldDelimiter: ',',
  recordDelimiter: '\n',
  quote: '"',
  quoteEscape: '"',
  comment: '#',
  allowsQuotedDelimiter: true,
}
const formats = fc.constantFrom<CsvFormat>(
  plain,
  { ...plain, quoteEscape: '\\' },
  { ...plain, fieldDelimiter: '\t', recordDelimiter: '\r\n', quote: "'", quoteEscape: "'" },
  { ...plain, fieldDelimiter: 'é', recordDelimiter: '¶', quote: '«', quoteEscape: '~' },
)
const fields = fc.array(
  fc.string({
    unit: fc.constantFrom(
      'a',
      'ß',
      '𝄞',
      ' ',
      ',',
      '\t',
      '\n',
      '\r',
      '"',
      "'",
      '\\',
      '#',
      'é',
      '¶',
      '«',
      '~',
    ),
  }),
  { minLength: 1, maxLength: 4 },
)
const table = fc.array(fields, { maxLength: 6 })

/** Every field in quotes: what stands there is meant as it stands. */
function write(
  records: readonly Fields[],
  { fieldDelimiter, recordDelimiter, quote, quoteEscape }: CsvFormat,
): string {
  const inside = (field: string): string =>
    [...field]
      .map((one) => (one === quote || one === quoteEscape ? quoteEscape + one : one))
      .join('')
  const written = (field: string): string => quote + inside(field) + quote
  return records
    .map((record) => record.map(written).join(fieldDelimiter) + recordDelimiter)
    .join('')
}

/** In pieces of these sizes, over and over. */
async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function read(
  text: string,
  { format = plain, sizes = [1_000], span = wholeSpan } = {},
): Promise<readonly Fields[]> {
  const source = cut(Buffer.from(text).subarray(span.offset), sizes)
  return (await Array.fromAsync(csvRecords(source, format, span))).flat()
}

const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })

test('what was written is read, whatever the format, the fields and the cuts', () =>
  fc.assert(
    fc.asyncProperty(table, formats, sizes, async (records, format, sizes) =>
      deepEqual(await read(write(records, format), { format, sizes }), records),
    ),
  ))

test('records without quotes are read alike in one piece and byte by byte', () =>
  fc.assert(
    fc.asyncProperty(
      fc.string({ unit: fc.constantFrom('a', 'é', ',', '\n', '\r', '#', ' ') }),
      async (text) => deepEqual(await read(text, { sizes: [1] }), await read(text)),
    ),
  ))

test('spans side by side take each record once', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.stringMatching(/^[a-zé,]{1,8}$/), { minLength: 1, maxLength: 8 }),
      fc.nat(60),
      async (lines, cutAt) => {
        const text = lines.map((line) => `${line}\n`).join('')
        const place = Math.min(cutAt + 1, Buffer.byteLength(text))
        const head = await read(text, { span: { ...wholeSpan, last: place - 1 } })
        const tail = await read(text, {
          span: { ...wholeSpan, offset: place - 1, skipsFirst: true },
        })
        deepEqual([...head, ...tail], await read(text))
      },
    ),
  ))

test('empty lines and comments are no records; a carriage return belongs to its line feed', async () => {
  deepEqual(await read('\ufeffa,b\r\n\r\n# c\n\n"d","e"\r\nf'), [['a', 'b'], ['d', 'e'], ['f']])
})

test('quotes count at the beginning of a field only, and what is behind the closing one belongs to it', async () => {
  deepEqual(await read('a"b",c\n"d"e,f\n""\n'), [['a"b"', 'c'], ['de', 'f'], ['']])
})
