import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkPostPolicy, parsePostPolicy } from '#api/s3/post-policy'
import { Fault } from '#fault/fault'

const now = Date.UTC(2030, 0, 1)
const expiration = '2030-01-01T00:00:01Z'
const base64 = (document: unknown) => Buffer.from(JSON.stringify(document)).toString('base64')

function outcome(conditions: unknown, fields: Readonly<Record<string, string>> = {}): string {
  return codeOf(() => {
    const policy = parsePostPolicy(base64({ expiration, conditions }))
    checkPostPolicy(policy, { values: new Map(Object.entries(fields)), bucket: 'photos', now })
  })
}

function codeOf(act: () => void): string {
  try {
    act()
    return 'allowed'
  } catch (error) {
    ok(error instanceof Fault, String(error))
    return error.code
  }
}

const bucket = { bucket: 'photos' }
const denied = 's3/access-denied'
const cases: readonly (readonly [
  what: string,
  conditions: readonly unknown[],
  fields: Readonly<Record<string, string>>,
  outcome: string,
])[] = [
  ['equal as an object', [bucket, { key: 'a' }], { key: 'a' }, 'allowed'],
  ['equal as a list', [bucket, ['eq', '$key', 'a']], { key: 'a' }, 'allowed'],
  ['a beginning', [bucket, ['starts-with', '$key', 'a/']], { key: 'a/b' }, 'allowed'],
  ['anything', [bucket, ['starts-with', '$key', '']], { key: 'a/b' }, 'allowed'],
  [
    'case of names and operators',
    [{ bUcKet: 'photos' }, ['StArTs-WiTh', '$KeY', '']],
    { key: 'a' },
    'allowed',
  ],
  ['case of values', [bucket, { key: 'a' }], { key: 'A' }, denied],
  ['another value', [bucket, ['eq', '$key', 'a']], { key: 'ab' }, denied],
  ['another beginning', [bucket, ['starts-with', '$key', 'a/']], { key: 'b/a/' }, denied],
  ['a field that is not there', [bucket, ['starts-with', '$acl', 'p']], {}, denied],
  ['nothing of a field that is not there', [bucket, ['starts-with', '$acl', '']], {}, 'allowed'],
  [
    'two conditions on a field',
    [bucket, ['starts-with', '$key', 'a'], { key: 'b' }],
    { key: 'b' },
    denied,
  ],
  ['a field without condition', [bucket], { key: 'a' }, denied],
  [
    'fields that need none',
    [bucket],
    {
      policy: '',
      signature: '',
      awsaccesskeyid: '',
      'x-amz-signature': '',
      'x-ignore-foo': '',
      'x-amz-checksum-sha256': '',
    },
    'allowed',
  ],
  ['no condition on the bucket', [{ key: 'a' }], { key: 'a' }, denied],
  ['another bucket', [{ bucket: 'films' }], {}, denied],
  ['another bucket, which the form repeats', [{ bucket: 'films' }], { bucket: 'films' }, denied],
  ['the bucket, which the form repeats', [bucket], { bucket: 'photos' }, 'allowed'],
  [
    'types in a list',
    [bucket, ['starts-with', '$Content-Type', 'image/']],
    { 'content-type': 'image/png, image/gif' },
    'allowed',
  ],
  [
    'types in a list, one of them another',
    [bucket, ['starts-with', '$Content-Type', 'image/']],
    { 'content-type': 'image/png,text/html' },
    denied,
  ],
]
for (const [what, conditions, fields, expected] of cases)
  test(`${what}: ${expected}`, () => equal(outcome(conditions, fields), expected))

const malformed: Readonly<Record<string, unknown>> = {
  'no object': 'policy',
  nothing: null,
  'no expiration': { conditions: [bucket] },
  'expiration in upper case': { EXPIRATION: expiration, conditions: [bucket] },
  'expiration of another form': { expiration: '2030-01-01 00:00:01+00:00', conditions: [bucket] },
  'expiration on no day': { expiration: '2030-02-30T00:00:00Z', conditions: [bucket] },
  'no conditions': { expiration },
  'conditions in upper case': { expiration, CONDITIONS: [bucket] },
  'conditions as an object': { expiration, conditions: bucket },
  ...Object.fromEntries(
    [
      [],
      [{}],
      [[]],
      ['eq'],
      [{ a: '1', b: '2' }],
      [{ success_action_status: 201 }],
      [JSON.parse('{"__proto__":"a"}')],
      [['eq', 'key', 'a']],
      [['eq', '$', 'a']],
      [['eq', '$key']],
      [['eq', '$key', 'a', 'b']],
      [['ends-with', '$key', 'a']],
      [['content-length-range']],
      [['content-length-range', 1]],
      [['content-length-range', -1, 0]],
      [['content-length-range', '-1', '2']],
      [['content-length-range', '0x1', '2']],
      [['content-length-range', 0.5, 2]],
      [['content-length-range', 0, 1, 2]],
    ].map((conditions) => [JSON.stringify(conditions), { expiration, conditions }]),
  ),
}
for (const [what, document] of Object.entries(malformed))
  test(`${what}: malformed`, () =>
    equal(
      codeOf(() => parsePostPolicy(base64(document))),
      's3/invalid-policy-document',
    ))

test('text that is no base64 or no JSON is malformed; line breaks and escaped dollars are fine', () => {
  for (const text of ['', '%', 'eyJ', Buffer.from('{').toString('base64'), '/w=='])
    equal(
      codeOf(() => parsePostPolicy(text)),
      's3/invalid-policy-document',
      text,
    )
  const document = `{"expiration":"${expiration}","conditions":[["eq","$key","\\$a\\\\$\\u0024"]]}`
  const text = Buffer.from(document).toString('base64').replaceAll(/.{20}/g, '$&\r\n')
  deepEqual(parsePostPolicy(text).conditions, [{ operator: 'eq', field: 'key', value: '$a\\$$' }])
})

test('it expires to the millisecond', () => {
  const policy = parsePostPolicy(
    base64({ expiration: '2030-01-01T00:00:00.500Z', conditions: [bucket] }),
  )
  const at = (ms: number) =>
    codeOf(() => checkPostPolicy(policy, { values: new Map(), bucket: 'photos', now: now + ms }))
  deepEqual([at(499), at(500)], ['allowed', denied])
})

test('all ranges hold', () => {
  const range = (...ranges: unknown[]) =>
    parsePostPolicy(base64({ expiration, conditions: ranges })).fileBytes
  deepEqual(range({ a: 'b' }), { min: 0, max: Number.POSITIVE_INFINITY })
  deepEqual(range(['content-length-range', '1', '9']), { min: 1, max: 9 })
  deepEqual(range(['content-length-range', 1, 9], ['Content-Length-Range', 0, 5]), {
    min: 1,
    max: 5,
  })
})

test('noise never fails in an unexpected way', () =>
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.jsonValue()), (document, conditions) => {
      ok(
        ['allowed', 's3/invalid-policy-document'].includes(
          codeOf(() => parsePostPolicy(base64(document))),
        ),
      )
      ok(['allowed', denied, 's3/invalid-policy-document'].includes(outcome(conditions)))
    }),
    { numRuns: 300 },
  ))
