/** Who asks one of the doors that know people by bearer tokens, as the domains behind them decide rights about. No I/O here. */
import { personFault } from '#identity/faults'
import { matchesGlob } from '#identity/glob'

/** Of a member of a team: `admin` manages it, `member` publishes for it, `reader` sees what is its own. */
export type TeamRole = 'admin' | 'member' | 'reader'

export const teamRoles = ['admin', 'member', 'reader'] as const satisfies readonly TeamRole[]

/** What a token allows, of what its user may do. */
export type TokenScope = 'read' | 'publish' | 'yank' | 'admin:team'

export const tokenScopes = [
  'read',
  'publish',
  'yank',
  'admin:team',
] as const satisfies readonly TokenScope[]

/** `login`: of somebody who signed in, for hours, and of all scopes. `api`: made by its user. `ci`: of a program for which an issuer vouched, for minutes. */
export type TokenKind = 'login' | 'api' | 'ci'

export type Actor = { readonly kind: 'anonymous' } | UserActor

export interface UserActor {
  readonly kind: 'user'
  /** The principal's id. */
  readonly id: string
  readonly handle: string
  /** Root, or somebody whom an administrator made one. */
  readonly isAdmin: boolean
  /** By the team's handle; as they are at this request. */
  readonly teams: ReadonlyMap<string, TeamRole>
  readonly token: ActorToken
}

export interface ActorToken {
  readonly id: string
  readonly name: string
  readonly kind: TokenKind
  readonly scopes: readonly TokenScope[]
  /** What it is limited to, e.g. `@docs/*`, `@docs/handbook`: `*` stands for any characters but a slash. Without any: to nothing. */
  readonly globs: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
  /** Of a `ci` token: for whom an issuer vouched. */
  readonly via?: TokenOrigin
}

/** For whom an issuer has vouched, and by which record of a library that was enough. */
export interface TokenOrigin {
  readonly issuer: string
  readonly subject: string
  /** Id of the trusted publisher. */
  readonly publisher: string
}

export const anonymous: Actor = { kind: 'anonymous' }

/** Every library there is. */
export const everyLibrary = '@*/*'

/** Whether a token reaches so far; what its user may do is another question. `library`: `@scope/name`. */
export function isAllowed(
  { scopes, globs }: Pick<ActorToken, 'scopes' | 'globs'>,
  scope: TokenScope,
  library: string,
): boolean {
  return scopes.includes(scope) && globs.some((glob) => matchesGlob(glob, library))
}

/** `identity/token-missing` */
export function requireUser(actor: Actor): UserActor {
  if (actor.kind === 'anonymous') throw personFault('identity/token-missing')
  return actor
}

/** For what concerns a team itself, or all that a person has. `identity/token-lacks-scope` */
export function assertMayManage(actor: UserActor, team: string): void {
  if (!isAllowed(actor.token, 'admin:team', `@${team}/*`))
    throw personFault('identity/token-lacks-scope', { scope: 'admin:team' })
}

/** Tokens, passwords and the like are changed by people who have signed in, never by a program's token. `identity/login-needed` */
export function assertSignedIn({ token }: UserActor): void {
  if (token.kind !== 'login') throw personFault('identity/login-needed')
}

/** `identity/admins-only` */
export function assertAdmin(actor: UserActor): void {
  assertSignedIn(actor)
  if (!actor.isAdmin) throw personFault('identity/admins-only')
}
