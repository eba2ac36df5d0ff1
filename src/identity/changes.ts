/** The changes that write the identity tables, as they stand in the change log. docs/formats/identity.md */
import type { ChangeBody } from '#changelog/change'
import type { TeamRole, TokenKind, TokenOrigin, TokenScope } from '#identity/actor'
import type { PasswordJson } from '#identity/password'
import type { SealedSecretJson } from '#identity/sealed-secret'
import type { SqlRow } from '#sql/sql'

export type IdentityChange = ChangeBody &
  (
    | ({ readonly kind: 'identity/principal-put' } & PrincipalJson)
    | { readonly kind: 'identity/principal-removed'; readonly id: string }
    | ({ readonly kind: 'identity/key-put' } & KeyJson)
    | { readonly kind: 'identity/key-removed'; readonly accessKeyId: string }
    | { readonly kind: 'identity/key-used'; readonly accessKeyId: string; readonly day: number }
    | ({ readonly kind: 'identity/entity-put' } & EntityJson)
    | { readonly kind: 'identity/entity-removed'; readonly id: string }
    | ({ readonly kind: 'identity/rights-put'; readonly holder: string } & RightsJson)
    | ({ readonly kind: 'identity/login-put'; readonly principal: string } & LoginJson)
    | PersonalChange
  )

/** Of what people and programs of libraries have besides. */
export type PersonalChange =
  | { readonly kind: 'identity/scope-retired'; readonly name: string }
  | ({ readonly kind: 'identity/token-put' } & TokenJson)
  | ({ readonly kind: 'identity/token-used'; readonly id: string } & TokenUseJson)
  | { readonly kind: 'identity/token-revoked'; readonly id: string }
  | { readonly kind: 'identity/token-removed'; readonly id: string }
  | ({ readonly kind: 'identity/invitation-put' } & InvitationJson)
  | { readonly kind: 'identity/invitation-removed'; readonly id: string }
  | ({ readonly kind: 'identity/link-put' } & LinkJson)
  | { readonly kind: 'identity/link-removed'; readonly id: string }

export interface PrincipalJson {
  readonly id: string
  readonly handle: string
  readonly displayName: string
  readonly email?: string
  readonly tenant?: string
  readonly isRoot?: true
  readonly isAccount?: true
  /** May do what root may, at the doors that know people. */
  readonly isAdmin?: true
  /** Milliseconds since 1970, both. */
  readonly disabledAt?: number
  readonly emailVerifiedAt?: number
}

/** A team is IAM's group. */
export type EntityKind = 'user' | 'team' | 'role' | 'policy' | 'provider'

export interface EntityJson {
  readonly id: string
  /** Empty: the store's own. */
  readonly account: string
  readonly entity: EntityKind
  readonly name: string
  readonly path: string
  readonly facts: EntityFacts
}

/** By kind: of a role who may become it, of a policy what it says, of a provider where it is and whom it may speak to. */
export interface EntityFacts {
  readonly description?: string
  readonly trust?: string
  readonly sessionSecondsMax?: number
  readonly document?: string
  readonly url?: string
  readonly clientIds?: readonly string[]
  readonly thumbprints?: readonly string[]
  /** Of a team. */
  readonly displayName?: string
  /** Of what a team publishes, unless it says otherwise. */
  readonly defaultVisibility?: Visibility
  /** Only members who sign in with codes as well may do more than read. */
  readonly needsTotp?: boolean
}

export type Visibility = 'public' | 'internal' | 'private'

/** All that hangs on a user, a team or a role; empty lists when nothing does. */
export interface RightsJson {
  readonly inline: readonly (readonly [name: string, document: string])[]
  /** ARNs of managed policies. */
  readonly attached: readonly string[]
  /** Ids of the teams a user is in. */
  readonly teams: readonly string[]
  /** By id of the team; a plain member without one. */
  readonly memberships?: Readonly<Record<string, MembershipJson>>
}

export interface MembershipJson {
  readonly role: TeamRole
  /** Milliseconds since 1970. */
  readonly joinedAt: number
  /** Id of whoever invited. */
  readonly invitedBy?: string
}

export interface TokenJson {
  readonly id: string
  /** SHA-256 of the token, in lower-case hex. */
  readonly hash: string
  /** Its first characters. */
  readonly prefix: string
  readonly principal: string
  readonly name: string
  readonly tokenKind: TokenKind
  readonly scopes: readonly TokenScope[]
  readonly globs: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
  readonly via?: TokenOrigin
  /** What it was given for, and is never given for again: a hash of another token. */
  readonly given?: string
  readonly address?: string
  readonly agent?: string
  /** In snapshots. */
  readonly revokedAt?: number
  readonly used?: TokenUseJson
}

export interface TokenUseJson {
  /** Hours since 1970. */
  readonly hour: number
  readonly address?: string
  readonly agent?: string
}

/** To register, with the hash of a code; or into a team, for somebody who is here. */
export interface InvitationJson {
  readonly id: string
  /** Id of whoever invites. */
  readonly by: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** SHA-256 of the code, in lower-case hex. */
  readonly hash?: string
  readonly email?: string
  /** Ids, both. */
  readonly team?: string
  readonly principal?: string
  readonly role?: TeamRole
}

/** That somebody is whom an issuer calls so. */
export interface LinkJson {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly principal: string
  /** How the operator calls the issuer. */
  readonly provider: string
}

/** How somebody proves who he is to a person's program. */
export interface LoginJson {
  readonly password?: PasswordJson
  readonly totp?: {
    readonly secret: SealedSecretJson
    readonly state: 'pending' | 'active'
    /** Of the last code that was used. */
    readonly step: number
  }
  /** SHA-256 of each code that is left, in lower-case hex. */
  readonly recovery: readonly string[]
}

export interface KeyJson {
  readonly accessKeyId: string
  readonly principal: string
  readonly secret: SealedSecretJson
  readonly state: 'active' | 'disabled'
  readonly expiresAt?: number
  /** Days since 1970. */
  readonly usedOn?: number
}

/** `sequence` and `at` are those of the change that made it; later changes of it keep them. */
export interface PrincipalRow extends SqlRow {
  readonly id: string
  readonly handle: string
  readonly display_name: string
  readonly email: string | null
  readonly tenant: string | null
  readonly is_root: number
  readonly is_account: number
  readonly is_admin: number
  readonly disabled_at: number | null
  readonly email_verified_at: number | null
  readonly sequence: number
  readonly at: number
}

export interface KeyRow extends SqlRow {
  readonly id: string
  readonly principal: string
  readonly generation: number
  readonly wrapped_key: Uint8Array
  readonly sealed: Uint8Array
  readonly state: string
  readonly expires_at: number | null
  readonly used_on: number | null
  readonly sequence: number
  readonly at: number
}

export interface EntityRow extends SqlRow {
  readonly id: string
  readonly account: string
  readonly kind: string
  readonly name: string
  readonly name_key: string
  readonly path: string
  readonly facts: string
  readonly sequence: number
  readonly at: number
}

export interface RightsRow extends SqlRow {
  readonly holder: string
  readonly body: string
  readonly sequence: number
  readonly at: number
}

export interface LoginRow extends SqlRow {
  readonly principal: string
  readonly body: string
  /** Of the sealed secret in it, if there is one. */
  readonly generation: number | null
  readonly sequence: number
  readonly at: number
}

/** `name` is a user's or a team's; or was one's, and is given to nobody who asks for it: then `sequence` and `at` are of the change that ended it. */
export interface ScopeRow extends SqlRow {
  readonly name: string
  readonly skeleton: string
  readonly kind: string
  /** Id; empty where there is none any more. */
  readonly holder: string
  readonly sequence: number | null
  readonly at: number | null
}

export interface MembershipRow extends SqlRow {
  readonly team: string
  readonly member: string
  readonly role: string
  readonly joined_at: number | null
  readonly invited_by: string | null
}

export interface TokenRow extends SqlRow {
  readonly id: string
  readonly hash: string
  readonly prefix: string
  readonly principal: string
  readonly name: string
  readonly kind: string
  /** With spaces between, both. */
  readonly scopes: string
  readonly globs: string
  readonly expires_at: number | null
  /** JSON. */
  readonly via: string | null
  readonly given: string | null
  readonly address: string | null
  readonly agent: string | null
  readonly revoked_at: number | null
  readonly used_hour: number | null
  readonly used_address: string | null
  readonly used_agent: string | null
  readonly sequence: number
  readonly at: number
}

export interface InvitationRow extends SqlRow {
  readonly id: string
  readonly hash: string | null
  readonly team: string | null
  readonly principal: string | null
  readonly invited_by: string
  readonly expires_at: number
  readonly body: string
  readonly sequence: number
  readonly at: number
}

export interface LinkRow extends SqlRow {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly principal: string
  readonly provider: string
  readonly sequence: number
  readonly at: number
}
