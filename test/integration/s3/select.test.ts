/** SelectObjectContent through the AWS SDK: formats in and out, ranges, progress, what goes wrong, and who else has a turn meanwhile. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import {
  HeadBucketCommand,
  type InputSerialization,
  SelectObjectContentCommand,
  type SelectObjectContentCommandInput,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { openSuite } from './s3-suite.ts'

const Bucket = 'selected'
const { server, client, put } = await openSuite(Bucket)

const people = [
  'Name,Age,City,Paid',
  'Ann,31,"Ulm, Danube",19.90',
  'Bob,27,Köln,0.10',
  '# nobody',
  'Cid,45,"say ""hi""",7.25',
  'Dot,,Rom,',
  '',
].join('\n')
const lines = [
  { name: 'Ann', age: 31, tags: ['a', 'b'], home: { city: 'Ulm' } },
  { name: 'Bob', tags: [], big: 1 },
  { name: 'Cid', age: null, price: 2.5 },
]
  .map((line) => JSON.stringify(line))
  .join('\n')
  .replace('"big":1', '"big":12345678901234567890')
const document = JSON.stringify(
  { meta: { n: 1 }, Rules: [{ id: '1' }, { expr: 'y > x' }, { id: '2', expr: 'z' }] },
  null,
  2,
)

before(async () => {
  await put('people.csv', people)
  await put('people.csv.gz', gzipSync(people))
  await put('lines.json', lines)
  await put('document.json', document)
  await put('empty.csv', '')
})

type Asked = Partial<SelectObjectContentCommandInput>
const csv = { CSV: { FileHeaderInfo: 'USE' } } as const
const jsonLines = { JSON: { Type: 'LINES' } } as const

async function events(Key: string, Expression: string, asked: Asked = {}) {
  const { Payload = [] } = await client.send(
    new SelectObjectContentCommand({
      Bucket,
      Key,
      Expression,
      ExpressionType: 'SQL',
      InputSerialization: csv,
      OutputSerialization: { CSV: {} },
      ...asked,
    }),
  )
  return await Array.fromAsync(Payload)
}

async function ask(Key: string, Expression: string, asked: Asked = {}): Promise<string> {
  const told = await events(Key, Expression, asked)
  ok(told.at(-1)?.End, 'the last event is the end')
  return told.map(({ Records }) => Buffer.from(Records?.Payload ?? []).toString()).join('')
}

test('columns by header, with quoted delimiters, other characters and comments', async () => {
  equal(
    await ask('people.csv', 'SELECT s.name, city FROM S3Object s WHERE s.age > 28'),
    'Ann,"Ulm, Danube"\nCid,"say ""hi"""\n',
  )
  equal(
    await ask('people.csv', `SELECT * FROM s3object WHERE city LIKE 'K_ln'`),
    'Bob,27,Köln,0.10\n',
  )
  equal(await ask('people.csv', `SELECT "Name" FROM S3Object[*] LIMIT 2;`), 'Ann\nBob\n')
})

test('columns by place; the header is a record, or is left out', async () => {
  const none: InputSerialization = { CSV: { FileHeaderInfo: 'NONE' } }
  equal(
    await ask('people.csv', 'SELECT _1 FROM S3Object LIMIT 1', { InputSerialization: none }),
    'Name\n',
  )
  const ignore: InputSerialization = { CSV: { FileHeaderInfo: 'IGNORE' } }
  equal(
    await ask('people.csv', 'SELECT _1, _9 FROM S3Object LIMIT 1', { InputSerialization: ignore }),
    'Ann,\n',
  )
})

test('aggregates are exact', async () => {
  const sums = `SELECT COUNT(*), SUM(CAST(paid AS DECIMAL)), MIN(CAST(age AS INT)), MAX(age), AVG(age)
    FROM S3Object WHERE age <> ''`
  equal(await ask('people.csv', sums), '3,27.25,27,45,34.333333333333333333333333333333333333\n')
  equal(await ask('empty.csv', 'SELECT COUNT(*), SUM(x) FROM S3Object'), '0,\n')
})

test('JSON out: names, aliases, numbers; what is missing is left out', async () => {
  const json = { OutputSerialization: { JSON: {} } }
  equal(
    await ask(
      'people.csv',
      'SELECT name, CAST(age AS INT) + 1 AS next, 1.50 FROM S3Object LIMIT 1',
      json,
    ),
    '{"name":"Ann","next":32,"_3":1.50}\n',
  )
  equal(
    await ask('people.csv', 'SELECT * FROM S3Object LIMIT 1', json),
    '{"Name":"Ann","Age":"31","City":"Ulm, Danube","Paid":"19.90"}\n',
  )
  equal(
    await ask('lines.json', 'SELECT s.name, s.age, s.big, s.home.city, s.tags[1] FROM S3Object s', {
      InputSerialization: jsonLines,
      ...json,
    }),
    '{"name":"Ann","age":31,"city":"Ulm","_5":"b"}\n' +
      '{"name":"Bob","big":12345678901234567890}\n{"name":"Cid","age":null}\n',
  )
  equal(
    await ask('lines.json', 'SELECT * FROM S3Object s WHERE s.age IS MISSING', {
      InputSerialization: jsonLines,
      OutputSerialization: { JSON: { RecordDelimiter: ';' } },
    }),
    '{"name":"Bob","tags":[],"big":12345678901234567890};',
  )
})

test('a path in FROM leads into a document; where it leads to nothing the record is empty', async () => {
  const asked = {
    InputSerialization: { JSON: { Type: 'DOCUMENT' } },
    OutputSerialization: { JSON: {} },
  } as const
  equal(
    await ask('document.json', 'SELECT id FROM S3Object[*].Rules[*].id', asked),
    '{"id":"1"}\n{}\n{"id":"2"}\n',
  )
  equal(
    await ask(
      'document.json',
      'SELECT id FROM S3Object[*].Rules[*].id WHERE id IS NOT MISSING',
      asked,
    ),
    '{"id":"1"}\n{"id":"2"}\n',
  )
  equal(
    await ask('document.json', 'SELECT r.* FROM S3Object[*].rules[2] AS r', asked),
    '{"id":"2","expr":"z"}\n',
  )
  equal(await ask('document.json', 'SELECT _1.meta.n FROM S3Object', asked), '{"n":1}\n')
})

test('formats of CSV in and out', async () => {
  await put('odd.csv', "a|'x~'y'|1\r\nb|'line\r\nbreak'|2\r\n")
  equal(
    await ask('odd.csv', 'SELECT _2, _1 FROM S3Object', {
      InputSerialization: {
        CSV: {
          FieldDelimiter: '|',
          RecordDelimiter: '\r\n',
          QuoteCharacter: "'",
          QuoteEscapeCharacter: '~',
          AllowQuotedRecordDelimiter: true,
        },
      },
      OutputSerialization: {
        CSV: {
          FieldDelimiter: '\t',
          RecordDelimiter: '!\n',
          QuoteFields: 'ALWAYS',
          QuoteCharacter: '*',
        },
      },
    }),
    "*x'y*\t*a*!\n*line\r\nbreak*\t*b*!\n",
  )
})

test('gzip is unpacked, and both sizes are told', async () => {
  const told = await events('people.csv.gz', 'SELECT COUNT(*) FROM S3Object', {
    InputSerialization: { ...csv, CompressionType: 'GZIP' },
    RequestProgress: { Enabled: true },
  })
  const counts = {
    BytesScanned: gzipSync(people).length,
    BytesProcessed: Buffer.byteLength(people),
    BytesReturned: 2,
  }
  deepEqual(told.find(({ Progress }) => Progress)?.Progress?.Details, counts)
  deepEqual(told.find(({ Stats }) => Stats)?.Stats?.Details, counts)
})

test('scan ranges take each record once, wherever they cut', async () => {
  const bytes = Buffer.byteLength(people)
  const whole = await ask('people.csv', 'SELECT name FROM S3Object')
  for (let cut = 1; cut < bytes; cut += 1) {
    const head = await ask('people.csv', 'SELECT name FROM S3Object', {
      ScanRange: { Start: 0, End: cut - 1 },
    })
    const tail = await ask('people.csv', 'SELECT name FROM S3Object', {
      ScanRange: { Start: cut, End: bytes - 1 },
    })
    equal(head + tail, whole, `cut at ${cut}`)
  }
  equal(await ask('people.csv', 'SELECT name FROM S3Object', { ScanRange: { End: 10 } }), 'Dot\n')
})

test('what is wrong with a request or a query has its code', async () => {
  const wrong: readonly (readonly [
    code: string,
    expression: string,
    asked?: Asked,
    status?: number,
  ])[] = [
    ['ParseUnexpectedToken', 'SELECT FROM WHERE'.replace('FROM', 'a b c FROM')],
    ['ParseEmptySelect', 'SELECT FROM S3Object'],
    ['ParseSelectMissingFrom', 'SELECT a'],
    ['ParseUnexpectedToken', 'DELETE FROM S3Object'],
    ['ParseAsteriskIsNotAloneInSelectList', 'SELECT *, name FROM S3Object'],
    ['UnsupportedSyntax', 'SELECT name FROM S3Object ORDER BY name'],
    ['UnsupportedSyntax', 'SELECT name FROM S3Object GROUP BY name'],
    ['MultipleDataSourcesUnsupported', 'SELECT name FROM S3Object a, S3Object b'],
    ['UnsupportedFunction', 'SELECT sleep(10) FROM S3Object'],
    ['EvaluatorInvalidArguments', 'SELECT lower(name, city) FROM S3Object'],
    ['LexerInvalidChar', 'SELECT name FROM S3Object WHERE name = "'],
    ['LexerInvalidLiteral', 'SELECT 12abc FROM S3Object'],
    ['ParseExpectedTypeName', 'SELECT CAST(name AS MONEY) FROM S3Object'],
    ['ParseExpectedDatePart', 'SELECT EXTRACT(week FROM name) FROM S3Object'],
    ['ParseExpectedNumber', 'SELECT name FROM S3Object LIMIT -1'],
    ['UnsupportedSqlStructure', 'SELECT name, COUNT(*) FROM S3Object'],
    ['UnsupportedSqlStructure', 'SELECT name FROM S3Object WHERE COUNT(*) > 1'],
    ['UnsupportedSqlStructure', `SELECT ${'('.repeat(300)}1${')'.repeat(300)} FROM S3Object`],
    ['ExpressionTooLong', `SELECT '${'x'.repeat(256 * 1024)}' FROM S3Object`],
    ['MissingHeaders', 'SELECT nobody FROM S3Object'],
    ['InvalidColumnIndex', 'SELECT _0 FROM S3Object'],
    ['InvalidTableAlias', 'SELECT other.name FROM S3Object s'],
    ['CastFailed', 'SELECT CAST(name AS INT) FROM S3Object'],
    ['InvalidDataType', 'SELECT name + 1 FROM S3Object'],
    ['ExternalEvalException', 'SELECT 1 / 0 FROM S3Object'],
    ['IntegerOverflow', 'SELECT 9223372036854775807 + 1 FROM S3Object'],
    ['LikeInvalidInputs', 'SELECT name FROM S3Object WHERE name LIKE 5'],
    [
      'EvaluatorLikePatternInvalidEscapeSequence',
      `SELECT name FROM S3Object WHERE name LIKE 'a' ESCAPE 'xy'`,
    ],
    ['IncorrectSqlFunctionArgumentType', 'SELECT CHAR_LENGTH(5) FROM S3Object'],
    ['EvaluatorInvalidTimestampFormatPattern', `SELECT TO_STRING(UTCNOW(), 'qqq') FROM S3Object`],
    ['JSONParsingError', 'SELECT * FROM S3Object', { InputSerialization: jsonLines }],
    [
      'InvalidCompressionFormat',
      'SELECT * FROM S3Object',
      { InputSerialization: { ...csv, CompressionType: 'GZIP' } },
    ],
    [
      'NotImplemented',
      'SELECT * FROM S3Object',
      { InputSerialization: { ...csv, CompressionType: 'BZIP2' } },
      501,
    ],
    ['NotImplemented', 'SELECT * FROM S3Object', { InputSerialization: { Parquet: {} } }, 501],
    ['InvalidDataSource', 'SELECT * FROM S3Object', { InputSerialization: {} }],
    ['InvalidScanRange', 'SELECT * FROM S3Object', { ScanRange: { Start: 10, End: 5 } }],
    [
      'UnsupportedScanRangeInput',
      'SELECT * FROM S3Object',
      { InputSerialization: { JSON: { Type: 'DOCUMENT' } }, ScanRange: { Start: 1 } },
    ],
    [
      'InvalidRequestParameter',
      'SELECT * FROM S3Object',
      { InputSerialization: { CSV: { FieldDelimiter: 'ab' } } },
    ],
    [
      'ObjectSerializationConflict',
      'SELECT * FROM S3Object',
      { OutputSerialization: { CSV: {}, JSON: {} } },
    ],
    ['NoSuchKey', 'SELECT * FROM S3Object', { Key: 'nothing' }, 404],
  ]
  for (const [code, expression, asked, status = 400] of wrong)
    await rejects(events('people.csv', expression, asked), refused(status, code), expression)
  await put('quoted.csv', 'a,"b\nc"\n')
  await rejects(
    events('quoted.csv', 'SELECT * FROM S3Object'),
    refused(400, 'CSVEscapingRecordDelimiter'),
  )
  await put('cut.json', '{"a":[1')
  await rejects(
    events('cut.json', 'SELECT * FROM S3Object', { InputSerialization: jsonLines }),
    refused(400, 'TruncatedInput'),
  )
  await put('latin.csv', Buffer.from('name\nK\xf6ln\n', 'latin1'))
  await rejects(events('latin.csv', 'SELECT * FROM S3Object'), refused(400, 'InvalidTextEncoding'))
  await put('long.csv', `${'x'.repeat(1024 * 1024 + 1)}\n`)
  await rejects(events('long.csv', 'SELECT * FROM S3Object'), refused(400, 'OverMaxRecordSize'))
})

test('what goes wrong after records were told ends the answer with an error', async () => {
  const good = 'x,1\n'.repeat(200_000)
  await put('late.csv', `${good}x,y\n`)
  const { Payload = [] } = await client.send(
    new SelectObjectContentCommand({
      Bucket,
      Key: 'late.csv',
      Expression: 'SELECT CAST(_2 AS INT) FROM S3Object',
      ExpressionType: 'SQL',
      InputSerialization: { CSV: {} },
      OutputSerialization: { CSV: {} },
    }),
  )
  let bytes = 0
  await rejects(
    async () => {
      for await (const { Records } of Payload) bytes += Records?.Payload?.length ?? 0
    },
    (error: Error) => error.name === 'CastFailed',
  )
  ok(bytes > 0)
})

test('other requests have their turn while records are looked at', async () => {
  const line = `${'some words, '.repeat(5)}1\n`
  await put('heavy.csv', line.repeat(150_000))
  const answer = events('heavy.csv', `SELECT COUNT(*) FROM S3Object WHERE _1 LIKE '%w_r%s%x%'`, {
    InputSerialization: { CSV: {} },
  })
  let isOver = false
  const ended = answer.finally(() => {
    isOver = true
  })
  let turns = 0
  while (!isOver) {
    await client.send(new HeadBucketCommand({ Bucket }))
    turns += 1
  }
  const told = await ended
  equal(Buffer.from(told.find(({ Records }) => Records)?.Records?.Payload ?? []).toString(), '0\n')
  ok(turns >= 10, `only ${turns} others were answered meanwhile`)
})

test('a client that leaves stops the reading, and nothing stays open', async () => {
  await put('left.csv', 'a,b\n'.repeat(2_000_000))
  const gone = new AbortController()
  const { Payload = [] } = await client.send(
    new SelectObjectContentCommand({
      Bucket,
      Key: 'left.csv',
      Expression: 'SELECT * FROM S3Object',
      ExpressionType: 'SQL',
      InputSerialization: { CSV: {} },
      OutputSerialization: { CSV: {} },
    }),
    { abortSignal: gone.signal },
  )
  for await (const _ of Payload) break
  gone.abort()
  await server.settled()
  equal(server.ended.at(-1)?.operation, 'SelectObjectContent')
})
