import { readHeaderClaim, readQueryClaim } from '#identity/claim'
import { identityFault } from '#identity/faults'
import { type Payload, parsePayload, unsignedPayload } from '#identity/payload'
import type { Proof } from '#identity/proof'
import type { AuthenticationRules, SignedMessage } from '#identity/rules'
import { verifySigV2Query } from '#identity/sigv2-query'
import { verifySigV4 } from '#identity/sigv4'

/**
 * Who asks? Believes SigV4 in `Authorization` or in the query, and in the query also the old form that boto3 and the AWS CLI still
 * put into the URLs they presign. A request without any claim is anonymous; a wrong claim is a fault, never anonymous.
 */
export async function authenticate(
  message: SignedMessage,
  rules: AuthenticationRules,
): Promise<Proof> {
  const { headers, target } = message
  const { authorization } = headers
  const has = (name: string): boolean => target.query.some((pair) => pair.name === name)
  const isPresigned = has('X-Amz-Algorithm') || has('X-Amz-Signature')
  const isOldPresigned = has('AWSAccessKeyId') && has('Signature')
  if (authorization === undefined || authorization === '') {
    if (isPresigned) return await verifySigV4(message, readQueryClaim(target.query, headers), rules)
    if (isOldPresigned) return await verifySigV2Query(message, rules)
    return { kind: 'anonymous', payload: statedPayload(message) }
  }
  if (isPresigned || isOldPresigned) throw identityFault('identity/two-authorizations')
  if (!/^AWS4-HMAC-SHA256\s/.test(authorization)) {
    throw identityFault('identity/unsupported-scheme')
  }
  const claim = readHeaderClaim(authorization, headers, message.bodySha256)
  return await verifySigV4(message, claim, rules)
}

/** An unsigned request may still frame its body or state its hash. */
function statedPayload({ headers }: SignedMessage): Payload {
  const payload = parsePayload(headers['x-amz-content-sha256'] ?? unsignedPayload)
  const isSignedChunks = payload.kind === 'chunked' && payload.isSigned
  if (isSignedChunks) throw identityFault('identity/malformed-content-hash')
  return payload
}
