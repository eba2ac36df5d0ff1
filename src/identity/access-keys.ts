/** Who may speak for whom: the look-up that request proofs are checked against. */

import type { Caller } from '#identity/caller'
import { identityFault } from '#identity/faults'

export interface AccessKey {
  /** Signing (SigV4) needs it in clear. Never logged. */
  readonly secret: string
  readonly principal: Caller
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
}

/**
 * `token` is a session's, which is what makes its key one. `undefined` for a key that does not exist, or may not be used now. What is known already
 * comes at once.
 */
export type AccessKeys = (
  accessKeyId: string,
  token?: string,
) => AccessKey | undefined | Promise<AccessKey | undefined>

/** Ours have 300 characters and as many as their session's policy. */
const tokenCharactersMax = 8 * 1024

/** The key, if it may be used now. `identity/unknown-key`; of a session `identity/unknown-token`, `identity/expired-token`. */
export async function requireKey(
  { accessKeyId, token }: { readonly accessKeyId: string; readonly token?: string | undefined },
  { accessKeys, now }: { readonly accessKeys: AccessKeys; readonly now: number },
): Promise<AccessKey> {
  if (token !== undefined && token.length > tokenCharactersMax)
    throw identityFault('identity/unknown-token')
  const key = await (token === undefined ? accessKeys(accessKeyId) : accessKeys(accessKeyId, token))
  const isOver = key?.expiresAt !== undefined && key.expiresAt <= now
  if (token !== undefined) {
    if (key === undefined) throw identityFault('identity/unknown-token')
    if (isOver) throw identityFault('identity/expired-token')
    return key
  }
  if (key === undefined || isOver)
    throw identityFault('identity/unknown-key', { accessKeyId: accessKeyId.slice(0, 128) })
  return key
}
