/** Signature Version 4 from the other side: how our own programs prove who they are to our own doors. */
import { sha256HexOf } from '#crypto/digest'
import { parseTarget } from '#http/target'
import { canonicalRequest } from '#identity/canonical-request'
import { printTimestamp } from '#identity/claim'
import { hmacHex, sha256Hex } from '#identity/latin1'
import { type Scope, type SigningKeys, scopeText } from '#identity/signing-keys'

export interface Unsigned {
  readonly method: string
  /** Of unreserved characters, slashes and escapes. */
  readonly target: string
  /** With port, as in the Host header. */
  readonly host: string
  readonly body: Uint8Array
}

export interface Signer {
  readonly accessKeyId: string
  readonly secret: string
  readonly signingKeys: SigningKeys
  /** Milliseconds since 1970. */
  readonly now: number
}

/** The doors that take our signatures take any region. */
const region = 'us-east-1'

/** All headers to send but Host and Content-Length. The body is signed with the rest. */
export function signRequest(
  { method, target, host, body }: Unsigned,
  { accessKeyId, secret, signingKeys, now }: Signer,
): Readonly<Record<string, string>> {
  const timestamp = printTimestamp(now)
  const scope: Scope = { accessKeyId, day: timestamp.slice(0, 8), region, service: 's3' }
  const contentHash = sha256HexOf(body)
  const headers = { host, 'x-amz-content-sha256': contentHash, 'x-amz-date': timestamp }
  const signedHeaders = Object.keys(headers).sort()
  const { rawPath: path, query } = parseTarget(target)
  const canonical = canonicalRequest({ method, path, query, headers, signedHeaders, contentHash })
  const toSign = `AWS4-HMAC-SHA256\n${timestamp}\n${scopeText(scope)}\n${sha256Hex(canonical)}`
  const signature = hmacHex(signingKeys.derive(secret, scope), toSign)
  const authorization = [
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scopeText(scope)}`,
    `SignedHeaders=${signedHeaders.join(';')}`,
    `Signature=${signature}`,
  ].join(', ')
  return { 'x-amz-content-sha256': contentHash, 'x-amz-date': timestamp, authorization }
}
