/** What is told of faults about people, tokens and teams: the table that whoever mounts the operations prints problem documents from. */
import type { FaultDetail } from '#fault/fault'
import type { AccountFaultCode, PersonFaultCode } from '#identity/faults'

/** Of the closed list of codes that clients know, those that these faults may have. */
export type AccountProblemCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'NAME_TAKEN'
  | 'RATE_LIMIT_EXCEEDED'
  | 'UNAVAILABLE'
  | keyof typeof accountProblemCodes

/** Codes that nothing else has, and what they mean. */
export const accountProblemCodes = {
  CODE_REQUIRED:
    'The password is right; a code of the authenticator is needed as well: send `code`.',
  TOKEN_EXPIRED: 'The token was good until some time ago. Sign in again, or make another one.',
  REGISTRATION_CLOSED: 'Nobody registers here by themselves; an administrator adds users.',
  INVITATION_REQUIRED: 'Whoever registers here needs an invitation.',
  LAST_ADMIN: 'A team keeps an admin: make somebody else one first.',
} as const

export interface AccountProblem {
  readonly status: number
  readonly code: AccountProblemCode
  readonly text: (detail: FaultDetail) => string
  /** What to do next. */
  readonly hint?: string
}

type Sentence = AccountProblem['text']

function telling(
  status: number,
  code: AccountProblemCode,
  text: Sentence | string,
  hint?: string,
): AccountProblem {
  const sentence = typeof text === 'string' ? () => text : text
  return { status, code, text: sentence, ...(hint === undefined ? {} : { hint }) }
}

const invalid = (text: Sentence | string, hint?: string) =>
  telling(400, 'INVALID_REQUEST', text, hint)
const forbidden = (text: Sentence | string, hint?: string) => telling(403, 'FORBIDDEN', text, hint)
const missing = (text: Sentence | string) => telling(404, 'NOT_FOUND', text)
const conflict = (text: Sentence | string, hint?: string) => telling(409, 'CONFLICT', text, hint)

const ofPeople: Readonly<Record<PersonFaultCode, AccountProblem>> = {
  'identity/token-missing': telling(
    401,
    'UNAUTHORIZED',
    'This needs a token.',
    'Sign in (mdlibs login), or send `Authorization: Bearer …`.',
  ),
  'identity/sign-in-refused': telling(401, 'UNAUTHORIZED', 'The name or the password is wrong.'),
  'identity/code-missing': telling(
    401,
    'CODE_REQUIRED',
    'A code of your authenticator is needed as well.',
    'Send it as `code`.',
  ),
  'identity/totp-active': conflict(
    'You are asked for codes already.',
    'Take that away first (DELETE /auth/totp), with one of its codes.',
  ),
  'identity/totp-missing': conflict('You are not asked for codes.'),
  'identity/login-needed': forbidden(
    'Whoever does this has signed in; the token of a program is not enough.',
    'Sign in, and use the token of that.',
  ),
  'identity/login-too-old': forbidden(
    'It is too long ago that you signed in.',
    'Sign in again, and do it within a quarter of an hour.',
  ),
  'identity/admins-only': forbidden('Only administrators may do this.'),
  'identity/token-lacks-scope': forbidden(
    ({ scope }) => `The token does not allow this: it needs ${scope}, for all of the team.`,
    'Make a token that does, or sign in.',
  ),
  'identity/malformed-token-name': invalid(
    ({ charactersMax }) =>
      `A token's name has 1 to ${charactersMax} characters, and no control characters.`,
  ),
  'identity/malformed-glob': invalid(
    ({ glob }) => `"${glob}" names no libraries: @scope/name, with * for any characters, does.`,
  ),
  'identity/malformed-expiry': invalid(
    ({ daysMax }) => `It may be good for 1 to ${daysMax} days.`,
    'Only a token that just reads may be good for ever.',
  ),
  'identity/no-such-token': missing('You have no such token.'),
  'identity/malformed-username': invalid(
    ({ name }) =>
      `"${name}" is no name: 3 to 32 letters and digits are, with single hyphens between them.`,
  ),
  'identity/name-reserved': telling(
    409,
    'NAME_TAKEN',
    ({ name }) => `"${name}" is a name that nobody may have.`,
  ),
  'identity/name-confusable': telling(
    409,
    'NAME_TAKEN',
    ({ name, other }) => `"${name}" is easily mistaken for "${other}", which there is.`,
  ),
  'identity/common-password': invalid(
    'That password is among the first that anybody would try.',
    'Several words that have nothing to do with each other make a good one.',
  ),
  'identity/sample-password': invalid('That password stands in every example. Choose another one.'),
  'identity/registration-closed': telling(
    403,
    'REGISTRATION_CLOSED',
    'Nobody registers here by themselves.',
    'Ask an administrator to add you.',
  ),
  'identity/invitation-needed': telling(
    403,
    'INVITATION_REQUIRED',
    'Whoever registers here needs an invitation.',
    'Ask an administrator for one, and send its code as `invitation`.',
  ),
  'identity/no-such-invitation': missing('There is no such invitation, or it is over.'),
  'identity/no-such-team': missing(({ name }) => `There is no team "${name}" that you are in.`),
  'identity/no-such-member': missing(({ name }) => `There is nobody "${name}" in the team.`),
  'identity/member-exists': conflict(({ name }) => `"${name}" is in the team already.`),
  'identity/not-team-admin': forbidden(({ name }) => `Only admins of "${name}" may do this.`),
  'identity/last-admin': telling(
    409,
    'LAST_ADMIN',
    'A team keeps an admin.',
    'Make somebody else admin first.',
  ),
  'identity/team-in-use': conflict(
    'The team has libraries, or has had some.',
    'Archive them instead: what others depend on stays.',
  ),
  'identity/name-stays': invalid('A team keeps its name: libraries are known by it.'),
  'identity/teams-by-admins': forbidden('Only administrators make teams here.'),
  'identity/not-oneself': conflict('Nobody takes their own rights away.'),
  'identity/no-such-provider': missing('There is no such provider to sign in with.'),
  'identity/sign-on-failed': forbidden(
    ({ reason }) => `Signing in did not succeed: ${reason}.`,
    'Begin again.',
  ),
  'identity/link-taken': conflict('Somebody else here is known by that sign-in.'),
  'identity/last-login': conflict(
    'It is the only way you have to sign in.',
    'Set a password first.',
  ),
  'identity/no-such-link': missing('You have no such sign-in.'),
  'identity/malformed-next': invalid('`next` is a path of this server, such as /settings.'),
  'identity/issuer-unknown': forbidden(
    'The issuer of the token is none that this server trusts.',
    'The operator names trusted issuers in the settings.',
  ),
  'identity/no-trusted-publisher': forbidden(
    'No library trusts whoever the token is of.',
    'An owner adds a trusted publisher with the claims that the token has.',
  ),
  'identity/library-ambiguous': invalid(
    'Several libraries trust the token.',
    'Send the one that is meant as `library`.',
  ),
  'identity/token-used-up': forbidden(
    'The token was exchanged before.',
    'Ask the issuer for a new one for each publish.',
  ),
  'identity/no-audit-log': missing('No audit log is kept here.'),
}

/** Faults that other doors have as well, as they are told here. */
const shared: Readonly<Partial<Record<AccountFaultCode, AccountProblem>>> = {
  'identity/malformed-handle': invalid(
    ({ handle }) =>
      `"${handle}" is no name: 3 to 32 lower-case letters, digits, dots, dashes and underscores are.`,
  ),
  'identity/malformed-email': invalid(({ email }) => `"${email}" is no e-mail address.`),
  'identity/malformed-name': invalid(
    'A display name has 1 to 128 characters, and no control characters.',
  ),
  'identity/malformed-password': invalid(
    ({ charactersMin }) => `A password has ${charactersMin} to 256 characters.`,
  ),
  'identity/handle-taken': telling(
    409,
    'NAME_TAKEN',
    ({ handle }) => `"${handle}" is taken, or was somebody's once.`,
  ),
  'identity/email-taken': telling(
    409,
    'NAME_TAKEN',
    ({ email }) => `Somebody else has the address ${email}.`,
  ),
  'identity/no-such-principal': missing(({ name }) => `There is no user "${name}".`),
  'identity/no-totp': conflict('No secret waits to be confirmed.', 'Begin with POST /auth/totp.'),
  'identity/login-refused': telling(401, 'UNAUTHORIZED', 'That is not right.'),
  'identity/login-throttled': telling(
    429,
    'RATE_LIMIT_EXCEEDED',
    ({ seconds }) => `Too many attempts. Try again in ${seconds} seconds.`,
  ),
  'identity/root-stays': conflict('The root user stays as it is.'),
  'identity/still-in-use': conflict(
    ({ name }) => `Policies hang on "${name}": an operator set them.`,
  ),
  'identity/too-many': conflict(({ what, max }) => `There may be ${max} ${what} at most.`),
  'identity/invalid-web-identity': invalid(({ reason }) => `The token cannot be used: ${reason}.`),
  'identity/expired-web-identity': invalid('The token has expired.'),
  'identity/provider-unreachable': telling(
    503,
    'UNAVAILABLE',
    ({ reason }) => `The provider cannot be reached: ${reason}.`,
  ),
}

const ofTokens: Readonly<
  Record<'identity/unknown-token' | 'identity/expired-token', AccountProblem>
> = {
  'identity/unknown-token': telling(
    401,
    'UNAUTHORIZED',
    'The token is not known, or was revoked.',
    'Sign in again.',
  ),
  'identity/expired-token': telling(
    401,
    'TOKEN_EXPIRED',
    'The token has expired.',
    'Sign in again, or make another one.',
  ),
}

/** By the code of the fault. */
export const accountProblems: ReadonlyMap<string, AccountProblem> = new Map(
  Object.entries({ ...ofPeople, ...shared, ...ofTokens }),
)
