/** What a request is checked against, whatever way it is signed. */
import type { HttpHeaders } from '#http/message'
import type { RequestTarget } from '#http/target'
import type { AccessKeys } from '#identity/access-keys'
import type { SigningKeys } from '#identity/signing-keys'

export interface SignedMessage {
  readonly method: string
  readonly target: RequestTarget
  readonly headers: HttpHeaders
  /** Of a body that was read before its proof, in lower-case hex: clients of IAM and STS sign it without stating it. */
  readonly bodySha256?: string
}

export interface AuthenticationRules {
  readonly accessKeys: AccessKeys
  readonly regions: readonly [string, ...string[]] | 'any'
  /** What the signature must be for; S3 when left out. */
  readonly service?: 's3' | 'iam' | 'sts'
  readonly signingKeys: SigningKeys
  /** Milliseconds since 1970. */
  readonly now: number
  /** The ways to name this resource in an old signature: `/bucket/key` as sent, with and without a mount. */
  readonly resources: readonly string[]
}
