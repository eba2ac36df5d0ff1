/**
 * AWS Signature Version 4 in headers: what the load client needs and no more. Its own, so that
 * a mistake in the server's cannot hide in a shared one.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Unsigned {
  readonly method: string
  /** Absolute, of unreserved characters and slashes only. */
  readonly path: string
  /** As it is sent: names in order, encoded. */
  readonly query?: string
  /** Lower-case names; all are signed. `host` and `x-amz-content-sha256` are among them. */
  readonly headers: Readonly<Record<string, string>>
}

const region = 'us-east-1'

/** The headers to send: those given, the date and the authorization. */
export function sign(
  { method, path, query = '', headers }: Unsigned,
  credentials: Credentials,
): Readonly<Record<string, string>> {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`
  const all: Readonly<Record<string, string>> = { ...headers, 'x-amz-date': stamp }
  const names = Object.keys(all).sort()
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${all[name]}`),
    '',
    names.join(';'),
    all['x-amz-content-sha256'],
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`)
  const authorization = [
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}`,
    `SignedHeaders=${names.join(';')}`,
    `Signature=${hmac(key, text).toString('hex')}`,
  ].join(', ')
  return { ...all, authorization }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
