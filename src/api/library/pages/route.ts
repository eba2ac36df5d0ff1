/** One page, or one form that leads to pages: who asks, what for, and what is answered. */
import type { BrowserFile } from '#api/browser-file'
import { libraryDoorFault } from '#api/library/faults'
import type { FormState } from '#api/library/pages/form-fields'
import { type PageAssets, type PageView, type Reader, renderPage } from '#api/library/pages/layout'
import type { RequestBudgets } from '#api/library/request-budgets'
import type { RateLimits } from '#api/rate-limits'
import type { Budget, Names } from '#api/rest-route'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { Accounts } from '#identity/accounts'
import { type Actor, assertSignedIn, type UserActor } from '#identity/actor'
import type { Libraries } from '#library/libraries'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface PageFiles {
  readonly assets: PageAssets
  /** By path. */
  readonly files: ReadonlyMap<string, BrowserFile>
}

export interface LibraryPagesOptions {
  readonly libraries: Libraries
  readonly accounts: Accounts
  /** Whether whoever is not signed in may read what is public. */
  readonly anonymousRead: boolean
  readonly budgets: RequestBudgets
  readonly rates: RateLimits
  /** Whether what comes from there says truly for whom (`X-Forwarded-For`). */
  readonly isProxy: (address: string) => boolean
  /** Where people reach the server, without a slash at the end; `undefined`: at whatever host they ask. */
  readonly publicUrl: string | undefined
  /** How long after its publishing a version may be deleted by others than administrators. */
  readonly removalWindowMs: number
  /** Called when the first page is asked for. */
  readonly readFiles: () => PageFiles
  readonly onUse: (actor: UserActor) => void
  readonly world: World
  readonly telemetry: Telemetry
}

export interface PageCall {
  readonly parts: LibraryPagesOptions
  readonly request: HttpRequest
  readonly actor: Actor
  readonly reader: Reader
  /** What stands where the path has `{name}`, decoded. */
  readonly names: Names
  readonly query: ReadonlyMap<string, string>
  /** The path as sent. */
  readonly path: string
  /** Of a form that was sent: a field's values are joined with spaces. */
  readonly form: ReadonlyMap<string, string>
  /** The client's address, beyond proxies of ours. */
  readonly address: string
}

export interface PageRoute {
  readonly method: 'GET' | 'POST'
  /** `{name}` stands for one segment, `@{name}` for one that begins so, `{name*}`, at the end, for the rest. */
  readonly path: string
  /** For logs and metrics. */
  readonly operation: string
  readonly budget: Budget
  /** Also for who is not signed in where nobody else is served: to sign in. */
  readonly isOpen?: boolean
  run(call: PageCall): Promise<HttpResponse>
}

export const htmlType = 'text/html; charset=utf-8'

export function answerPage(
  { reader, query }: PageCall,
  view: Omit<PageView, 'done'>,
  status = 200,
): HttpResponse {
  const done = deeds[query.get('done') ?? '']
  return {
    status,
    headers: { 'content-type': htmlType },
    body: renderPage({ ...view, ...(done === undefined ? {} : { done }) }, reader),
  }
}

/** A page with forms, as they were sent if something was wrong with them. */
export function answerForm(
  call: PageCall,
  view: Omit<PageView, 'done'>,
  ...forms: readonly FormState[]
): HttpResponse {
  const isMistaken = forms.some(({ mistakes }) => mistakes.size > 0)
  return answerPage(call, view, isMistaken ? 422 : 200)
}

/** Shows what is shown this once: no browser keeps it. */
export function notKept(response: HttpResponse): HttpResponse {
  return { ...response, headers: { ...response.headers, 'cache-control': 'no-store' } }
}

/** What forms say when they have led somewhere; the address names it, never its words. */
const deeds: Readonly<Record<string, string>> = {
  'signed-out': 'You are signed out.',
  registered: 'Welcome. Sign in with your new name.',
  'token-revoked': 'The token is revoked. Whoever has it can do nothing with it any more.',
  'password-changed': 'Your password is changed. All other sign-ins have ended.',
  'codes-on': 'Codes are on: from now on, signing in asks for one.',
  'codes-off': 'Codes are off.',
  'login-removed': 'That sign-in is taken away.',
  answered: 'Your answer is noted.',
  'team-made': 'The team is made.',
  invited: 'They are invited, and can accept on their account page.',
  withdrawn: 'The invitation is withdrawn.',
  'role-set': 'The role is set.',
  removed: 'They are no longer a member.',
  left: 'You have left the team.',
  approved: 'The version is live.',
  rejected: 'The version is refused.',
  saved: 'Saved.',
  'version-deleted': 'The version is deleted. Its number is never used again.',
  'advisory-published': 'The advisory is published.',
  'advisory-withdrawn': 'The advisory is withdrawn; it stays readable as such.',
  'library-deleted': 'All versions of the library are deleted.',
  yanked: 'The version is yanked.',
  unyanked: 'The yank is taken back.',
}

export function seeOther(
  location: string,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { status: 303, headers: { location, 'cache-control': 'no-store', ...headers } }
}

/** Tells the next page what was done. */
export function done(path: string, deed: keyof typeof deeds): string {
  return `${path}?done=${deed}`
}

/** `library-door/sign-in-needed`, `identity/login-needed` for programs' tokens */
export function requireUser({ actor }: PageCall): UserActor {
  if (actor.kind === 'anonymous') throw libraryDoorFault('library-door/sign-in-needed')
  assertSignedIn(actor)
  return actor
}

/** A field of the form, without the spaces that people leave around what they type. */
export function fieldOf({ form }: PageCall, name: string): string {
  return (form.get(name) ?? '').trim()
}

export function pageNumber({ query }: PageCall): number {
  const number = Number(query.get('page') ?? 1)
  return Number.isSafeInteger(number) && number >= 1 && number <= pagesMax ? number : 1
}

const pagesMax = 10_000
