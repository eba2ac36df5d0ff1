/**
 * What clients get wrong, by accident or not, and what they are told: one row per mistake. `bad-input.test.ts` sends each over a raw
 * socket and then checks that the store still serves, and that nothing became visible.
 */
import { presign, type Signing, sha256, sign, signChunks } from './signer.ts'

export interface BadInput {
  readonly name: string
  /** All bytes of the request; `host` is the server's `host:port`. */
  readonly request: (host: string) => string | Uint8Array
  readonly status: number
  readonly code: string
  /** The client says that it will send no more. */
  readonly endsSending?: boolean
  /** Asked with HEAD: no body, so no code to see. */
  readonly isHead?: boolean
}

const bucket = 'bad-input'
const key = `/${bucket}/key`
const day = 86_400_000

interface Request {
  readonly method?: string
  readonly target?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** `x-amz-content-sha256`, when it is not the body's. */
  readonly contentHash?: string
  readonly signing?: Partial<Signing>
  /** Changes the bytes after signing. */
  readonly spoil?: (text: string) => string
}

/** A well-signed request, before it is spoilt. */
function signed({
  method = 'PUT',
  target = key,
  headers = {},
  body = '',
  contentHash = sha256(Buffer.from(body, 'latin1')),
  signing = {},
  spoil = (text) => text,
}: Request): (host: string) => string {
  return (host) => {
    const length: Record<string, string> =
      body === '' && method !== 'PUT' ? {} : { 'content-length': String(body.length) }
    const all = sign({
      method,
      target,
      headers: { host, ...length, ...headers },
      contentHash,
      ...signing,
    })
    return spoil(text(method, target, all.headers) + body)
  }
}

function text(method: string, target: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function unsigned(request: Request & { readonly headers: Readonly<Record<string, string>> }) {
  return (host: string): string =>
    text(request.method ?? 'GET', request.target ?? key, { host, ...request.headers }) +
    (request.body ?? '')
}

function presigned(
  options: { readonly expiresSeconds: number; readonly timeMs?: number },
  spoil: (target: string) => string = (target) => target,
): (host: string) => string {
  return (host) => {
    const target = presign({ method: 'GET', target: key, headers: { host }, ...options })
    return text('GET', spoil(target), { host })
  }
}

/** An upload in signed chunks. */
function chunked(
  chunks: readonly string[],
  {
    decodedBytes,
    spoil = (body) => body,
  }: { readonly decodedBytes: number; readonly spoil?: (body: string) => string },
): (host: string) => string {
  return (host) => {
    const frameBytes = (chunk: string): number =>
      chunk.length.toString(16).length + 85 + chunk.length
    const bytes = [...chunks, ''].reduce((sum, chunk) => sum + frameBytes(chunk), 0)
    const all = sign({
      method: 'PUT',
      target: key,
      headers: {
        host,
        'content-length': String(bytes),
        'x-amz-decoded-content-length': String(decodedBytes),
      },
      contentHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    })
    return text('PUT', key, all.headers) + spoil(signChunks(chunks, all))
  }
}

/** An upload with a trailing checksum, as SDKs send it over TLS. */
function trailing(
  body: string,
  headers: Readonly<Record<string, string>> = {},
): (host: string) => string {
  return signed({
    contentHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    headers: {
      'x-amz-decoded-content-length': '5',
      'x-amz-trailer': 'x-amz-checksum-crc32',
      'content-length': String(body.length),
      ...headers,
    },
    spoil: (head) => head + body,
  })
}

function xml(target: string, body: string): (host: string) => string {
  return signed({ method: 'POST', target, body })
}

const deletion = `/${bucket}?delete`
const keys = (count: number): string =>
  Array.from({ length: count }, (_, index) => `<Object><Key>k${index}</Key></Object>`).join('')
const authorization = /(authorization: [^\r]*)/
const hello = { 'content-length': '5' }

export const badInputs: readonly BadInput[] = [
  // Who asks
  {
    name: 'no credentials',
    request: unsigned({ headers: {} }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'empty Authorization',
    request: unsigned({ headers: { authorization: '' } }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'Authorization that is noise',
    request: unsigned({ headers: { authorization: 'AWS4-HMAC-SHA256 HAHAHA' } }),
    status: 400,
    code: 'AuthorizationHeaderMalformed',
  },
  {
    name: 'Authorization of another scheme',
    request: unsigned({ headers: { authorization: 'Basic dXNlcjpwYXNz' } }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'Authorization of the old version',
    request: unsigned({ headers: { authorization: 'AWS AKIATEST:c2lnbmF0dXJl' } }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'unknown access key',
    request: signed({ signing: { accessKeyId: 'AKIANOBODY' } }),
    status: 403,
    code: 'InvalidAccessKeyId',
  },
  {
    name: 'wrong secret',
    request: signed({ signing: { secret: 'wrong' } }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'another method than signed',
    request: signed({ method: 'DELETE', spoil: (request) => request.replace('DELETE', 'GET') }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'another key than signed',
    request: signed({ method: 'GET', spoil: (request) => request.replace(key, `${key}2`) }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'another bucket than signed',
    request: signed({
      method: 'GET',
      spoil: (request) => request.replace(key, '/other-bucket/key'),
    }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'a query that was not signed',
    request: signed({ method: 'GET', spoil: (request) => request.replace(key, `${key}?uploads`) }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'a steering header that was not signed',
    request: signed({
      spoil: (request) => request.replace(authorization, '$1\r\nx-amz-copy-source: /other/secret'),
    }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'another region',
    request: signed({ method: 'GET', signing: { region: 'mars-1' } }),
    status: 400,
    code: 'AuthorizationHeaderMalformed',
  },
  {
    name: 'another service',
    request: signed({
      method: 'GET',
      spoil: (request) => request.replace('/s3/aws4', '/iam/aws4'),
    }),
    status: 400,
    code: 'AuthorizationHeaderMalformed',
  },
  {
    name: 'a session token',
    request: signed({ method: 'GET', headers: { 'x-amz-security-token': 'x' } }),
    status: 400,
    code: 'InvalidToken',
  },
  {
    name: 'a clock a day slow',
    request: signed({ method: 'GET', signing: { timeMs: Date.now() - day } }),
    status: 403,
    code: 'RequestTimeTooSkewed',
  },
  {
    name: 'a clock a day fast',
    request: signed({ method: 'GET', signing: { timeMs: Date.now() + day } }),
    status: 403,
    code: 'RequestTimeTooSkewed',
  },
  {
    name: 'no date',
    request: signed({
      method: 'GET',
      spoil: (request) => request.replace(/x-amz-date: .*\r\n/, ''),
    }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'a date that is none',
    request: signed({
      method: 'GET',
      spoil: (request) => request.replace(/x-amz-date: .*\r\n/, 'x-amz-date: Bad Date\r\n'),
    }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'header and URL both signed',
    request: signed({
      method: 'GET',
      spoil: (request) =>
        request.replace(key, `${key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0`),
    }),
    status: 400,
    code: 'InvalidArgument',
  },

  // Presigned URLs
  {
    name: 'a presigned URL that has expired',
    request: presigned({ expiresSeconds: 60, timeMs: Date.now() - 61_000 }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'a presigned URL of tomorrow',
    request: presigned({ expiresSeconds: 60, timeMs: Date.now() + day }),
    status: 403,
    code: 'AccessDenied',
  },
  {
    name: 'a presigned URL that lives 0 s',
    request: presigned({ expiresSeconds: 0 }),
    status: 403,
    code: 'AuthorizationQueryParametersError',
  },
  {
    name: 'a presigned URL that lives 609,901 s',
    request: presigned({ expiresSeconds: 609_901 }),
    status: 403,
    code: 'AuthorizationQueryParametersError',
  },
  {
    name: 'a presigned URL with a longer life than signed',
    request: presigned({ expiresSeconds: 60 }, (target) =>
      target.replace('Expires=60', 'Expires=600'),
    ),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'a presigned URL without credential',
    request: presigned({ expiresSeconds: 60 }, (target) =>
      target.replace(/X-Amz-Credential=[^&]*&/, ''),
    ),
    status: 400,
    code: 'AuthorizationQueryParametersError',
  },
  {
    name: 'an old presigned URL with a wrong signature',
    request: unsigned({
      headers: {},
      target: `${key}?AWSAccessKeyId=AKIATEST&Signature=AAAA&Expires=99999999999`,
    }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'an old presigned URL that has expired',
    request: unsigned({
      headers: {},
      target: `${key}?AWSAccessKeyId=AKIATEST&Signature=AAAA&Expires=1`,
    }),
    status: 403,
    code: 'AccessDenied',
  },

  // Bytes that are no request
  {
    name: 'noise',
    request: () => Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 'latin1'),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'a header section of 64 KiB',
    request: signed({ headers: { 'x-amz-meta-a': 'a'.repeat(65_536) } }),
    status: 400,
    code: 'RequestHeaderSectionTooLarge',
  },
  {
    name: 'a control character in a header',
    request: signed({ headers: { 'x-amz-meta-a': '\x01' } }),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'no Host',
    request: signed({ method: 'GET', spoil: (request) => request.replace(/host: .*\r\n/, '') }),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'OPTIONS that is no preflight',
    request: unsigned({ method: 'OPTIONS', headers: {} }),
    status: 400,
    code: 'BadRequest',
  },

  // Paths and names
  {
    name: 'a broken escape in the path',
    request: unsigned({ headers: {}, target: `/${bucket}/%zz` }),
    status: 400,
    code: 'InvalidURI',
  },
  {
    name: 'a broken escape in the query',
    request: unsigned({ headers: {}, target: `/${bucket}?prefix=%f` }),
    status: 400,
    code: 'InvalidURI',
  },
  {
    name: 'a key that is no UTF-8',
    request: unsigned({ headers: {}, target: `/${bucket}/%ff%fe` }),
    status: 400,
    code: 'InvalidURI',
  },
  {
    name: 'a target that is no path',
    request: signed({ method: 'GET', spoil: (request) => request.replace(key, '*') }),
    status: 400,
    code: 'InvalidURI',
  },
  {
    name: 'no bucket before the key',
    request: signed({ target: '//key', body: 'hello' }),
    status: 400,
    code: 'InvalidURI',
  },
  {
    name: 'a key of 1,025 bytes',
    request: signed({ target: `/${bucket}/${'k'.repeat(1025)}`, body: 'hello' }),
    status: 400,
    code: 'KeyTooLongError',
  },
  {
    name: 'a key of 513 two-byte characters',
    request: signed({ target: `/${bucket}/${'%C3%A9'.repeat(513)}`, body: 'hello' }),
    status: 400,
    code: 'KeyTooLongError',
  },
  {
    name: 'a key with NUL',
    request: signed({ target: `/${bucket}/a%00b`, body: 'hello' }),
    status: 400,
    code: 'InvalidArgument',
  },
  ...['ab', 'a'.repeat(64), 'Upper-Case', 'under_score', 'a..b', '192.168.5.4', '-abc'].map(
    (name): BadInput => ({
      name: `the bucket name ${name.slice(0, 20)}`,
      request: signed({ target: `/${name}` }),
      status: 400,
      code: 'InvalidBucketName',
    }),
  ),
  {
    name: 'a bucket that is not there',
    request: signed({ target: '/no-such-bucket/key', body: 'hello' }),
    status: 404,
    code: 'NoSuchBucket',
  },
  {
    name: 'a key that is not there',
    request: signed({ method: 'GET', target: `/${bucket}/missing` }),
    status: 404,
    code: 'NoSuchKey',
  },
  {
    name: 'HEAD of a key that is not there',
    request: signed({ method: 'HEAD', target: `/${bucket}/missing` }),
    status: 404,
    code: '',
    isHead: true,
  },
  {
    name: 'a bucket that is not empty',
    request: signed({ method: 'DELETE', target: `/${bucket}` }),
    status: 409,
    code: 'BucketNotEmpty',
  },

  // What is not offered
  {
    name: 'POST to the service',
    request: signed({ method: 'POST', target: '/', body: 'Action=ListRoles' }),
    status: 501,
    code: 'NotImplemented',
  },
  {
    name: 'PATCH',
    request: signed({ method: 'PATCH', body: 'hello' }),
    status: 405,
    code: 'MethodNotAllowed',
  },
  {
    name: 'DELETE of the service',
    request: signed({ method: 'DELETE', target: '/' }),
    status: 405,
    code: 'MethodNotAllowed',
  },
  ...['metadataConfiguration', 'metadataTable', 'session'].map(
    (name): BadInput => ({
      name: `the sub-resource ${name}`,
      request: signed({ method: 'GET', target: `/${bucket}?${name}` }),
      status: 501,
      code: 'NotImplemented',
    }),
  ),
  ...[
    ['x-amz-bucket-object-lock-token', 'token'],
    ['x-amz-write-offset-bytes', '0'],
  ].map(
    ([name = '', value = '']): BadInput => ({
      name: `the unkept promise ${name}`,
      request: signed({ headers: { [name]: value }, body: 'hello' }),
      status: 501,
      code: 'NotImplemented',
    }),
  ),
  {
    name: 'an ACL of no kind',
    request: signed({ headers: { 'x-amz-acl': 'public-dance' }, body: 'hello' }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'a canned ACL beside grants',
    request: signed({
      headers: { 'x-amz-acl': 'private', 'x-amz-grant-read': `id="${'a'.repeat(64)}"` },
      body: 'hello',
    }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'a grant to nobody',
    request: signed({ headers: { 'x-amz-grant-read': 'id="nobody"' }, body: 'hello' }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'a grant by an unknown address',
    request: signed({ headers: { 'x-amz-grant-read': 'emailAddress="x@y.z"' }, body: 'hello' }),
    status: 400,
    code: 'UnresolvableGrantByEmailAddress',
  },
  {
    name: 'a grant to a group that is none',
    request: signed({ headers: { 'x-amz-grant-read': 'uri="http://acs/x"' }, body: 'hello' }),
    status: 400,
    code: 'InvalidArgument',
  },
  ...(
    [
      ['{', 'no JSON'],
      ['[]', 'no object'],
      ['{"Version":"2012-10-17"}', 'no statement'],
      ['{"Version":"1999","Statement":[]}', 'a version of elsewhere'],
      ['{"Statement":[{"Effect":"Maybe"}]}', 'no effect'],
      [
        '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"x","Resource":"arn:aws:s3:::b"}]}',
        'an action of no service',
      ],
      [
        '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"b"}]}',
        'a resource that is no ARN',
      ],
      [
        '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b","Condition":{"StringSmells":{"aws:Referer":"x"}}}]}',
        'an unknown operator',
      ],
    ] as const
  ).map(
    ([body, what]): BadInput => ({
      name: `a policy with ${what}`,
      request: signed({ method: 'PUT', target: `/${bucket}?policy`, body }),
      status: 400,
      code: 'MalformedPolicy',
    }),
  ),
  ...(
    [
      ['the policy of a bucket without', 'policy', 'NoSuchBucketPolicy'],
      [
        'the public access block of a bucket without',
        'publicAccessBlock',
        'NoSuchPublicAccessBlockConfiguration',
      ],
      ['the ownership of a bucket without', 'ownershipControls', 'OwnershipControlsNotFoundError'],
    ] as const
  ).map(
    ([name, subresource, code]): BadInput => ({
      name,
      request: signed({ method: 'GET', target: `/${bucket}?${subresource}` }),
      status: 404,
      code,
    }),
  ),
  {
    name: 'a storage class of elsewhere',
    request: signed({ headers: { 'x-amz-storage-class': 'DEEP_SPACE' }, body: 'hello' }),
    status: 400,
    code: 'InvalidStorageClass',
  },
  {
    name: 'another expected owner',
    request: signed({ headers: { 'x-amz-expected-bucket-owner': '123' }, body: 'hello' }),
    status: 403,
    code: 'AccessDenied',
  },
  ...(
    [
      ['tags twice', 'a=1&a=2', 'InvalidArgument'],
      ['a tag without a name', '=1', 'InvalidTag'],
      ['a tag with a long name', `${'k'.repeat(129)}=1`, 'InvalidTag'],
      ['a tag with a long value', `a=${'v'.repeat(257)}`, 'InvalidTag'],
      ['eleven tags', Array.from({ length: 11 }, (_, i) => `t${i}=`).join('&'), 'InvalidTag'],
      ['tags that are broken', 'a=%zz', 'InvalidURI'],
    ] as const
  ).map(
    ([name, value, code]): BadInput => ({
      name,
      request: signed({ headers: { 'x-amz-tagging': value }, body: 'hello' }),
      status: 400,
      code,
    }),
  ),
  ...(
    [
      ['a lock without a time', { 'x-amz-object-lock-mode': 'COMPLIANCE' }, 'InvalidArgument'],
      [
        'a lock until yesterday',
        {
          'x-amz-object-lock-mode': 'COMPLIANCE',
          'x-amz-object-lock-retain-until-date': '2020-01-01T00:00:00Z',
        },
        'InvalidArgument',
      ],
      [
        'a lock of no kind',
        {
          'x-amz-object-lock-mode': 'ETERNAL',
          'x-amz-object-lock-retain-until-date': '2090-01-01T00:00:00Z',
        },
        'InvalidArgument',
      ],
      [
        'a lock in a bucket without',
        {
          'x-amz-object-lock-mode': 'COMPLIANCE',
          'x-amz-object-lock-retain-until-date': '2090-01-01T00:00:00Z',
        },
        'InvalidRequest',
      ],
      ['a hold in a bucket without', { 'x-amz-object-lock-legal-hold': 'ON' }, 'InvalidRequest'],
      ['a hold that is neither', { 'x-amz-object-lock-legal-hold': 'MAYBE' }, 'InvalidArgument'],
    ] as const
  ).map(
    ([name, headers, code]): BadInput => ({
      name,
      request: signed({ headers, body: 'hello' }),
      status: 400,
      code,
    }),
  ),
  ...(
    [
      [
        'a tag without a value',
        'tagging',
        '<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>',
        400,
        'MalformedXML',
      ],
      [
        'a lock of a bucket without versions',
        'object-lock',
        '<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>',
        409,
        'InvalidBucketState',
      ],
      [
        'versioning of no kind',
        'versioning',
        '<VersioningConfiguration><Status>Perhaps</Status></VersioningConfiguration>',
        400,
        'MalformedXML',
      ],
      ['CORS without rules', 'cors', '<CORSConfiguration/>', 400, 'MalformedXML'],
      [
        'CORS for a method of no browser',
        'cors',
        '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>BREW</AllowedMethod></CORSRule></CORSConfiguration>',
        400,
        'InvalidRequest',
      ],
      [
        'CORS with two wildcards',
        'cors',
        '<CORSConfiguration><CORSRule><AllowedOrigin>*.*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
        400,
        'InvalidRequest',
      ],
    ] as const
  ).map(
    ([name, subresource, body, status, code]): BadInput => ({
      name,
      request: signed({ method: 'PUT', target: `/${bucket}?${subresource}`, body }),
      status,
      code,
    }),
  ),
  ...(
    [
      ['tags of a bucket without', 'tagging', 'NoSuchTagSet'],
      ['CORS of a bucket without', 'cors', 'NoSuchCORSConfiguration'],
      ['the lock of a bucket without', 'object-lock', 'ObjectLockConfigurationNotFoundError'],
    ] as const
  ).map(
    ([name, subresource, code]): BadInput => ({
      name,
      request: signed({ method: 'GET', target: `/${bucket}?${subresource}` }),
      status: 404,
      code,
    }),
  ),
  {
    name: 'a version that is not there',
    request: signed({ method: 'GET', target: `/${bucket}/present?versionId=${'0'.repeat(16)}` }),
    status: 404,
    code: 'NoSuchVersion',
  },
  {
    name: 'a version without a name',
    request: signed({ method: 'GET', target: `/${bucket}/present?versionId=` }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'another version',
    request: signed({ method: 'GET', target: `/${bucket}/present?versionId=abc` }),
    status: 400,
    code: 'InvalidArgument',
  },

  // Lengths
  {
    name: 'a PUT without length',
    request: (host) => {
      const headers = { host }
      const all = sign({ method: 'PUT', target: key, headers, contentHash: 'UNSIGNED-PAYLOAD' })
      return text('PUT', key, all.headers)
    },
    status: 411,
    code: 'MissingContentLength',
  },
  {
    name: 'a negative length',
    request: signed({ headers: { 'content-length': '-1' } }),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'an empty length',
    request: signed({ headers: { 'content-length': '' } }),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'two lengths',
    request: signed({
      body: 'hello',
      spoil: (request) =>
        request.replace('content-length: 5', 'content-length: 5\r\ncontent-length: 6'),
    }),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'a length and chunks',
    request: signed({ body: 'hello', headers: { 'transfer-encoding': 'chunked' } }),
    status: 400,
    code: 'BadRequest',
  },
  {
    name: 'a transfer coding beside chunks',
    request: (host) => {
      const headers = { host, 'transfer-encoding': 'gzip, chunked' }
      const all = sign({ method: 'PUT', target: key, headers, contentHash: 'UNSIGNED-PAYLOAD' })
      return `${text('PUT', key, all.headers)}5\r\nhello\r\n0\r\n\r\n`
    },
    status: 501,
    code: 'NotImplemented',
  },
  {
    name: 'a body shorter than its length',
    request: signed({ body: 'hel', headers: hello, contentHash: 'UNSIGNED-PAYLOAD' }),
    endsSending: true,
    status: 400,
    code: 'IncompleteBody',
  },
  {
    name: 'a body that stops coming',
    request: signed({ body: 'hel', headers: hello, contentHash: 'UNSIGNED-PAYLOAD' }),
    status: 400,
    code: 'RequestTimeout',
  },
  {
    name: 'a body past 5 GiB',
    request: signed({
      headers: { 'content-length': String(5 * 1024 ** 3 + 1) },
      contentHash: 'UNSIGNED-PAYLOAD',
    }),
    status: 400,
    code: 'EntityTooLarge',
  },
  {
    name: 'a length that no number holds',
    request: signed({
      headers: { 'content-length': '99999999999999999999999' },
      contentHash: 'UNSIGNED-PAYLOAD',
    }),
    status: 400,
    code: 'BadRequest',
  },

  // What the client says of the body
  {
    name: 'another body than signed',
    request: signed({ body: 'hello', spoil: (request) => request.replace('hello', 'hellO') }),
    status: 400,
    code: 'XAmzContentSHA256Mismatch',
  },
  {
    name: 'a content hash that is none',
    request: signed({ body: 'hello', contentHash: 'abc' }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'no content hash, but a body',
    request: signed({
      body: 'hello',
      spoil: (request) => request.replace(/x-amz-content-sha256: .*\r\n/, ''),
    }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'a wrong Content-MD5',
    request: signed({ body: 'hello', headers: { 'content-md5': 'XrY7u+Ae7tCTyyK7j1rNwg==' } }),
    status: 400,
    code: 'BadDigest',
  },
  {
    name: 'a Content-MD5 that is none',
    request: signed({ body: 'hello', headers: { 'content-md5': 'HAHAHA' } }),
    status: 400,
    code: 'InvalidDigest',
  },
  {
    name: 'an empty Content-MD5',
    request: signed({ body: 'hello', headers: { 'content-md5': '' } }),
    status: 400,
    code: 'InvalidDigest',
  },
  ...[
    'crc32:AAAAAA==',
    'crc32c:AAAAAA==',
    'crc64nvme:AAAAAAAAAAA=',
    `sha1:${'A'.repeat(27)}=`,
    `sha256:${'A'.repeat(43)}=`,
  ].map((checksum): BadInput => {
    const [name = '', value = ''] = checksum.split(':')
    return {
      name: `a wrong ${name}`,
      request: signed({ body: 'hello', headers: { [`x-amz-checksum-${name}`]: value } }),
      status: 400,
      code: 'BadDigest',
    }
  }),
  {
    name: 'a checksum that is none',
    request: signed({ body: 'hello', headers: { 'x-amz-checksum-crc32': 'bad' } }),
    status: 400,
    code: 'BadDigest',
  },
  {
    name: 'two checksums',
    request: signed({
      body: 'hello',
      headers: { 'x-amz-checksum-crc32': 'NhCmhg==', 'x-amz-checksum-crc32c': 'mnG7TA==' },
    }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'a promised checksum that does not come',
    request: signed({ body: 'hello', headers: { 'x-amz-sdk-checksum-algorithm': 'CRC32' } }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'a checksum nobody knows',
    request: signed({ body: 'hello', headers: { 'x-amz-sdk-checksum-algorithm': 'CRC1' } }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'metadata past 2 KiB',
    request: signed({ body: 'hello', headers: { 'x-amz-meta-a': 'a'.repeat(2048) } }),
    status: 400,
    code: 'MetadataTooLarge',
  },

  // aws-chunked
  {
    name: 'a chunk changed on the way',
    request: chunked(['hello'], {
      decodedBytes: 5,
      spoil: (body) => body.replace('hello', 'hellO'),
    }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'a wrong chunk signature',
    request: chunked(['hello'], {
      decodedBytes: 5,
      spoil: (body) => body.replace(/signature=\w{64}/, `signature=${'0'.repeat(64)}`),
    }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'chunks in another order',
    request: chunked(['hello', 'world'], {
      decodedBytes: 10,
      spoil: (body) => body.slice(91, 182) + body.slice(0, 91) + body.slice(182),
    }),
    status: 403,
    code: 'SignatureDoesNotMatch',
  },
  {
    name: 'fewer bytes in chunks than stated',
    request: chunked(['hello'], { decodedBytes: 6 }),
    status: 400,
    code: 'IncompleteBody',
  },
  {
    name: 'more bytes in chunks than stated',
    request: chunked(['hello'], { decodedBytes: 4 }),
    status: 400,
    code: 'IncompleteBody',
  },
  {
    name: 'a chunk size that is none',
    request: chunked(['hello'], { decodedBytes: 5, spoil: (body) => body.replace('5;', 'g;') }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'chunks without a stated length',
    request: signed({ body: '0\r\n\r\n', contentHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }),
    status: 411,
    code: 'MissingContentLength',
  },
  {
    name: 'a wrong trailing checksum',
    request: trailing('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n'),
    status: 400,
    code: 'BadDigest',
  },
  {
    name: 'a trailing checksum that is none',
    request: trailing('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:bad\r\n\r\n'),
    status: 400,
    code: 'BadDigest',
  },
  {
    name: 'an announced trailer that does not come',
    request: trailing('5\r\nhello\r\n0\r\n\r\n'),
    status: 400,
    code: 'MalformedTrailerError',
  },
  {
    name: 'a trailer that is none',
    request: trailing('5\r\nhello\r\n0\r\nnonsense\r\n\r\n'),
    status: 400,
    code: 'MalformedTrailerError',
  },
  {
    name: 'a trailer nobody knows',
    request: trailing('5\r\nhello\r\n0\r\nx:y\r\n\r\n', { 'x-amz-trailer': 'x' }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'chunks without their end',
    request: trailing('5\r\nhello\r\n'),
    status: 400,
    code: 'IncompleteBody',
  },

  // Ranges and conditions
  {
    name: 'a range past the end',
    request: signed({
      method: 'GET',
      target: `/${bucket}/present`,
      headers: { range: 'bytes=5-' },
    }),
    status: 416,
    code: 'InvalidRange',
  },
  {
    name: 'the last 0 bytes',
    request: signed({
      method: 'GET',
      target: `/${bucket}/present`,
      headers: { range: 'bytes=-0' },
    }),
    status: 416,
    code: 'InvalidRange',
  },
  {
    name: 'a range of an empty object',
    request: signed({ method: 'GET', target: `/${bucket}/empty`, headers: { range: 'bytes=0-0' } }),
    status: 416,
    code: 'InvalidRange',
  },
  {
    name: 'a part that is not there',
    request: signed({ method: 'GET', target: `/${bucket}/present?partNumber=2` }),
    status: 400,
    code: 'InvalidPart',
  },
  {
    name: 'an ETag that is another',
    request: signed({
      method: 'GET',
      target: `/${bucket}/present`,
      headers: { 'if-match': '"x"' },
    }),
    status: 412,
    code: 'PreconditionFailed',
  },
  {
    name: 'a write that must not overwrite',
    request: signed({
      target: `/${bucket}/present`,
      body: 'hello',
      headers: { 'if-none-match': '*' },
    }),
    status: 412,
    code: 'PreconditionFailed',
  },
  {
    name: 'a write that must overwrite what is not there',
    request: signed({
      target: `/${bucket}/missing`,
      body: 'hello',
      headers: { 'if-match': '"x"' },
    }),
    status: 404,
    code: 'NoSuchKey',
  },
  {
    name: 'a delete of another object',
    request: signed({
      method: 'DELETE',
      target: `/${bucket}/present`,
      headers: { 'if-match': '"x"' },
    }),
    status: 412,
    code: 'PreconditionFailed',
  },

  // Listings
  ...[
    'max-keys=abc',
    'max-keys=-1',
    'encoding-type=base64',
    'list-type=2&continuation-token=%21',
    'allow-unordered=true&delimiter=%2F',
  ].map(
    (query): BadInput => ({
      name: `a listing with ${query}`,
      request: signed({ method: 'GET', target: `/${bucket}?${query}` }),
      status: 400,
      code: 'InvalidArgument',
    }),
  ),

  // XML
  {
    name: 'an XML body that is empty',
    request: xml(deletion, ''),
    status: 400,
    code: 'MalformedXML',
  },
  ...[
    'hello',
    '<Delete>',
    '<Delete></Delete>',
    '<Delete><Object></Object></Delete>',
    '<Delete/><Delete/>',
    '<Other><Object><Key>a</Key></Object></Other>',
    '<Delete><Object><Key>a&nope;b</Key></Object></Delete>',
    '<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>',
    '<Delete><Object><Key>\xff</Key></Object></Delete>',
    '<!DOCTYPE Delete [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    '<!DOCTYPE Delete [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>',
    '<a>'.repeat(50_000),
    `<Delete>${'<a/>'.repeat(100_001)}</Delete>`,
    `<Delete>${keys(1001)}</Delete>`,
  ].map(
    (body): BadInput => ({
      name: `the XML ${body.slice(0, 60)} (${body.length} bytes)`,
      request: xml(deletion, body),
      status: 400,
      code: 'MalformedXML',
    }),
  ),
  {
    name: 'an XML body of 5 MiB',
    request: xml(deletion, `<Delete>${' '.repeat(5 * 1024 * 1024)}</Delete>`),
    status: 400,
    code: 'EntityTooLarge',
  },
  {
    name: 'a location that is elsewhere',
    request: signed({
      target: '/another-bucket',
      body: '<CreateBucketConfiguration><LocationConstraint>mars-1</LocationConstraint></CreateBucketConfiguration>',
    }),
    status: 400,
    code: 'InvalidLocationConstraint',
  },

  // Copies
  {
    name: 'a copy onto itself',
    request: signed({
      target: `/${bucket}/present`,
      headers: { 'x-amz-copy-source': `${bucket}/present` },
    }),
    status: 400,
    code: 'InvalidRequest',
  },
  {
    name: 'a copy of nothing',
    request: signed({ headers: { 'x-amz-copy-source': `${bucket}/missing` } }),
    status: 404,
    code: 'NoSuchKey',
  },
  ...['', '/', 'bucketonly', `${bucket}/`, '/%zz'].map(
    (source): BadInput => ({
      name: `the copy source "${source}"`,
      request: signed({ headers: { 'x-amz-copy-source': source } }),
      status: 400,
      code: source === '/%zz' ? 'InvalidURI' : 'InvalidArgument',
    }),
  ),
  {
    name: 'a copy of another version',
    request: signed({ headers: { 'x-amz-copy-source': `${bucket}/present?versionId=1` } }),
    status: 400,
    code: 'InvalidArgument',
  },
  {
    name: 'a copy of an object that is another',
    request: signed({
      headers: { 'x-amz-copy-source': `${bucket}/present`, 'x-amz-copy-source-if-match': 'x' },
    }),
    status: 412,
    code: 'PreconditionFailed',
  },
  {
    name: 'an unknown metadata directive',
    request: signed({
      headers: { 'x-amz-copy-source': `${bucket}/present`, 'x-amz-metadata-directive': 'MAYBE' },
    }),
    status: 400,
    code: 'InvalidArgument',
  },

  // Uploads
  {
    name: 'a part of no upload',
    request: signed({ target: `${key}?partNumber=1&uploadId=abc`, body: 'hello' }),
    status: 404,
    code: 'NoSuchUpload',
  },
  ...['0', '10001', '-1', 'x', ''].map(
    (number): BadInput => ({
      name: `the part number "${number}"`,
      request: signed({ target: `${key}?partNumber=${number}&uploadId=abc`, body: 'hello' }),
      status: 400,
      code: 'InvalidArgument',
    }),
  ),
  {
    name: 'the parts of no upload',
    request: signed({ method: 'GET', target: `${key}?uploadId=abc` }),
    status: 404,
    code: 'NoSuchUpload',
  },
  {
    name: 'completion of no upload',
    request: xml(
      `${key}?uploadId=abc`,
      '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>',
    ),
    status: 404,
    code: 'NoSuchUpload',
  },
  {
    name: 'completion with nothing',
    request: xml(`${key}?uploadId=abc`, '<CompleteMultipartUpload/>'),
    status: 400,
    code: 'MalformedXML',
  },
  {
    name: 'abortion of no upload',
    request: signed({ method: 'DELETE', target: `${key}?uploadId=abc` }),
    status: 404,
    code: 'NoSuchUpload',
  },
  {
    name: 'an upload with an impossible checksum type',
    request: signed({
      method: 'POST',
      target: `${key}?uploads`,
      headers: { 'x-amz-checksum-algorithm': 'SHA256', 'x-amz-checksum-type': 'FULL_OBJECT' },
    }),
    status: 400,
    code: 'InvalidRequest',
  },
]
