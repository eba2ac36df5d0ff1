/** Faults as problem documents (RFC 9457), with what the registry's first design calls an error beside that: a code of a closed list, a sentence, a hint. */

import { accountProblems } from '#api/accounts/problem'
import { apiBase } from '#api/bases'
import { statusOfKind } from '#api/faults'
import type { LibraryDoorFaultCode } from '#api/library/faults'
import { type ProblemCode, problemCodes } from '#api/library/problem-codes'
import { Fault, type FaultDetail, type FaultKind } from '#fault/fault'
import type { HttpResponse } from '#http/message'
import type { ArchiveFaultCode } from '#library/archive-faults'
import type { LibraryFaultCode } from '#library/faults'

type Sentence = (detail: FaultDetail) => string

/** What is told of a fault; `hint`: what to do next. */
interface Telling {
  readonly status: number
  readonly code: ProblemCode
  readonly text: Sentence
  readonly hint?: string
}

function telling(status: number, code: ProblemCode, text: Sentence, hint?: string): Telling {
  return { status, code, text, ...(hint === undefined ? {} : { hint }) }
}

const nothing: Sentence = () => 'There is nothing of that name.'

const ofDoor: Readonly<Record<LibraryDoorFaultCode, Telling>> = {
  'library-door/no-such-page': telling(
    404,
    'NOT_FOUND',
    nothing,
    `${apiBase}/openapi.json lists what there is.`,
  ),
  'library-door/wrong-method': telling(
    405,
    'METHOD_NOT_ALLOWED',
    ({ allowed }) => `This answers ${allowed} only.`,
  ),
  'library-door/wrong-type': telling(
    415,
    'UNSUPPORTED_MEDIA_TYPE',
    ({ expected }) => `The body must be ${expected}.`,
  ),
  'library-door/malformed-body': telling(
    400,
    'INVALID_REQUEST',
    ({ reason }) => `The body is not what is expected here: ${reason}.`,
  ),
  'library-door/malformed-query': telling(
    400,
    'INVALID_REQUEST',
    ({ reason }) => `The query is not what is expected here: ${reason}.`,
  ),
  'library-door/malformed-header': telling(
    400,
    'INVALID_REQUEST',
    ({ name, reason }) => `The header ${name} is not what is expected here: ${reason}.`,
  ),
  'library-door/body-too-large': telling(
    413,
    'TOO_LARGE',
    ({ bytesMax }) => `The body may have ${bytesMax} bytes at most.`,
  ),
  'library-door/sign-in-needed': telling(
    401,
    'UNAUTHORIZED',
    () => 'Nobody is served here without a token.',
    'Sign in: mdlibs login.',
  ),
  'library-door/malformed-token': telling(
    401,
    'UNAUTHORIZED',
    () => 'The header Authorization must be "Bearer", a space and a token.',
    'Sign in: mdlibs login.',
  ),
  'library-door/foreign-form': telling(
    403,
    'FORBIDDEN',
    () =>
      'This form was not sent by a page of this server. Load the page again, and send it from there.',
  ),
  'library-door/budget-spent': telling(
    429,
    'RATE_LIMIT_EXCEEDED',
    ({ retry_after: seconds }) => `Too many requests. Try again in ${seconds} s.`,
    'With a token there are more; Retry-After says when to come back.',
  ),
  'library-door/busy': telling(
    503,
    'UNAVAILABLE',
    () => 'Too many archives are coming in at once. Try again.',
  ),
  'library-door/precondition-failed': telling(
    412,
    'PRECONDITION_FAILED',
    () => 'It is not the one that If-Match names.',
  ),
  'library-door/range-unsatisfiable': telling(
    416,
    'RANGE_NOT_SATISFIABLE',
    ({ bytes }) => `There are ${bytes} bytes.`,
  ),
}

const publishHint = 'mdlibs publish --dry-run shows what would be sent, and what the scanner finds.'

const absent = telling(
  404,
  'NOT_FOUND',
  () => 'There is no such library, or none that you may know of.',
  'If it is private, sign in as somebody who may read it: mdlibs login.',
)
const invalid = (text: Sentence): Telling => telling(400, 'INVALID_REQUEST', text)
const notFound = (text: Sentence): Telling => telling(404, 'NOT_FOUND', text)
const conflict = (text: Sentence, hint?: string): Telling => telling(409, 'CONFLICT', text, hint)
const reasonOr =
  (text: string): Sentence =>
  ({ reason }) =>
    reason === undefined
      ? text
      : `${text.replace(/\.$/, '')}: ${String(reason).replace(/\.$/, '')}.`

const ofLibraries: Readonly<Record<LibraryFaultCode, Telling>> = {
  'library/archived': conflict(
    () => 'The library is archived: nothing is published in it any more.',
    'Who manages it can take that back.',
  ),
  'library/content-blocked': telling(
    422,
    'CONTENT_BLOCKED',
    ({ rule, path }) => `This registry does not take what the scanner found: ${rule} in ${path}.`,
    publishHint,
  ),
  'library/damaged': telling(
    500,
    'INTERNAL',
    () => 'The archive is damaged where it is kept; the operator is told.',
  ),
  'library/denied': telling(
    403,
    'FORBIDDEN',
    reasonOr('You may not do this with this library, or your token may not.'),
  ),
  'library/digest-mismatch': telling(
    422,
    'DIGEST_MISMATCH',
    () => 'What arrived is not what the digest names.',
    'Send it again.',
  ),
  'library/files-too-many': telling(413, 'TOO_LARGE', ({ most }) =>
    most === undefined ? 'There are too many files.' : `There may be ${most} files at most.`,
  ),
  'library/last-owner': conflict(() => 'A library has an owner: transfer it instead.'),
  'library/malformed-advisory': invalid(reasonOr('That is no advisory.')),
  'library/malformed-claims': invalid(reasonOr('These are no claims to trust by.')),
  'library/malformed-cursor': invalid(() => 'That is no cursor of this list.'),
  'library/malformed-query': invalid(reasonOr('That cannot be searched for.')),
  'library/malformed-tag': invalid(
    reasonOr(
      'That is no dist-tag: 1 to 64 lower-case letters, digits, dots and hyphens that are no version or range.',
    ),
  ),
  'library/malformed-text': invalid(({ field }) =>
    `The field ${field ?? ''} cannot be that.`.replace('  ', ' '),
  ),
  'library/malformed-webhook': invalid(
    ({ reason }) => `The address of the webhook cannot be that: ${reason}.`,
  ),
  'library/manifest-mismatch': telling(
    422,
    'ARCHIVE_INVALID',
    reasonOr('The manifest in the archive says something else than the address.'),
  ),
  'library/name-too-similar': telling(409, 'NAME_TAKEN', ({ similar }) =>
    similar === undefined
      ? 'The name looks too much like one that is there.'
      : `The name looks too much like ${similar}, which is there.`,
  ),
  'library/no-such-advisory': notFound(() => 'There is no such advisory.'),
  'library/no-such-file': notFound(() => 'There is no such file in this version.'),
  'library/no-such-grant': notFound(() => 'There is no such grant.'),
  'library/no-such-invitation': notFound(() => 'There is no such invitation.'),
  'library/no-such-library': absent,
  'library/no-such-owner': notFound(() => 'There is no such owner.'),
  'library/no-such-publisher': notFound(() => 'There is no such trusted publisher.'),
  'library/no-such-scope': notFound(() => 'There is no user or team of that name.'),
  'library/no-such-tag': notFound(() => 'There is no such dist-tag.'),
  'library/no-such-version': notFound(() => 'There is no such version.'),
  'library/no-such-webhook': notFound(() => 'There is no such webhook.'),
  'library/not-confirmed': telling(
    428,
    'CONFIRMATION_REQUIRED',
    () => 'Everybody could read it. Say that this is meant.',
    'Send confirm_public: true in the document, or confirm_public=true in the query.',
  ),
  'library/not-waiting': conflict(() => 'The version does not wait for anybody.'),
  'library/quota-exceeded': telling(
    413,
    'QUOTA_EXCEEDED',
    ({ owner, what, wanted, quota }) =>
      `The quota of ${owner} does not allow it: ${what} would be ${wanted}, and may be ${quota}.`,
    `${apiBase}/quota says what is used.`,
  ),
  'library/removal-window-over': conflict(
    () => 'A version can be deleted within 72 hours; later by an administrator alone.',
    'Yank it: nobody gets it by surprise then.',
  ),
  'library/sign-in-needed': telling(
    401,
    'UNAUTHORIZED',
    () => 'This needs a token.',
    'Sign in: mdlibs login.',
  ),
  'library/too-large': telling(
    413,
    'TOO_LARGE',
    ({ what = 'archive', bytesMax }) => `The ${what} may have ${bytesMax} bytes at most.`,
  ),
  'library/too-many': telling(413, 'TOO_LARGE', ({ what, most }) =>
    `There may be ${most ?? 'fewer'} ${what ?? ''}`.trim().concat('.'),
  ),
  'library/trusted-publishing-only': telling(
    403,
    'FORBIDDEN',
    () => 'This library takes versions of trusted publishers only.',
    'Publish from where its trusted publisher vouches for.',
  ),
  'library/version-deleted': telling(
    410,
    'VERSION_DELETED',
    () => 'This version was deleted. Its number is never given again.',
  ),
  'library/upstream-unavailable': telling(
    503,
    'UNAVAILABLE',
    ({ reason }) => `The registry that this one mirrors cannot be used: ${reason}.`,
    'Try again; what was fetched before is here.',
  ),
  'library/version-exists': telling(
    409,
    'VERSION_EXISTS',
    () => 'This version is there already, with other bytes.',
    'Versions never change: publish the next one.',
  ),
  'library/version-unavailable': conflict(({ state }) =>
    state === undefined
      ? 'This version is not to be had.'
      : `This version is not to be had: it is ${state}.`,
  ),
}

const invalidArchive = (text: string): Telling =>
  telling(422, 'ARCHIVE_INVALID', reasonOr(text), publishHint)

const ofArchives: Readonly<Record<ArchiveFaultCode, Telling>> = {
  'library/malformed-name': invalid(
    reasonOr(
      'That is no name for a library: 3 to 64 lower-case letters and digits, with single hyphens between them.',
    ),
  ),
  'library/malformed-version': invalid(
    reasonOr('That is no version: 1.2.3, or 1.2.3-rc.1, as https://semver.org has it.'),
  ),
  'library/malformed-range': invalid(reasonOr('That is no range of versions, and no dist-tag.')),
  'library/malformed-manifest': invalidArchive('The manifest cannot be used.'),
  'library/archive-refused': telling(
    422,
    'ARCHIVE_INVALID',
    ({ rule, path }) =>
      `The archive is not one of a library: ${rule}${path === undefined ? '' : ` (${path})`}.`,
    publishHint,
  ),
  'library/archive-too-large': telling(
    413,
    'TOO_LARGE',
    ({ limit, most }) =>
      `The archive passes a limit: ${limit ?? 'size'}${most === undefined ? '' : `, ${most} at most`}.`,
  ),
  'library/digest-differs': telling(
    422,
    'DIGEST_MISMATCH',
    () => 'The bytes are not those that their digest names.',
  ),
  'library/malformed-lock-file': invalid(reasonOr('That is no lock file.')),
  'library/malformed-signature': invalid(reasonOr('That is no signature.')),
  'library/malformed-provenance': telling(
    422,
    'ARCHIVE_INVALID',
    reasonOr('The provenance cannot be used.'),
  ),
  'library/not-authentic': telling(
    403,
    'FORBIDDEN',
    reasonOr('The signature is of none of the keys that are trusted, or of other bytes.'),
  ),
}

const own: ReadonlyMap<string, Telling> = new Map([
  ...accountProblems,
  ...Object.entries({ ...ofArchives, ...ofLibraries, ...ofDoor }),
])

const codeOfStatus: Readonly<Record<number, ProblemCode>> = {
  400: 'INVALID_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'INVALID_REQUEST',
  409: 'CONFLICT',
  412: 'PRECONDITION_FAILED',
  413: 'TOO_LARGE',
  429: 'RATE_LIMIT_EXCEEDED',
  431: 'INVALID_REQUEST',
  503: 'UNAVAILABLE',
}

/** Of faults that come from deeper. */
const inGeneral: Readonly<Partial<Record<FaultKind, string>>> = {
  unavailable: 'The database or the storage cannot be reached. Try again.',
  timeout: 'It took too long. Try again.',
  exhausted: 'There is no room for this.',
}

/** Where archives rest. Whoever asks has named none of it: what is wrong there is no mistake of theirs, whatever its kind. */
const ofPlaces = /^(?:endpoint|object|store|cluster|shard|disk)\//

const statuses: Readonly<Record<FaultKind, number>> = {
  ...statusOfKind,
  exhausted: 503,
  timeout: 503,
}

/** Faults of the HTTP shell that their kind says too little about. */
const others: Readonly<Record<string, number>> = {
  'api/slow-down': 429,
  'http/body-timeout': 408,
  'http/headers-timeout': 408,
  'http/headers-too-large': 431,
  'identity/login-throttled': 429,
}

export interface Problem {
  readonly status: number
  readonly code: ProblemCode
  readonly text: string
  readonly hint?: string
  readonly details?: FaultDetail
}

/** What is told of any error; of what nobody expected, that and no more. */
export function tellProblem(error: unknown): Problem {
  if (!(error instanceof Fault)) return unexpected
  const telling = own.get(error.code)
  if (telling !== undefined) {
    const { text, ...rest } = telling
    return { ...rest, text: text(error.detail), ...detailsOf(error) }
  }
  if (ofPlaces.test(error.code) && inGeneral[error.kind] === undefined) return unexpected
  const status = others[error.code] ?? statuses[error.kind]
  const code = codeOfStatus[status]
  if (code === undefined || status === 500) return unexpected
  const text = inGeneral[error.kind] ?? problemCodes[code]
  return { status, code, text, ...detailsOf(error) }
}

const unexpected: Problem = {
  status: 500,
  code: 'INTERNAL',
  text: 'Something unexpected went wrong. The log of the server says what.',
}

export function problemOf(error: unknown, requestId: string): HttpResponse {
  const { status, code, text, hint, details } = tellProblem(error)
  const document = {
    type: `${apiBase}/problems#${code}`,
    title: code,
    status,
    detail: text,
    ...(hint === undefined ? {} : { hint }),
    error: { code, message: text, ...(details === undefined ? {} : { details }) },
    request_id: requestId,
  }
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...headersOf(error, status),
    },
    body: `${JSON.stringify(document)}\n`,
  }
}

/** What was counted and found, for programs; not of faults from deeper, which may name what is nobody's business. */
function detailsOf({ code, detail }: Fault): { readonly details?: FaultDetail } {
  const isOurs = own.has(code)
  return isOurs && Object.keys(detail).length > 0 ? { details: detail } : {}
}

const retrySeconds = 1

function headersOf(error: unknown, status: number): Readonly<Record<string, string>> {
  const { detail } = error instanceof Fault ? error : { detail: {} as FaultDetail }
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  if (status === 405) return { allow: String(detail['allowed']) }
  if (status === 416) return { 'content-range': `bytes */${detail['bytes']}` }
  if (status === 503) return { 'retry-after': String(retrySeconds) }
  const seconds = detail['retry_after'] ?? detail['retryAfterS'] ?? detail['seconds']
  return status === 429 && seconds !== undefined ? { 'retry-after': String(seconds) } : {}
}
