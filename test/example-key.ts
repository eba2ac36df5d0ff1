/** The key of the examples in AWS's documentation of signatures, and somebody to have it. */
import type { AccessKeys } from '#identity/access-keys'
import { type Principal, parseHandle, parsePrincipalId } from '#identity/principal'

export const accessKeyId = 'AKIAIOSFODNN7EXAMPLE'
export const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

export const principal: Principal = {
  id: parsePrincipalId('owner'),
  handle: parseHandle('owner'),
  displayName: 'owner',
  isRoot: false,
  createdAt: 0,
}

/** Keys of a store that has this one alone, with that secret. */
export function knowing(secret: string): AccessKeys {
  return (id, token) =>
    id === accessKeyId && token === undefined ? { secret, principal } : undefined
}
