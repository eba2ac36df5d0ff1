/** What a request is checked against, whatever way it is signed. */
import type { HttpHeaders } from '#http/message'
import type { RequestTarget } from '#http/target'
import type { AccessKeys } from '#identity/access-keys'
import type { SigningKeys } from '#identity/signing-keys'

export interface SignedMessage {
  readonly method: string
  readonly target: RequestTarget
  readonly headers: HttpHeaders
}

export interface AuthenticationRules {
  readonly accessKeys: AccessKeys
  readonly regions: readonly [string, ...string[]] | 'any'
  readonly signingKeys: SigningKeys
  /** Milliseconds since 1970. */
  readonly now: number
  /** The ways to name this resource in an old signature: `/bucket/key` as sent, with and without a mount. */
  readonly resources: readonly string[]
}
