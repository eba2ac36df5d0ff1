/** Who may speak for whom: the look-up that request proofs are checked against. */
import { identityFault } from '#identity/faults'
import type { Principal } from '#identity/principal'

export interface AccessKey {
  /** Signing (SigV4) needs it in clear. Never logged. */
  readonly secret: string
  readonly principal: Principal
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
}

/** `undefined` for a key that does not exist, or may not be used now. What is known already comes at once. */
export type AccessKeys = (
  accessKeyId: string,
) => AccessKey | undefined | Promise<AccessKey | undefined>

/** The key, if it may be used now. `identity/unknown-key` */
export async function requireKey(
  accessKeyId: string,
  { accessKeys, now }: { readonly accessKeys: AccessKeys; readonly now: number },
): Promise<AccessKey> {
  const key = await accessKeys(accessKeyId)
  if (key === undefined || (key.expiresAt !== undefined && key.expiresAt <= now))
    throw identityFault('identity/unknown-key', { accessKeyId: accessKeyId.slice(0, 128) })
  return key
}
