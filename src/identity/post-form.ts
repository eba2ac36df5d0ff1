/**
 * Forms that browsers send prove in their fields who let them: a signature over the policy, exactly as it was sent. What the policy
 * allows, and until when, is the door's to read; so neither way looks at the clock.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 */
import { hmacSha1, hmacSha256Hex } from '#crypto/hmac'
import { requireKey } from '#identity/access-keys'
import { algorithm, parseTimestamp, readCredential } from '#identity/claim'
import { identityFault } from '#identity/faults'
import { isSameText } from '#identity/latin1'
import type { Proof, SignedProof } from '#identity/proof'
import type { AuthenticationRules } from '#identity/rules'
import { checkScope } from '#identity/sigv4'

/** The value of a field, by its name in lower case. */
export type FormValues = (name: string) => string | undefined
export type FormRules = Pick<AuthenticationRules, 'accessKeys' | 'regions' | 'signingKeys' | 'now'>

const sigV4Fields = ['x-amz-algorithm', 'x-amz-credential', 'x-amz-signature']
const sigV2Fields = ['awsaccesskeyid', 'signature']

/**
 * Who sent the form? One without policy and signature is anonymous. `identity/malformed-form-authorization` for one with a part of what
 * a proof needs, `identity/two-authorizations`, `identity/unknown-token`, and the faults of both ways to sign.
 */
export async function authenticateForm(value: FormValues, rules: FormRules): Promise<Proof> {
  const has = (name: string): boolean => value(name) !== undefined
  const isSigV4 = sigV4Fields.some(has)
  const isSigV2 = sigV2Fields.some(has)
  if (isSigV4 && isSigV2) throw identityFault('identity/two-authorizations')
  if (!isSigV4 && !isSigV2 && !has('policy')) {
    return { kind: 'anonymous', payload: { kind: 'unsigned' } }
  }
  return await (isSigV4 ? verifySigV4Form(value, rules) : verifySigV2Form(value, rules))
}

/**
 * `x-amz-signature` = hex(HMAC-SHA256(signing key, policy)), with the scope of `x-amz-credential`. `identity/unknown-key`,
 * `identity/wrong-region`, `identity/wrong-signature`
 */
async function verifySigV4Form(value: FormValues, rules: FormRules): Promise<SignedProof> {
  if (needed(value, 'x-amz-algorithm') !== algorithm) {
    throw malformed(`x-amz-algorithm must be ${algorithm}`)
  }
  const { scope } = readCredential(needed(value, 'x-amz-credential'), malformed)
  const timestamp = needed(value, 'x-amz-date')
  if (parseTimestamp(timestamp) === undefined) {
    throw malformed('x-amz-date must be YYYYMMDDTHHMMSSZ')
  }
  const policy = needed(value, 'policy')
  const given = needed(value, 'x-amz-signature')
  const { accessKeyId } = scope
  const { secret, principal } = await requireKey(
    { accessKeyId, token: value('x-amz-security-token') },
    rules,
  )
  checkScope({ scope, timestamp }, { ...rules, malformed })
  const signingKey = rules.signingKeys.derive(secret, scope)
  if (!isSameText(hmacSha256Hex(signingKey, Buffer.from(policy)), given)) {
    throw identityFault('identity/wrong-signature')
  }
  return { kind: 'signed', via: 'form', accessKeyId, principal, payload: { kind: 'unsigned' } }
}

/**
 * The old form: `signature` = base64(HMAC-SHA1(secret, policy)). `identity/unknown-key`, `identity/wrong-signature`
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTExamples.html
 */
async function verifySigV2Form(value: FormValues, rules: FormRules): Promise<SignedProof> {
  const accessKeyId = needed(value, 'AWSAccessKeyId')
  const policy = needed(value, 'policy')
  const given = needed(value, 'signature')
  const { secret, principal } = await requireKey(
    { accessKeyId, token: value('x-amz-security-token') },
    rules,
  )
  const signature = hmacSha1(Buffer.from(secret), Buffer.from(policy))
  if (!isSameText(Buffer.from(signature).toString('base64'), given)) {
    throw identityFault('identity/wrong-signature')
  }
  return { kind: 'signed', via: 'form', accessKeyId, principal, payload: { kind: 'unsigned' } }
}

function needed(value: FormValues, name: string): string {
  const found = value(name.toLowerCase())
  if (found !== undefined && found !== '') return found
  throw malformed(
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  )
}

function malformed(reason: string): Error {
  return identityFault('identity/malformed-form-authorization', { reason })
}
