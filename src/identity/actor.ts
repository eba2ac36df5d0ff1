/** Who asks one of the doors that know people by bearer tokens, as the domains behind them decide rights about. */

/** Of a member of a team: `admin` manages it, `member` publishes for it, `reader` sees what is its own. */
export type TeamRole = 'admin' | 'member' | 'reader'

/** What a token allows, of what its user may do. */
export type TokenScope = 'read' | 'publish' | 'yank' | 'admin:team'

export const tokenScopes: readonly TokenScope[] = ['read', 'publish', 'yank', 'admin:team']

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
  /** What it is limited to, e.g. `@docs/*`, `@docs/handbook`; `*` stands for any characters but a slash. Without any: to nothing. */
  readonly globs: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
}

export const anonymous: Actor = { kind: 'anonymous' }
