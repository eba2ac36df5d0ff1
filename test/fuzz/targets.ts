/** What is fuzzed: everything that reads what strangers send. What may be thrown at them is a fault of the right room, and nothing else. */
import { deepEqual, ok, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { parseEtags } from '#api/etags'
import { resolveAddress } from '#api/s3/address'
import { parseDate } from '#api/s3/conditions'
import { readCopyRange, readCopySource } from '#api/s3/copy-source'
import { assertReadable, readEncryption, readSourceKey } from '#api/s3/encryption'
import { formBoundary, readForm } from '#api/s3/form'
import { readLifecycle } from '#api/s3/lifecycle-document'
import { checkPostPolicy, parsePostPolicy } from '#api/s3/post-policy'
import { parseRange } from '#api/s3/range'
import { readSelectRequest } from '#api/s3/select-request'
import { bucketTagsMax, parseTagging, readTagHeader } from '#api/s3/tags'
import { readXml } from '#api/s3/xml-reader'
import { decodeMetadata, encodeMetadata, overwrittenShards, safeFileName } from '#content/cdn-meta'
import { Fault } from '#fault/fault'
import { parseQuery, parseTarget } from '#http/target'
import { authenticate } from '#identity/authenticate'
import { AwsChunkedDecoder } from '#identity/aws-chunked'
import { ChunkSignatures } from '#identity/chunk-signatures'
import { evaluate, parsePolicy } from '#identity/policy'
import { authenticateForm } from '#identity/post-form'
import type { AuthenticationRules } from '#identity/rules'
import { SigningKeys } from '#identity/signing-keys'
import type { BucketFacts } from '#object/model'
import { parseBucketName, parseObjectKey, parseVersionId } from '#object/names'
import { ReplyReader } from '#redis/reply-reader'
import { RequestReader } from '#redis/request-reader'
import { parseQuery as parseSql } from '#select/parse-query'
import { bareRequest } from '../bare-request.ts'
import { accessKeyId, knowing } from '../example-key.ts'
import { libraryTargets } from './library.ts'
import { metadataVectors, nearlyMetadata } from './metadata.ts'
import type { Seeds } from './mutate.ts'
import type { Random } from './random.ts'

export interface Target {
  readonly seeds: Seeds
  readonly words?: readonly string[]
  /** Makes inputs that know the format, in the place of seeds that are changed. */
  readonly make?: (random: Random) => Buffer
  /** Rooms whose faults may be thrown. */
  readonly rooms: readonly string[]
  /** Throws what reading the input throws, and assertions of its own. */
  readonly read: (input: Buffer) => void | Promise<void>
}

const rules: AuthenticationRules = {
  accessKeys: knowing('of nobody'),
  regions: ['us-east-1'],
  signingKeys: new SigningKeys(),
  now: Date.UTC(2013, 4, 24),
  resources: ['/bucket/key'],
}
export interface OpenTarget extends Target, AsyncDisposable {}

const signature = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41'
const credential = `${accessKeyId}/20130524/us-east-1/s3/aws4_request`

/** Headers that come once a line, as `name: value`. */
function headersOf(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, Math.max(0, colon)).trim().toLowerCase(), line.slice(colon + 1).trim()]
  })
  return Object.fromEntries(pairs)
}

/** The three headers that bring a key. */
function customerKey(prefix: string): string {
  const key = Buffer.alloc(32, 'key')
  const md5 = createHash('md5').update(key).digest('base64')
  return `${prefix}-algorithm: AES256\n${prefix}-key: ${key.toString('base64')}\n${prefix}-key-md5: ${md5}`
}

/** Whoever asks for nothing gets a named key. */
const encryptingBucket: BucketFacts = {
  name: parseBucketName('bucket'),
  createdAt: 0,
  profile: '2+1',
  config: { encryption: { kind: 'aws:kms' } },
}

async function outcomeOf<Result>(act: () => Result | Promise<Result>): Promise<Result | string> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof Fault) return error.code
    throw error
  }
}

export const targets: Readonly<Record<string, Target>> = {
  sigv4: {
    seeds: [
      `GET /test.txt\nhost: examplebucket.s3.amazonaws.com\nx-amz-content-sha256: UNSIGNED-PAYLOAD\nx-amz-date: 20130524T000000Z\nauthorization: AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=${signature}`,
      `GET /k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(credential)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}\nhost: h`,
      `PUT /bucket/key?AWSAccessKeyId=${accessKeyId}&Expires=1369440000&Signature=xQE0diMbLRepdf3YB%2BFIEXAMPLE%3D\nhost: h\ncontent-type: text/plain\nx-amz-meta-a: b`,
    ],
    words: [
      'SignedHeaders=',
      'Signature=',
      'Credential=',
      'x-amz-security-token: a',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    ],
    rooms: ['identity', 'http'],
    async read(input) {
      const [first = '', ...lines] = input.toString('latin1').split('\n')
      const [method = '', ...rest] = first.split(' ')
      const message = { method, target: parseTarget(rest.join(' ')), headers: headersOf(lines) }
      const proof = await authenticate(message, rules)
      ok(proof.kind === 'anonymous', 'nothing of this was signed with the secret')
    },
  },
  'aws-chunked': {
    seeds: [
      '5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
      `6;chunk-signature=${signature}\r\nhello!\r\n0;chunk-signature=${signature}\r\n\r\n`,
    ],
    words: ['ffffffffffffffff', 'fffffff', '0\r\n', ';chunk-signature='],
    rooms: ['identity'],
    async read(input) {
      const decode = (pieces: readonly Uint8Array[], isSigned: boolean) => {
        const seed = { signingKey: Buffer.alloc(32), timestamp: 't', scope: 's', signature }
        const signatures = isSigned ? { signatures: new ChunkSignatures(seed) } : {}
        const decoder = new AwsChunkedDecoder({ decodedBytes: 6, hasTrailer: true, ...signatures })
        const payload = pieces.flatMap((piece) => decoder.push(piece))
        return { trailers: [...decoder.finish()], payload: Buffer.concat(payload).toString('hex') }
      }
      const middle = input.length >> 1
      const cut = [input.subarray(0, middle), input.subarray(middle)]
      const whole = await outcomeOf(() => decode([input], false))
      if (typeof whole !== 'string') deepEqual(decode(cut, false), whole)
      decode(cut, true)
    },
  },
  xml: {
    seeds: [
      '<Tagging><TagSet><Tag><Key>a</Key><Value>b&amp;&#65;</Value></Tag></TagSet></Tagging>',
      '<?xml version="1.0"?><!-- x --><LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>a</ID><Status>Enabled</Status><Filter><And><Prefix>p/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag></And></Filter><Expiration><Days>3</Days></Expiration><Transition><Days>1</Days><StorageClass>STANDARD_IA</StorageClass></Transition></Rule></LifecycleConfiguration>',
      '<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL</ExpressionType><InputSerialization><CSV><FileHeaderInfo>USE</FileHeaderInfo></CSV></InputSerialization><OutputSerialization><JSON/></OutputSerialization><ScanRange><Start>1</Start><End>9</End></ScanRange></SelectObjectContentRequest>',
    ],
    words: [
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?',
      '?>',
      '<!DOCTYPE a [<!ENTITY b "c">]>',
      '&b;',
      '&#x110000;',
      '&#0;',
      '</',
      '/>',
      '<a>',
      '<Rule>',
      '<Date>2026-01-01T00:00:00Z</Date>',
    ],
    rooms: ['s3', 'object', 'select'],
    async read(input) {
      const document = readXml(input)
      await outcomeOf(() => parseTagging(document, bucketTagsMax))
      await outcomeOf(() => readSelectRequest(document))
      readLifecycle(document, { randomBytes: (bytes) => Buffer.alloc(bytes) })
    },
  },
  policy: {
    seeds: [
      `{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root","*"]},"Action":["s3:Get*","s3:PutObject"],"Resource":["arn:aws:s3:::bucket/*"],"Condition":{"StringLike":{"s3:prefix":["a*","\${aws:username}/?"]},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"NumericLessThan":{"s3:max-keys":"10"},"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"Null":{"s3:x":"true"}}}]}`,
      '{"Statement":{"Effect":"Deny","NotPrincipal":"*","NotAction":"*","NotResource":"arn:aws:s3:::b"}}',
    ],
    words: [
      '"ForAllValues:StringEquals"',
      '"BoolIfExists"',
      '"ArnLike"',
      `\${*}`,
      `\${`,
      '::/0',
      '"*"',
      '****************a',
      '?',
    ],
    rooms: ['identity'],
    read(input) {
      const policy = parsePolicy(input.toString('utf8'))
      const request = {
        action: 's3:GetObject',
        resource: `arn:aws:s3:::bucket/${'a'.repeat(1_000)}`,
        names: ['owner'],
        context: { 's3:prefix': ['a'.repeat(1_000)], 'aws:SourceIp': ['10.1.2.3'] },
      }
      ok([undefined, 'Allow', 'Deny'].includes(evaluate(policy, request)))
    },
  },
  form: {
    seeds: [
      `multipart/form-data; boundary=xyz\n--xyz\r\nContent-Disposition: form-data; name="key"\r\n\r\na/\${filename}\r\n--xyz\r\nContent-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/plain\r\n\r\nhello\r\n--xyz--\r\n`,
      'multipart/form-data; boundary="a b"\npreamble\r\n--a b  \r\ncontent-disposition:form-data;name=file\r\n\r\n\r\n--a b--\r\nepilogue',
    ],
    words: [
      '--xyz',
      '--xyz--',
      '\r\n--xyz\r\n',
      'Content-Disposition: ',
      'name=',
      'filename=',
      'boundary=',
    ],
    rooms: ['s3'],
    async read(input) {
      const newline = input.indexOf('\n')
      const boundary = formBoundary(input.subarray(0, Math.max(0, newline)).toString('latin1'))
      const body = input.subarray(newline + 1)
      const form = await readForm(inPieces(body), { boundary })
      let fileBytes = 0
      for await (const piece of form.file?.stream ?? []) fileBytes += piece.length
      ok(fileBytes < body.length || body.length === 0)
    },
  },
  'form-policy': {
    seeds: [
      '{"expiration":"2026-12-01T12:00:00.000Z","conditions":[{"bucket":"b"},["starts-with","$key","user/"],["eq","$acl","private"],["content-length-range",1,100],{"x-amz-meta-a":"\\\\$b"}]}',
    ],
    words: ['"starts-with"', '"$', '\\$', '["eq"', '"content-length-range"'],
    rooms: ['s3'],
    async read(input) {
      await outcomeOf(() => parsePostPolicy(input.toString('latin1')))
      const policy = parsePostPolicy(input.toString('base64'))
      const values = new Map([
        ['key', 'user/x'],
        ['acl', 'private'],
      ])
      checkPostPolicy(policy, { values, bucket: 'b', now: 0 })
    },
  },
  'form-proof': {
    seeds: [
      `policy=e30=&x-amz-algorithm=AWS4-HMAC-SHA256&x-amz-credential=${credential}&x-amz-date=20130524T000000Z&x-amz-signature=${signature}`,
      `policy=e30=&awsaccesskeyid=${accessKeyId}&signature=qgk2+6Sv9/oM7G3qLEjTH1a1l1g=`,
    ],
    rooms: ['identity', 'http'],
    async read(input) {
      const fields = new Map(
        parseQuery(input.toString('latin1')).map(({ name, value }) => [name, value]),
      )
      const proof = await authenticateForm((name) => fields.get(name), rules)
      ok(proof.kind === 'anonymous', 'nothing of this was signed with the secret')
    },
  },
  'copy-source': {
    seeds: ['/bucket/a%20key?versionId=0123456789abcdef\nbytes=0-9', 'bucket/ü\nbytes=5-5'],
    words: ['?versionId=', 'null', 'bytes='],
    rooms: ['s3', 'object', 'http'],
    read(input) {
      const [source = '', range] = input.toString('latin1').split('\n')
      const { first, last } = readCopyRange(range) ?? { first: 0, last: 0 }
      ok(first <= last)
      const { bucket, key } = readCopySource(
        { headers: { 'x-amz-copy-source': source }, request: bareRequest },
        { now: () => 0 },
      )
      ok(bucket.length >= 3 && key.length >= 1)
    },
  },
  encryption: {
    seeds: [
      customerKey('x-amz-server-side-encryption-customer'),
      `${customerKey('x-amz-copy-source-server-side-encryption-customer')}\nx-amz-server-side-encryption: AES256`,
      'x-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-aws-kms-key-id: forest\nx-amz-server-side-encryption-context: eyJhIjoiYiJ9\nx-amz-server-side-encryption-bucket-key-enabled: true',
      'x-amz-server-side-encryption-bucket-key-enabled: false\nx-forwarded-proto: http',
    ],
    words: [
      ...['AES256', 'aws:kms', 'x-amz-server-side-encryption: ', '-customer-', '-algorithm: '],
      ...['-key-md5: ', 'bnVsbA==', 'W10=', 'eyJfX3Byb3RvX18iOiJhIn0=', 'eyJhIjoxfQ==', '=='],
    ],
    rooms: ['s3', 'object'],
    async read(input) {
      const headers = headersOf(input.toString('latin1').split('\n'))
      const call = { headers, request: { ...bareRequest, headers }, facts: encryptingBucket }
      await outcomeOf(() => assertReadable(call, {}))
      const source = await outcomeOf(() => readSourceKey(call))
      if (typeof source !== 'string') ok([undefined, 32].includes(source.customerKey?.length))
      const wish = readEncryption(call)
      if (wish?.kind === 'customer') {
        const md5 = createHash('md5').update(wish.key).digest('base64')
        deepEqual(
          [wish.key.length, headers['x-amz-server-side-encryption-customer-key-md5']],
          [32, md5],
        )
      } else if (wish?.kind === 'aws:kms') {
        ok(Object.values(wish.context ?? {}).every((value) => typeof value === 'string'))
      }
    },
  },
  range: {
    seeds: ['bytes=0-9', 'bytes=-5', 'bytes=7-', 'bytes=0-1,3-4'],
    words: ['bytes=', '18446744073709551616'],
    rooms: ['object'],
    read(input) {
      const header = input.toString('latin1')
      const range = parseRange(header, 10)
      ok(range === undefined || (range.first >= 0 && range.first <= range.last && range.last < 10))
      parseRange(header, 0)
    },
  },
  names: {
    seeds: ['/my-bucket/a/b%20c?versionId=null', '/s3/my.bucket/k', '/my-bucket//..%2F', '/k'],
    rooms: ['s3', 'object', 'http'],
    read(input) {
      const { rawPath, query } = parseTarget(input.toString('latin1'))
      for (const host of ['my-bucket.localhost', '127.0.0.1:9000']) {
        const mount = rawPath.startsWith('/s3') ? '/s3' : ''
        const { bucket, key } = resolveAddress(rawPath, { host, mount, domains: ['localhost'] })
        if (bucket !== undefined) ok(/^[a-z0-9.-]{3,63}$/.test(parseBucketName(bucket)))
        if (key !== undefined) ok(Buffer.byteLength(parseObjectKey(key)) <= 1_024)
      }
      for (const { value } of query) parseVersionId(value)
    },
  },
  'tag-header': {
    seeds: ['a=b&c=d+e%20f&empty=&%C3%BC=1', 'k'],
    rooms: ['s3', 'http'],
    read(input) {
      const tags = readTagHeader({ headers: { 'x-amz-tagging': input.toString('latin1') } }) ?? []
      ok(tags.length <= 10 && tags.every(([key]) => key !== ''))
    },
  },
  conditions: {
    seeds: ['"a", W/"b", c', '*', 'Wed, 21 Oct 2015 07:28:00 GMT', 'Wed Oct 21 07:28:00 2015'],
    rooms: [],
    read(input) {
      const text = input.toString('latin1')
      const etags = parseEtags(text)
      ok(etags === '*' || etags?.every((etag) => etag !== ''))
      ok(Number.isFinite(parseDate(text) ?? 0))
    },
  },
  'cdn-meta': {
    seeds: [Buffer.alloc(0), ...metadataVectors],
    make: nearlyMetadata,
    rooms: ['content'],
    async read(input) {
      const metadata = decodeMetadata(input, { allowsOverwritten: true })
      await outcomeOf(() => safeFileName(metadata.name))
      const blocks = metadata.kind === 'file' ? metadata.blocks : []
      if (blocks.every((block) => overwrittenShards(block).length === 0)) {
        ok(input.equals(encodeMetadata(metadata)), 'bytes have one meaning, and it these bytes')
      } else {
        const code = 'content/metadata-overwritten-shards'
        throws(() => decodeMetadata(input), { code })
        throws(() => encodeMetadata(metadata), { code })
      }
    },
  },
  select: {
    seeds: [
      `SELECT s.name, CAST(s."Age" AS INT) + 1 AS x FROM S3Object s WHERE s.city LIKE 'B%' ESCAPE '!' AND s.a BETWEEN 1 AND 2.5e3 OR s.b IN (1, 'x') LIMIT 5`,
      `SELECT COUNT(*), MAX(s._1) FROM S3Object[*].a.b[0] s WHERE COALESCE(s.c, NULL) IS NOT MISSING AND TO_TIMESTAMP(s.d) > DATE_ADD(month, 1, UTCNOW())`,
    ],
    words: [
      'SELECT ',
      ' FROM ',
      ' WHERE ',
      ' NOT ',
      '(',
      ')',
      'CASE WHEN',
      'END',
      "''",
      '""',
      '[*]',
      '.*',
      '`2026T`',
    ],
    rooms: ['select'],
    read(input) {
      parseSql(input.toString('utf8'))
    },
  },
  redisRequests: {
    seeds: [
      '*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$2\r\na\r\r\n$5\r\nhello\r\n',
      `*2\r\n$4\r\nAUTH\r\n$64\r\n${'ab'.repeat(32)}\r\n*2\r\n$3\r\nDEL\r\n$0\r\n\r\n*0\r\n`,
      '*4\r\n$6\r\nCLIENT\r\n$7\r\nSETINFO\r\n$8\r\nLIB-NAME\r\n$8\r\nredis-rs\r\n',
    ],
    words: ['*', '$', '\r\n', '$-1\r\n', '*-1\r\n', '$99999\r\n', '*1025\r\n', '0'],
    rooms: ['redis'],
    read(input) {
      const whole = requestsOf([input])
      const cut = requestsOf([...piecesOf(input)])
      deepEqual(cut, whole)
      if (whole.error !== undefined) throw whole.error
    },
  },
  redisReplies: {
    seeds: ['+OK\r\n$5\r\nhello\r\n$-1\r\n:12\r\n', '-ERR unknown command\r\n$0\r\n\r\n:-1\r\n'],
    words: ['+', '-', ':', '$', '\r\n', '$-1\r\n', '$99999999999\r\n', '*1\r\n'],
    rooms: ['redis'],
    read(input) {
      const reader = new ReplyReader({ valueBytesMax: fuzzedBytesMax })
      for (const piece of piecesOf(input)) {
        reader.give(piece)
        for (let reply = reader.next(); reply !== undefined; reply = reader.next()) {
          ok(reply.kind !== 'bulk' || reply.bytes.length <= fuzzedBytesMax)
        }
      }
    },
  },
  ...libraryTargets,
}

const fuzzedBytesMax = 4_096

/** What a reader makes of these pieces, and where it stopped. */
function requestsOf(pieces: readonly Uint8Array[]) {
  const reader = new RequestReader()
  const requests: string[][] = []
  let error: unknown
  try {
    for (const piece of pieces) {
      reader.give(piece)
      for (
        let step = reader.next(fuzzedBytesMax);
        step.state !== 'begun';
        step = reader.next(fuzzedBytesMax)
      ) {
        if (step.state === 'large') reader.makeRoom()
        else requests.push(step.args.map((arg) => Buffer.from(arg).toString('latin1')))
      }
    }
  } catch (thrown) {
    error = thrown
  }
  for (const args of requests) {
    ok(args.length > 0 && args.join('').length <= fuzzedBytesMax)
  }
  return { requests, error }
}

/** Cut where boundaries may be cut. */
async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* piecesOf(bytes)
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  const pieceBytes = Math.max(1, bytes.length >> 3)
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** `undefined` when the input was read, or refused as it should be; else what is wrong. */
export async function complaintOf(
  { read, rooms }: Pick<Target, 'read' | 'rooms'>,
  input: Buffer,
): Promise<unknown> {
  try {
    await read(input)
    return undefined
  } catch (error) {
    const isExpected = error instanceof Fault && rooms.includes(error.code.split('/')[0] ?? '')
    return isExpected ? undefined : error
  }
}
