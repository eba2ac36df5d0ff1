/** Whole requests on a socket, against a store: whatever comes is answered as S3 or cut off, and nothing fails inside. */
import { ok } from 'node:assert/strict'
import { connect } from 'node:net'
import { startS3Server } from '../integration/s3/s3-server.ts'
import type { Seeds } from './mutate.ts'
import type { OpenTarget } from './targets.ts'

/** The local mount takes them without a signature. */
function request(line: string, body: string, ...headers: readonly string[]): string {
  const length = `content-length: ${Buffer.byteLength(body)}`
  return [`${line} HTTP/1.1`, 'host: localhost', length, ...headers, '', body].join('\r\n')
}

const xml = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const seeds: Seeds = [
  request('GET /s3/fuzz?list-type=2&prefix=a&max-keys=3&delimiter=%2F&encoding-type=url', ''),
  request(
    'PUT /s3/fuzz/key',
    'hello',
    'x-amz-meta-a: b',
    'x-amz-tagging: a=b',
    'content-md5: XUFAKrxLKna5cZ2REBfFkg==',
  ),
  request('GET /s3/fuzz/key', '', 'range: bytes=0-1', 'if-none-match: "a"'),
  request(
    'PUT /s3/fuzz/copy',
    '',
    'x-amz-copy-source: /fuzz/key',
    'x-amz-metadata-directive: REPLACE',
  ),
  request(
    'PUT /s3/fuzz/chunked',
    '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n',
    'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-trailer: x-amz-checksum-crc32',
    'x-amz-decoded-content-length: 5',
    'content-encoding: aws-chunked',
  ),
  request(
    'POST /s3/fuzz?delete',
    `<Delete ${xml}><Object><Key>a</Key><VersionId>null</VersionId></Object><Quiet>true</Quiet></Delete>`,
  ),
  request(
    'PUT /s3/fuzz?cors',
    '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://*.a</AllowedOrigin><MaxAgeSeconds>3</MaxAgeSeconds></CORSRule></CORSConfiguration>',
  ),
  request(
    'PUT /s3/fuzz?website',
    '<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Condition><KeyPrefixEquals>a</KeyPrefixEquals></Condition><Redirect><HostName>h</HostName></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>',
  ),
  request(
    'PUT /s3/fuzz?acl',
    `<AccessControlPolicy ${xml}><Owner><ID>${'a'.repeat(64)}</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`,
  ),
  request(
    'PUT /s3/fuzz?policy',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::fuzz/*"}]}',
  ),
  request(
    'PUT /s3/fuzz?versioning',
    '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
  ),
  request(
    'PUT /s3/fuzz?notification',
    '<NotificationConfiguration><QueueConfiguration><Id>a</Id><Queue>arn:aws:sqs:us-east-1::q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>',
  ),
  request(
    'PUT /s3/fuzz?object-lock',
    '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>1</Days></DefaultRetention></Rule></ObjectLockConfiguration>',
  ),
  request(
    'POST /s3/fuzz/key?select&select-type=2',
    '<SelectObjectContentRequest><Expression>SELECT * FROM S3Object</Expression><ExpressionType>SQL</ExpressionType><InputSerialization><CSV/></InputSerialization><OutputSerialization><CSV/></OutputSerialization></SelectObjectContentRequest>',
  ),
  request('POST /s3/fuzz/key?uploads', ''),
  request(
    'POST /s3/fuzz/key?uploadId=a',
    '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"a"</ETag></Part></CompleteMultipartUpload>',
  ),
  request(
    'POST /s3/fuzz',
    '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhello\r\n--x--\r\n',
    'content-type: multipart/form-data; boundary=x',
  ),
]

/** Statuses above 500 with which S3 says what it does not offer, and that it is busy. */
const proper = [501, 503]

export async function openDoorTarget(): Promise<OpenTarget> {
  const server = await startS3Server()
  const send = (input: string | Buffer) => exchange(server.localPort, input)
  await send(request('PUT /s3/fuzz', ''))
  return {
    seeds,
    words: [
      'Transfer-Encoding: chunked',
      'content-length: 5',
      'HTTP/1.1\r\n',
      '?uploads',
      '?acl',
      'versionId=',
      'Expect: 100-continue\r\n',
      'x-amz-object-lock-mode: COMPLIANCE\r\n',
      'partNumber=1&uploadId=',
    ],
    rooms: [],
    async read(input) {
      for (const status of await send(whole(input))) {
        ok(status < 500 || proper.includes(status), `answered with ${status}`)
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** With the length it has now: for bytes that never come the server waits a while, which is tried elsewhere. */
function whole(input: Buffer): Buffer {
  const headEnd = input.indexOf('\r\n\r\n')
  if (headEnd < 0) return input
  const length = `content-length: ${input.length - headEnd - 4}`
  const head = input.subarray(0, headEnd).toString('latin1')
  const told = head.replaceAll(/^content-length: *\d+/gim, length)
  return Buffer.concat([Buffer.from(told, 'latin1'), input.subarray(headEnd)])
}

/** The statuses of all answers to what is sent, until the server has closed. */
async function exchange(port: number, input: string | Buffer): Promise<readonly number[]> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const pieces: Buffer[] = []
  socket.on('data', (piece: Buffer) => pieces.push(piece)).on('error', () => {}) // a reset is an answer, too
  const closed = new Promise((resolve) => socket.once('end', resolve).once('close', resolve))
  socket.end(input)
  await closed
  socket.destroy()
  const text = Buffer.concat(pieces).toString('latin1')
  return Array.from(text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm), ([, status]) => Number(status))
}
