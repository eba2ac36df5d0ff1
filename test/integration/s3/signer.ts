/** SigV4 as a client computes it, written apart from the server's: headers, URLs and chunks, and ways to get each of them wrong. */
import { createHash, createHmac } from 'node:crypto'
import { accessKeyId, secret } from './s3-server.ts'

export interface Signing {
  readonly method: string
  /** Path and query as they will be sent; already encoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly contentHash: string
  readonly timeMs?: number
  readonly accessKeyId?: string
  readonly secret?: string
  readonly region?: string
  readonly service?: string
}

export interface Signed {
  readonly headers: Readonly<Record<string, string>>
  readonly signature: string
  readonly key: Buffer
  readonly timestamp: string
  readonly scope: string
}

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Headers with `Authorization`, all of them signed. */
export function sign(signing: Signing): Signed {
  const { key, timestamp, scope } = keyOf(signing)
  const headers = lowerCase({
    ...signing.headers,
    'x-amz-date': timestamp,
    'x-amz-content-sha256': signing.contentHash,
  })
  const names = Object.keys(headers).sort()
  const signature = signatureOf({ ...signing, headers }, names, { key, timestamp, scope })
  const credential = `${signing.accessKeyId ?? accessKeyId}/${scope}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { headers: { ...headers, authorization }, signature, key, timestamp, scope }
}

/** A presigned target; only `host` is signed, and what `alsoSigned` names of the headers. */
export function presign({
  alsoSigned = [],
  ...signing
}: Omit<Signing, 'contentHash'> & {
  readonly expiresSeconds: number
  readonly alsoSigned?: readonly string[]
}): string {
  const names = ['host', ...alsoSigned]
  const { key, timestamp, scope } = keyOf(signing)
  const parameters = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${signing.accessKeyId ?? accessKeyId}/${scope}`)}`,
    `X-Amz-Date=${timestamp}`,
    `X-Amz-Expires=${signing.expiresSeconds}`,
    `X-Amz-SignedHeaders=${encodeURIComponent(names.join(';'))}`,
  ].join('&')
  const target = `${signing.target}${signing.target.includes('?') ? '&' : '?'}${parameters}`
  const signature = signatureOf(
    { ...signing, target, headers: lowerCase(signing.headers), contentHash: 'UNSIGNED-PAYLOAD' },
    names,
    { key, timestamp, scope },
  )
  return `${target}&X-Amz-Signature=${signature}`
}

/** An aws-chunked body, its chunks signed from the request's signature on. */
export function signChunks(
  chunks: readonly string[],
  { signature, key, timestamp, scope }: Signed,
): string {
  let previous = signature
  const framed = [...chunks, ''].map((chunk) => {
    const lines = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      timestamp,
      scope,
      previous,
      sha256(''),
      sha256(chunk),
    ]
    previous = hmac(key, lines.join('\n')).toString('hex')
    return `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}\r\n`
  })
  return framed.join('')
}

function keyOf({
  timeMs = Date.now(),
  region = 'us-east-1',
  secret: own = secret,
  service = 's3',
}: Pick<Signing, 'timeMs' | 'region' | 'secret' | 'service'>) {
  const timestamp = new Date(timeMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = timestamp.slice(0, 8)
  const words = [day, region, service, 'aws4_request']
  const key = words.reduce((key: Buffer, word) => hmac(key, word), Buffer.from(`AWS4${own}`))
  return { key, timestamp, scope: words.join('/') }
}

function signatureOf(
  { method, target, headers, contentHash }: Signing,
  names: readonly string[],
  {
    key,
    timestamp,
    scope,
  }: { readonly key: Buffer; readonly timestamp: string; readonly scope: string },
): string {
  const [path = '', query = ''] = target.split('?')
  const canonicalQuery = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => pair.split('='))
    .sort(([name = '', value = ''], [otherName = '', otherValue = '']) =>
      name === otherName ? (value < otherValue ? -1 : 1) : name < otherName ? -1 : 1,
    )
    .map(([name = '', value = '']) => `${name}=${value}`)
    .join('&')
  const canonical = [
    method,
    path,
    canonicalQuery,
    ...names.map((name) => `${name}:${headers[name]?.trim() ?? ''}`),
    '',
    names.join(';'),
    contentHash,
  ].join('\n')
  const canonicalHash = createHash('sha256').update(canonical, 'latin1').digest('hex')
  const text = ['AWS4-HMAC-SHA256', timestamp, scope, canonicalHash].join('\n')
  return hmac(key, text).toString('hex')
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
}
