/** Who may speak for whom: the look-up that request proofs are checked against. */

/** Somebody who owns or may use things. */
export interface Principal {
  /** S3's canonical user id; stable, opaque, shown to clients. */
  readonly id: string
  readonly displayName: string
}

export interface AccessKey {
  /** Signing (SigV4) needs it in clear. Never logged. */
  readonly secret: string
  readonly principal: Principal
}

/** `undefined` for a key that does not exist (or no longer does). */
export type AccessKeys = (accessKeyId: string) => AccessKey | undefined
