/** Faults in the words of the admin API: problem documents (RFC 9457), with a sentence for people. */
import type { AdminFaultCode } from '#api/admin/faults'
import { type RateFaultCode, retryHeaders, statusOfKind } from '#api/faults'
import type { AuditFaultCode } from '#audit/faults'
import type { DeliveryFaultCode } from '#delivery/faults'
import { Fault, type FaultDetail, type FaultKind } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import type { AccountFaultCode } from '#identity/faults'
import type { KmsFaultCode } from '#kms/faults'

const otherStatuses: Readonly<Record<string, number | undefined>> = {
  'admin/wrong-method': 405,
  'identity/login-throttled': 429,
}

type Sentence = (detail: FaultDetail) => string

const sentences: Readonly<Record<AdminFaultCode | AccountFaultCode | DeliveryFaultCode, Sentence>> =
  {
    'admin/no-such-page': () =>
      'There is nothing of that name. /admin/v1/openapi.json lists what there is.',
    'admin/wrong-method': ({ allowed }) => `This answers ${allowed} only.`,
    'admin/anonymous': () => 'Sign the request with an access key (Signature Version 4).',
    'admin/not-allowed': () => 'Only the root user may do this.',
    'admin/body-too-large': ({ bytesMax }) => `The body may have ${bytesMax} bytes at most.`,
    'admin/body-not-signed': () => 'Sign the hash of the body: x-amz-content-sha256 must state it.',
    'admin/malformed-body': ({ reason }) => `The body is not what is expected here: ${reason}.`,
    'admin/no-audit-log': () => 'This store keeps no audit log in files (--audit, --audit-to).',
    'admin/root-has-no-quota': () =>
      'Root may use all there is. Give its buckets quotas of their own.',
    'delivery/malformed-name': ({ name }) =>
      `"${name}" is no name for a target: 1 to 64 letters, digits, dashes and underscores are.`,
    'delivery/malformed-address': ({ schemes }) =>
      `That is no address for this kind of target: one of ${schemes}, without user, password and fragment.`,
    'delivery/malformed-secret': ({ reason }) => `The secret is not what is expected: ${reason}.`,
    'delivery/malformed-subject': ({ subject }) =>
      `"${subject}" is no subject to publish to: words between dots, without spaces and wildcards, and not the server's own ($).`,
    'delivery/no-such-target': ({ target }) => `There is no target "${target}".`,
    'delivery/target-exists': ({ name }) => `There is a target "${name}" already.`,
    'delivery/too-many-targets': ({ targetsMax }) =>
      `A store may have ${targetsMax} targets: remove one that is not used any more.`,
    'delivery/unreachable': ({ reason }) => `The target cannot be reached: ${reason}.`,
    'delivery/refused': ({ reason }) => `The target did not take it: ${reason}.`,
    'delivery/private-address': () =>
      'The address leads into a private network. Say that it may, if it is meant (--private).',
    'identity/malformed-handle': ({ handle }) =>
      `"${handle}" is no name for a user: 3 to 32 lower-case letters, digits, dots, dashes and underscores, with a letter or digit at both ends.`,
    'identity/malformed-principal-id': ({ id }) =>
      `"${id}" is no id: 1 to 128 letters, digits and $ _ . : @ + = - are.`,
    'identity/malformed-access-key': ({ accessKeyId }) =>
      `"${accessKeyId}" is no access key id: 3 to 128 letters, digits and _ . @ + - are.`,
    'identity/malformed-secret': () =>
      'A secret key has 8 to 128 printable characters and no spaces.',
    'identity/malformed-email': ({ email }) => `"${email}" is no e-mail address.`,
    'identity/malformed-tenant': ({ tenant }) =>
      `"${tenant}" is no tenant: 1 to 64 letters, digits, dashes and underscores are.`,
    'identity/malformed-name': () =>
      'A display name has 1 to 128 characters, and no control characters.',
    'identity/malformed-policy': ({ reason }) => `The policy cannot be used: ${reason}.`,
    'identity/malformed-entity-name': ({ name }) =>
      `"${name}" is no name: letters, digits and _ + = , . @ - are.`,
    'identity/malformed-path': ({ path }) =>
      `"${path}" is no path: it begins and ends with a slash.`,
    'identity/malformed-duration': ({ secondsMin, secondsMax }) =>
      `A session may last ${secondsMin} to ${secondsMax} seconds.`,
    'identity/malformed-provider': ({ reason }) => `The provider cannot be used: ${reason}.`,
    'identity/no-such-entity': ({ name, kind }) => `There is no ${kind} "${name}".`,
    'identity/no-such-policy': ({ policy }) => `There is no policy "${policy}".`,
    'identity/entity-exists': ({ name, kind }) => `There is a ${kind} "${name}" already.`,
    'identity/still-in-use': ({ name }) =>
      `"${name}" still has keys, policies or members, or is attached.`,
    'identity/too-many': ({ what, max }) => `There may be ${max} ${what} at most.`,
    'identity/not-assumable': ({ role }) => `The role ${role} cannot be assumed.`,
    'identity/not-by-session': () => 'A session cannot do this.',
    'identity/no-such-principal': ({ name }) => `There is no user "${name}".`,
    'identity/principal-exists': ({ id }) => `There is a user with the id ${id} already.`,
    'identity/handle-taken': ({ handle }) => `There is a user "${handle}" already.`,
    'identity/email-taken': ({ email }) => `Another user has the e-mail address ${email}.`,
    'identity/root-stays': () => 'The root user cannot be removed.',
    'identity/no-such-key': ({ accessKeyId }) => `There is no access key "${accessKeyId}".`,
    'identity/key-exists': ({ accessKeyId }) => `There is an access key "${accessKeyId}" already.`,
    'identity/too-many-keys': ({ keysMax }) =>
      `A user may have ${keysMax} access keys: remove one that is not used any more.`,
    'identity/invalid-web-identity': ({ reason }) => `The token cannot be used: ${reason}.`,
    'identity/expired-web-identity': () => 'The token has expired.',
    'identity/provider-unreachable': ({ reason }) => `The provider cannot be reached: ${reason}.`,
    'identity/malformed-password': () => 'A password has 10 to 256 characters.',
    'identity/no-totp': () => 'No code waits to be confirmed: begin with a new one.',
    'identity/login-refused': () => 'That is not right.',
    'identity/login-throttled': ({ seconds }) =>
      `Too many attempts. Try again in ${seconds} seconds.`,
  }

const ofNamedKeys: Readonly<Record<KmsFaultCode, Sentence>> = {
  'kms/key-disabled': ({ id }) => `The named key "${id}" is disabled.`,
  'kms/key-exists': ({ id }) => `There is a named key "${id}" already.`,
  'kms/malformed-description': () =>
    'A description has up to 256 bytes, and no control characters.',
  'kms/malformed-key-id': ({ id }) =>
    `"${id}" is no name for a key: 1 to 128 letters, digits, dots, dashes and underscores are, with a letter or digit in front.`,
  'kms/no-default-key': () => 'No named key is the default.',
  'kms/no-such-key': ({ id }) => `There is no named key "${id}".`,
  'kms/too-many-versions': ({ versionsMax }) =>
    `A key may have ${versionsMax} versions: make another one.`,
}

const ofAudit: Readonly<Record<AuditFaultCode, Sentence>> = {
  'audit/damaged': ({ file, line, reason }) => `${file}, line ${line}: ${reason}.`,
}

const ofRates: Readonly<Record<RateFaultCode, Sentence>> = {
  'api/slow-down': ({ retryAfterS }) => `Too many requests. Try again in ${retryAfterS} s.`,
}

/** What the object domain says of buckets that are named. */
const ofBuckets: Readonly<Record<string, Sentence>> = {
  'object/no-such-bucket': ({ bucket }) => `There is no bucket "${bucket}".`,
  'object/invalid-bucket-name': ({ name }) => `"${name}" is no name for a bucket.`,
}

const known: ReadonlyMap<string, Sentence> = new Map(
  Object.entries({ ...sentences, ...ofAudit, ...ofNamedKeys, ...ofBuckets, ...ofRates }),
)

const inGeneral: Readonly<Partial<Record<FaultKind, string>>> = {
  unavailable: 'Storage nodes or the metadata database cannot be reached. Try again.',
  timeout: 'It took too long. Try again.',
  exhausted: 'The store has no room for this.',
}

/** What nobody expected says so and no more. */
export function problemOf(error: unknown, requestId: string): HttpResponse {
  const { status, code, text } = tell(error)
  const body = JSON.stringify({ type: 'about:blank', title: code, status, detail: text, requestId })
  const headers = { 'content-type': 'application/problem+json', ...retryHeaders(error) }
  return { status, headers, body }
}

function tell(error: unknown): {
  readonly status: number
  readonly code: string
  readonly text: string
} {
  if (!(error instanceof Fault)) return { status: 500, code: 'internal', text: unexpected }
  const { code, kind, detail } = error
  const status = otherStatuses[code] ?? statusOfKind[kind]
  const sentence = known.get(code)
  const isSecretive = code.startsWith('identity/') && kind === 'denied'
  const general = isSecretive ? 'The request does not prove who asks.' : inGeneral[kind]
  return { status, code, text: sentence?.(detail) ?? general ?? (status < 500 ? code : unexpected) }
}

const unexpected = 'Something unexpected went wrong. The log of the store says what.'
