import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Accessed, accessLine } from '#api/s3/access-line'

const accessed: Accessed = {
  bucket: 'photos',
  owner: 'a'.repeat(64),
  requester: 'b'.repeat(64),
  at: Date.UTC(2019, 1, 6, 0, 0, 38),
  peer: '::ffff:192.0.2.3',
  requestId: '0123456789ABCDEF',
  operation: 'GetObject',
  key: 'a b/c',
  method: 'GET',
  target: '/photos/a%20b/c?versionId=3',
  headers: {
    authorization: 'AWS4-HMAC-SHA256 …',
    host: 'localhost:9000',
    'user-agent': 'aws "cli"',
  },
  response: { status: 200, headers: { 'content-length': 7, 'x-amz-version-id': '3' } },
  errorCode: undefined,
  bytesIn: 0,
  bytesOut: 7,
  totalMs: 12.4,
  turnAroundMs: 3.6,
}

/** As those read it who read S3's logs. */
function fieldsOf(line: string): readonly string[] {
  return line.match(/"[^"]*"|\[[^\]]*\]|\S+/g) ?? []
}

test('a line has the fields of S3 in their order', () => {
  deepEqual(fieldsOf(accessLine(accessed)), [
    accessed.owner,
    'photos',
    '[06/Feb/2019:00:00:38 +0000]',
    '192.0.2.3',
    accessed.requester,
    '0123456789ABCDEF',
    'REST.GET.OBJECT',
    'a%20b/c',
    '"GET /photos/a%20b/c?versionId=3 HTTP/1.1"',
    '200',
    '-',
    '7',
    '7',
    '12',
    '4',
    '"-"',
    '"aws %22cli%22"',
    '3',
    'mycelium',
    'SigV4',
    '-',
    'AuthHeader',
    'localhost:9000',
    '-',
    '-',
    '-',
  ])
})

test('operations have the names that S3 gives them there', () => {
  const nameOf = (operation: string, method: string): string | undefined =>
    fieldsOf(accessLine({ ...accessed, operation, method }))[6]
  for (const [operation, method, name] of [
    ['PutObject', 'PUT', 'REST.PUT.OBJECT'],
    ['CopyObject', 'PUT', 'REST.COPY.OBJECT'],
    ['DeleteObjects', 'POST', 'REST.POST.MULTI_OBJECT_DELETE'],
    ['ListObjectsV2', 'GET', 'REST.GET.BUCKET'],
    ['GetBucketVersioning', 'GET', 'REST.GET.VERSIONING'],
    ['GetBucketLogging', 'GET', 'REST.GET.LOGGING_STATUS'],
    ['GetObjectTagging', 'GET', 'REST.GET.OBJECT_TAGGING'],
    ['HeadBucket', 'HEAD', 'REST.HEAD.BUCKET'],
    ['GetWebsitePage', 'GET', 'WEBSITE.GET.OBJECT'],
  ] as const)
    equal(nameOf(operation, method), name)
})

test('of a range, bytes sent and the size of the object are told', () => {
  const headers = { 'content-length': 2, 'content-range': 'bytes 0-1/7' }
  const fields = fieldsOf(
    accessLine({ ...accessed, response: { status: 206, headers }, bytesOut: 2 }),
  )
  deepEqual(fields.slice(9, 13), ['206', '-', '2', '7'])
})

test('whatever a client sends, it is one line of 26 fields', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 })
  fc.assert(
    fc.property(text, text, text, text, text, (key, target, referer, agent, host) => {
      const headers = { referer, 'user-agent': agent, host }
      const line = accessLine({ ...accessed, key, target, headers })
      ok(!/[\r\n]/.test(line))
      equal(fieldsOf(line).length, 26)
    }),
  )
})

test('what lets others in is left out, however it is spelt and wherever it stands', () => {
  const secret = '5ecre7'
  for (const name of [
    'X-Amz-Signature',
    'x-amz-signature',
    'X%2DAmz%2dSignature',
    'Signature',
    'X-Amz-Security-Token',
    'x-amz-server-side-encryption-customer-key',
  ]) {
    const target = `/photos/a?X-Amz-Date=now&${name}=${secret}&partNumber=1`
    const headers = { referer: `http://localhost:9000${target}` }
    const line = accessLine({ ...accessed, target, headers })
    ok(!line.includes(secret), name)
    ok(line.includes('X-Amz-Date=now') && line.includes('partNumber=1'))
  }
})
