/**
 * AWS Signature Version 4 for S3, in headers and in presigned URLs. No region but the store's own is accepted unless all are: a
 * client with another one is told ours in the fault's detail, which SDKs follow by themselves.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import type { HttpHeaders } from '#http/message'
import { requireKey } from '#identity/access-keys'
import { canonicalPaths, canonicalRequest } from '#identity/canonical-request'
import type { Claim } from '#identity/claim'
import { identityFault } from '#identity/faults'
import { hmacHex, isSameText, movedHeader, sha256Hex } from '#identity/latin1'
import { parsePayload } from '#identity/payload'
import type { SignedProof } from '#identity/proof'
import type { AuthenticationRules, SignedMessage } from '#identity/rules'
import { scopeText } from '#identity/signing-keys'

/** How far a client's clock may be off, in milliseconds. */
export const clockSkewMsMax = 15 * 60 * 1000

/** What we have signed for one spelling of the path. */
interface Signed {
  readonly canonical: string
  readonly toSign: string
}

/** Checks a claim made with SigV4; every way to be wrong is an `identity/*` fault. */
export async function verifySigV4(
  message: SignedMessage,
  claim: Claim,
  rules: AuthenticationRules,
): Promise<SignedProof> {
  const { token, scope: asked } = claim
  const key = await requireKey({ accessKeyId: asked.accessKeyId, token }, rules)
  checkScope(claim, { ...rules, malformed: malformedBy(claim) })
  checkTime(claim, rules.now)
  checkSignedHeaders(message.headers, claim)
  const signingKey = rules.signingKeys.derive(key.secret, claim.scope)
  const scope = scopeText(claim.scope)
  const query = message.target.query.filter(({ name }) => name !== 'X-Amz-Signature')
  const headers = claim.via === 'query' ? withMoved(message, claim) : message.headers
  const wrong: Signed[] = []
  const isRight = canonicalPaths(message.target.rawPath).some((path) => {
    const canonical = canonicalRequest({ ...message, ...claim, headers, path, query })
    const toSign = `AWS4-HMAC-SHA256\n${claim.timestamp}\n${scope}\n${sha256Hex(canonical)}`
    if (isSameText(hmacHex(signingKey, toSign), claim.signature)) return true
    wrong.push({ canonical, toSign })
    return false
  })
  if (!isRight) throw wrongSignature(claim, wrong[0])
  return {
    kind: 'signed',
    via: claim.via,
    accessKeyId: claim.scope.accessKeyId,
    principal: key.principal,
    payload: parsePayload(claim.contentHash),
    seed: { signingKey, timestamp: claim.timestamp, scope, signature: claim.signature },
  }
}

/** A header that is said to be signed may be in the query instead: that is where some SDKs move it, after they have listed it. */
function withMoved({ headers, target }: SignedMessage, { signedHeaders }: Claim): HttpHeaders {
  const missing = signedHeaders.filter(
    (name) => name.startsWith('x-amz-') && headers[name] === undefined,
  )
  if (missing.length === 0) return headers
  const moved = target.query.map(movedHeader).filter(([name]) => missing.includes(name))
  return { ...headers, ...Object.fromEntries(moved) }
}

/** What we have signed in place of what the client has: who writes a client, or sets up a proxy before us, can compare. */
function wrongSignature(
  { scope: { accessKeyId }, signature: given }: Claim,
  signed: Signed | undefined,
): Error {
  const canonical = signed?.canonical.replace(secretHeader, '$1:…').replace(secretParameter, '$1=…')
  return identityFault('identity/wrong-signature', {
    ...{ accessKeyId, given, canonical },
    toSign: signed?.toSign,
  })
}

/** What we do not repeat, nor write to any log. */
const secretHeader = /^(x-amz-security-token|x-amz-[a-z-]*customer-key):.*$/gm
const secretParameter = /(X-Amz-Security-Token)=[^&\n]*/g

function malformedBy({ via }: Claim): (reason: string) => Error {
  const code =
    via === 'header' ? 'identity/malformed-authorization' : 'identity/malformed-query-authorization'
  return (reason) => identityFault(code, { reason })
}

/** Of our region and of the service, for the day that it was made on. `identity/wrong-region`, else what `malformed` makes. */
export function checkScope(
  { scope, timestamp }: Pick<Claim, 'scope' | 'timestamp'>,
  {
    regions,
    service = 's3',
    malformed,
  }: Pick<AuthenticationRules, 'regions' | 'service'> & { malformed(reason: string): Error },
): void {
  const isOurs = regions === 'any' || regions.includes(scope.region)
  if (!isOurs) {
    throw identityFault('identity/wrong-region', { region: regions[0], given: scope.region })
  }
  if (scope.service === service && timestamp.startsWith(`${scope.day}T`)) return
  throw malformed(`service must be ${service}, and its date the date of the request`)
}

function checkTime({ timeMs, expiresSeconds }: Claim, now: number): void {
  if (expiresSeconds === undefined) {
    if (Math.abs(now - timeMs) > clockSkewMsMax) throw identityFault('identity/time-skewed')
    return
  }
  if (timeMs - now > clockSkewMsMax) throw identityFault('identity/not-yet-valid')
  if (now > timeMs + expiresSeconds * 1000) throw identityFault('identity/expired')
}

/**
 * Everything that steers S3 must be signed, or who holds a presigned URL could add, say, a copy source. With such a URL the hash of the body steers
 * nothing unless it is signed, and S3 lets it pass.
 */
function checkSignedHeaders(headers: HttpHeaders, { signedHeaders, via }: Claim): void {
  const isSigned = new Set(signedHeaders)
  if (!isSigned.has('host')) throw identityFault('identity/unsigned-header', { header: 'host' })
  for (const name of Object.keys(headers)) {
    if (via === 'query' && name === 'x-amz-content-sha256') continue
    if (name.startsWith('x-amz-') && !isSigned.has(name)) {
      throw identityFault('identity/unsigned-header', { header: name.slice(0, 128) })
    }
  }
}
