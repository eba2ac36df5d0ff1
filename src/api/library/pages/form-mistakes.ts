/** What people hear of a form that cannot be done, at the field that it is about. */
import type { FormState } from '#api/library/pages/form-fields'
import { tellProblem } from '#api/library/problem'
import { Fault } from '#fault/fault'
import type { AccountFaultCode, PersonFaultCode } from '#identity/faults'
import type { ArchiveFaultCode } from '#library/archive-faults'
import type { LibraryFaultCode } from '#library/faults'

type Told = Readonly<Record<string, string>>
type OfForms = Readonly<
  Partial<Record<AccountFaultCode | PersonFaultCode | LibraryFaultCode | ArchiveFaultCode, string>>
>

/** Whose value it was, by the code of the fault; an empty name for that of none alone. */
const fieldOfCode: Told = {
  'identity/login-refused': '',
  'identity/sign-in-refused': '',
  'identity/login-throttled': '',
  'identity/code-missing': 'code',
  'identity/login-too-old': '',
  'identity/malformed-username': 'username',
  'identity/name-reserved': 'username',
  'identity/handle-taken': 'username',
  'identity/name-confusable': 'username',
  'identity/email-taken': 'email',
  'identity/malformed-email': 'email',
  'identity/malformed-password': 'password',
  'identity/common-password': 'password',
  'identity/invitation-needed': 'invitation',
  'identity/no-such-invitation': 'invitation',
  'identity/malformed-token-name': 'name',
  'identity/malformed-glob': 'globs',
  'identity/malformed-expiry': 'days',
  'identity/malformed-name': 'displayName',
  'identity/no-such-principal': 'username',
  'identity/member-exists': 'username',
  'identity/no-such-provider': '',
  'identity/provider-unreachable': '',
  'library/malformed-range': 'range',
  'library/malformed-tag': 'tag',
  'library/no-such-scope': 'handle',
  'library/no-such-tag': '',
  'library/no-such-owner': '',
  'library/no-such-grant': '',
  'library/no-such-invitation': '',
  'library/no-such-publisher': '',
  'library/no-such-version': 'version',
  'library/not-confirmed': 'confirm',
} satisfies OfForms

/** Those whose detail names the field. */
const namingField: ReadonlySet<string> = new Set([
  'library/malformed-advisory',
  'library/malformed-claims',
  'library/malformed-text',
] satisfies LibraryFaultCode[])

/** Where a form can say more than an answer to a program, or less. */
const sentences: Told = {
  'identity/login-refused': 'The password, or the code, is not right.',
  'identity/sign-in-refused': 'This name, password and code do not belong together.',
  'identity/code-missing': 'You have set codes up: give the one that your device shows now.',
  'identity/no-totp': 'Codes were not begun. Begin again.',
  'identity/last-admin': 'A team keeps at least one admin: make somebody else one first.',
  'identity/malformed-username':
    '3 to 32 lower-case letters and digits, with single hyphens between them.',
  'library/malformed-advisory': 'This is missing, too long, or not what is expected here.',
  'library/malformed-claims':
    'This is missing, too long, or says nothing that tells anybody apart.',
  'library/malformed-text': 'This is missing, too long, or has characters that cannot be seen.',
  'library/not-confirmed': 'Everybody could read it: write its name, to say that this is meant.',
} satisfies OfForms

/** The form as it was sent, with what was wrong; rethrows what no form can tell: absence and failures have pages of their own. */
export function mistakenForm(
  error: unknown,
  values: ReadonlyMap<string, string>,
  /** How the page that is shown calls fields. */
  names: Readonly<Record<string, string>> = {},
): FormState {
  if (!(error instanceof Fault)) throw error
  const { status, text } = tellProblem(error)
  const field = fieldOf(error)
  const isOfPages = status === 401 || status === 404 || status === 410 || status >= 500
  if (field === undefined && isOfPages) throw error
  const at = names[field ?? ''] ?? field ?? ''
  const isTold = namingField.has(error.code) && error.detail['reason'] !== undefined
  const sentence = isTold ? text : (sentences[error.code] ?? text)
  return { values, mistakes: new Map([[at, sentence]]) }
}

function fieldOf({ code, detail: { field } }: Fault): string | undefined {
  return namingField.has(code) && typeof field === 'string' ? field : fieldOfCode[code]
}
