/**
 * Presigned URLs of Signature Version 2 (`AWSAccessKeyId`, `Expires`, `Signature`). SHA-1 inside HMAC is still sound; we take the
 * form because boto3 1.43 and `aws s3 presign` make it by default for endpoints in us-east-1. Headers of that version are refused.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html
 */
import { hmacSha1 } from '#crypto/hmac'
import type { HttpHeaders } from '#http/message'
import { requireKey } from '#identity/access-keys'
import { identityFault } from '#identity/faults'
import { asHeaderBytes, isSameText, latin1, movedHeader } from '#identity/latin1'
import type { SignedProof } from '#identity/proof'
import type { AuthenticationRules, SignedMessage } from '#identity/rules'

/** Query parameters that are part of the resource. */
const subresources = new Set(
  (
    'accelerate acl analytics cors defaultObjectAcl delete inventory lifecycle location logging metrics notification object-lock ' +
    'partNumber policy replication requestPayment restore retention legal-hold select select-type tagging torrent uploadId uploads ' +
    'versionId versioning versions website response-cache-control response-content-disposition ' +
    'response-content-encoding response-content-language response-content-type response-expires'
  ).split(' '),
)

export async function verifySigV2Query(
  message: SignedMessage,
  rules: AuthenticationRules,
): Promise<SignedProof> {
  const find = (name: string): string =>
    message.target.query.find((pair) => pair.name === name)?.value ?? ''
  const accessKeyId = find('AWSAccessKeyId')
  const token = message.target.query.find((pair) => pair.name === 'x-amz-security-token')?.value
  const key = await requireKey({ accessKeyId, token }, rules)
  const expires = find('Expires')
  if (!/^\d{1,12}$/.test(expires)) {
    throw identityFault('identity/malformed-query-authorization', { reason: 'missing Expires' })
  }
  if (rules.now > Number(expires) * 1000) throw identityFault('identity/expired')
  const secret = Buffer.from(key.secret)
  const isRight = rules.resources.some((resource) => {
    const toSign = stringToSign(message, { expires, resource })
    const signature = Buffer.from(hmacSha1(secret, latin1(toSign))).toString('base64')
    return isSameText(signature, find('Signature'))
  })
  if (!isRight) throw identityFault('identity/wrong-signature')
  const { principal } = key
  return { kind: 'signed', via: 'query', accessKeyId, principal, payload: { kind: 'unsigned' } }
}

function stringToSign(
  { method, headers, target }: SignedMessage,
  { expires, resource }: { readonly expires: string; readonly resource: string },
): string {
  const parameters = target.query
    .filter(({ name }) => subresources.has(name))
    .map(({ name, value }) => (value === '' ? name : `${name}=${asHeaderBytes(value)}`))
    .sort()
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`
  const find = (name: string): string =>
    headers[name] ?? target.query.find((pair) => pair.name.toLowerCase() === name)?.value ?? ''
  return [
    method,
    find('content-md5'),
    find('content-type'),
    expires,
    `${amzHeaders(headers, target.query)}${resource}${query}`,
  ].join('\n')
}

function amzHeaders(headers: HttpHeaders, query: SignedMessage['target']['query']): string {
  const lines = new Map<string, string>()
  for (const [name, value] of query.map(movedHeader)) {
    if (name.startsWith('x-amz-')) lines.set(name, value)
  }
  for (const [name, value = ''] of Object.entries(headers)) {
    if (name.startsWith('x-amz-')) lines.set(name, value)
  }
  return [...lines]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`)
    .join('')
}
