/** The changes that write the identity tables, as they stand in the change log. docs/formats/changelog.md */
import type { ChangeBody } from '#changelog/change'
import type { SealedSecretJson } from '#identity/sealed-secret'
import type { SqlRow } from '#sql/sql'

export type IdentityChange = ChangeBody &
  (
    | ({ readonly kind: 'identity/principal-put' } & PrincipalJson)
    | { readonly kind: 'identity/principal-removed'; readonly id: string }
    | ({ readonly kind: 'identity/key-put' } & KeyJson)
    | { readonly kind: 'identity/key-removed'; readonly accessKeyId: string }
  )

export interface PrincipalJson {
  readonly id: string
  readonly handle: string
  readonly displayName: string
  readonly email?: string
  readonly tenant?: string
  readonly isRoot?: true
}

export interface KeyJson {
  readonly accessKeyId: string
  readonly principal: string
  readonly secret: SealedSecretJson
  readonly state: 'active' | 'disabled'
  readonly expiresAt?: number
}

/** `sequence` and `at` are those of the change that made it; later changes of it keep them. */
export interface PrincipalRow extends SqlRow {
  readonly id: string
  readonly handle: string
  readonly display_name: string
  readonly email: string | null
  readonly tenant: string | null
  readonly is_root: number
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
  readonly sequence: number
  readonly at: number
}
