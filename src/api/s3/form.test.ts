import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { partHeaderBytesMax, preambleBytesMax } from '#api/multipart'
import { fieldsBytesMax, fieldsMax, formBoundary, readForm } from '#api/s3/form'
import { Fault, isFault } from '#fault/fault'

const boundary = '----WebKitFormBoundaryAbC123'

interface Sent {
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly file?: Uint8Array
  readonly filename?: string
  readonly after?: string
}

/** A form as browsers write it (https://html.spec.whatwg.org/#multipart-form-data). */
function formOf({ fields, file, filename, after = '' }: Sent): Buffer {
  const escaped = (name: string) =>
    name.replace(
      /["\r\n]/g,
      (character) => ({ '"': '%22', '\r': '%0D', '\n': '%0A' })[character] ?? '',
    )
  const parts = fields.map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"\r\n\r\n${value}\r\n`,
  )
  const named = filename === undefined ? '' : `; filename="${escaped(filename)}"`
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"${named}\r\nContent-Type: image/png\r\n\r\n`
  const last = `--${boundary}--\r\n${after}`
  if (file === undefined) return Buffer.from(parts.join('') + last)
  return Buffer.concat([Buffer.from(parts.join('') + head), file, Buffer.from(`\r\n${last}`)])
}

/** Cut at those places. A piece is wiped when the next one is pulled, as the HTTP shell may do. */
async function* cut(bytes: Uint8Array, places: readonly number[]) {
  const ends = [...places, bytes.length]
    .map((at) => Math.min(at, bytes.length))
    .sort((a, b) => a - b)
  let from = 0
  for (const end of ends) {
    const piece = Uint8Array.from(bytes.subarray(from, end))
    yield piece
    piece.fill(0x2d)
    from = end
  }
}

async function read(source: AsyncIterable<Uint8Array>) {
  const { fields, file } = await readForm(source, { boundary })
  const pieces: Uint8Array[] = []
  if (file !== undefined) for await (const piece of file.stream) pieces.push(Uint8Array.from(piece))
  return {
    fields: [...fields.values()].map(({ name, value }) => [name, value]),
    filename: file?.filename,
    file: file && Buffer.concat(pieces).toString('latin1'),
  }
}

const readText = (text: string | Uint8Array) => read(cut(Buffer.from(text as string), []))

/** Texts that are nearly a boundary, and anything else. */
const nearBoundary = fc
  .array(
    fc.oneof(
      fc.constantFrom('\r', '\n', '\r\n', '--', '\r\n-', '\r\n--', `--${boundary}`, '\0'),
      fc
        .integer({ min: 1, max: boundary.length - 1 })
        .map((end) => `\r\n--${boundary.slice(0, end)}`),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .filter((text) => text.isWellFormed() && !`\r\n${text}\r\n`.includes(`\r\n--${boundary}`))
const name = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter(
    (text) => !text.includes('\\') && !/%(22|0[ad])/i.test(text) && text.toLowerCase() !== 'file',
  )
const sent = fc.record({
  fields: fc.uniqueArray(fc.tuple(name, nearBoundary), {
    selector: ([name]) => name.toLowerCase(),
    maxLength: 5,
  }),
  file: nearBoundary.map((text) => Buffer.from(text)),
  filename: name,
  after: fc.constantFrom('', '\r\n', 'anything at all', `--${boundary}\r\n\r\n`),
})

test('whatever is in a form, and wherever its bytes are cut, it is read as it was sent', () =>
  fc.assert(
    fc.asyncProperty(sent, fc.array(fc.nat(2000), { maxLength: 40 }), async (form, places) => {
      deepEqual(await read(cut(formOf(form), places)), {
        fields: form.fields.map(([name, value]) => [name, value]),
        filename: form.filename,
        file: form.file.toString('latin1'),
      })
    }),
    { numRuns: 300 },
  ))

test('cut into single bytes, too', async () => {
  const file = Buffer.from(`\r\n--${boundary.slice(0, -1)}\r\r\n--\r`)
  const bytes = formOf({ fields: [['key', 'ü']], file })
  const { fields, file: found } = await read(cut(bytes, [...bytes.keys()]))
  deepEqual([fields, found], [[['key', 'ü']], file.toString('latin1')])
})

test('noise never fails in an unexpected way', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.constantFrom(
            `--${boundary}`,
            '\r\n',
            '--',
            'Content-Disposition: form-data',
            '; name="file"',
            '; filename="a\\"',
            '; name=key',
            '\xff',
            ' ',
          ),
          fc.string({ maxLength: 5 }),
        ),
        { maxLength: 30 },
      ),
      fc.array(fc.nat(300), { maxLength: 10 }),
      async (parts, places) => {
        const bytes = Buffer.from(`--${boundary}\r\n${parts.join('')}`, 'latin1')
        await read(cut(bytes, places)).catch((error: unknown) =>
          ok(error instanceof Fault && error.code.startsWith('s3/'), String(error)),
        )
      },
    ),
    { numRuns: 500 },
  ))

test('the fields are there before the file has come, and not one piece more is pulled for them', async () => {
  let pulls = 0
  const bytes = formOf({ fields: [['Key', 'a']], file: Buffer.alloc(100, 'x') })
  const places = [bytes.indexOf('xx'), bytes.indexOf('xx') + 50]
  async function* counted() {
    for await (const piece of cut(bytes, places)) {
      pulls += 1
      yield piece
    }
  }
  const { fields, file } = await readForm(counted(), { boundary })
  deepEqual(fields.get('key'), { name: 'Key', value: 'a' })
  equal(pulls, 1)
  ok(file)
})

const head = (disposition: string) => `--${boundary}\r\nContent-Disposition: ${disposition}\r\n\r\n`
const end = `\r\n--${boundary}--`

test('what other clients write is understood', async () => {
  const fields = async (disposition: string) =>
    (await readText(`${head(disposition)}v${end}`)).fields
  deepEqual(await fields('form-data; name=key'), [['key', 'v']])
  deepEqual(await fields('Form-Data ;Name = "key" ; filename="x"'), [['key', 'v']])
  deepEqual(await fields('form-data; name="a\\"b%22c%0d%0Ad"'), [['a"b"c\r\nd', 'v']])
  const windows = await readText(
    `${head('form-data; name="File"; filename="C:\\dir\\a.txt"')}v${end}`,
  )
  deepEqual([windows.filename, windows.file], ['C:\\dir\\a.txt', 'v'])
  const padded = `preamble\r\n--${boundary} \t\r\nX-Other: 1\r\ncontent-disposition:form-data; name="key"\r\n\r\nv\r\n--${boundary}--`
  deepEqual((await readText(padded)).fields, [['key', 'v']])
  equal((await readText(`--${boundary}--`)).file, undefined)
})

const malformed: Readonly<Record<string, string | Uint8Array>> = {
  nothing: '',
  'no boundary': 'key=value',
  'a field without end': `${head('form-data; name="key"')}v`,
  'a file without end': `${head('form-data; name="file"')}v\r\n--${boundary.slice(0, -1)}`,
  'a file that ends in the middle of its last boundary': `${head('form-data; name="file"')}v\r\n--${boundary}-`,
  'a file that contains more than its boundary': `${head('form-data; name="file"')}v\r\n--${boundary}x\r\n`,
  'a part without name': `${head('form-data')}v${end}`,
  'a part without disposition': `--${boundary}\r\n\r\nv${end}`,
  'a part of another type': `${head('attachment; name="key"')}v${end}`,
  'a disposition with an open quote': `${head('form-data; name="key')}v${end}`,
  'a value that is no UTF-8': Buffer.from(`${head('form-data; name="key"')}\xff${end}`, 'latin1'),
}
for (const [what, form] of Object.entries(malformed))
  test(`${what} is malformed`, () =>
    rejects(readText(form), (error) => isFault(error, 's3/malformed-form')))

const field = (name: string, value: string) => [name, value] as const
const tooLarge: Readonly<Record<string, string | Uint8Array>> = {
  'values too long together': formOf({
    fields: [
      field('a', 'x'.repeat(fieldsBytesMax / 2)),
      field('b', 'x'.repeat(fieldsBytesMax / 2)),
    ],
  }),
  'too many fields': formOf({
    fields: Array.from({ length: fieldsMax + 1 }, (_, index) => field(`f${index}`, '')),
  }),
  'a part header without end': `--${boundary}\r\nX: ${'x'.repeat(partHeaderBytesMax)}`,
  'many part headers': `--${boundary}\r\n${'X: y\r\n'.repeat(partHeaderBytesMax / 4)}`,
  'a preamble without end': 'x'.repeat(2 * preambleBytesMax),
}
for (const [what, form] of Object.entries(tooLarge))
  test(`${what}: too large`, () =>
    rejects(readText(form), (error) => isFault(error, 's3/fields-too-large')))

test('as many bytes of fields as may be', async () => {
  const value = 'x'.repeat(fieldsBytesMax - 1)
  deepEqual((await readText(formOf({ fields: [['a', value]] }))).fields, [['a', value]])
})

test('a field that is there twice is refused', () =>
  rejects(readText(formOf({ fields: [field('key', 'a'), field('KEY', 'a')] })), (error) =>
    isFault(error, 's3/invalid-argument'),
  ))

test('an endless epilogue is left to the shell', async () => {
  async function* endless() {
    yield formOf({ fields: [], file: Buffer.from('v') })
    for (;;) yield Buffer.alloc(1024)
  }
  equal((await read(endless())).file, 'v')
})

test('the boundary of a content type', () => {
  equal(formBoundary('multipart/form-data; boundary=abc'), 'abc')
  equal(formBoundary('Multipart/Form-Data;charset=utf-8;Boundary="a b:c"'), 'a b:c')
  for (const type of [undefined, '', 'text/plain', 'multipart/form-database; boundary=a'])
    throws(
      () => formBoundary(type),
      (error) => isFault(error, 's3/precondition-failed'),
    )
  for (const value of ['', '; boundary=', '; boundary="a "', `; boundary=${'a'.repeat(71)}`])
    throws(
      () => formBoundary(`multipart/form-data${value}`),
      (error) => isFault(error, 's3/malformed-form'),
    )
})
