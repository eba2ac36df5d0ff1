/** The changes that write the identity tables, as they stand in the change log. docs/formats/changelog.md */
import type { ChangeBody } from '#changelog/change'
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
  )

export interface PrincipalJson {
  readonly id: string
  readonly handle: string
  readonly displayName: string
  readonly email?: string
  readonly tenant?: string
  readonly isRoot?: true
  readonly isAccount?: true
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
}

/** All that hangs on a user, a team or a role; empty lists when nothing does. */
export interface RightsJson {
  readonly inline: readonly (readonly [name: string, document: string])[]
  /** ARNs of managed policies. */
  readonly attached: readonly string[]
  /** Ids of the teams a user is in. */
  readonly teams: readonly string[]
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
