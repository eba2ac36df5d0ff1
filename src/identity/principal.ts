/** Somebody who owns or may use things, in the words of all doors (D6). No I/O here. */
import type { Branded } from '#bytes/brand'
import { accountFault } from '#identity/faults'

/** S3's canonical user id: stable, opaque, shown to clients. */
export type PrincipalId = Branded<string, 'PrincipalId'>
/** Unique; what people type. Users and teams share the names. */
export type Handle = Branded<string, 'Handle'>

/** How S3 shows somebody. */
export interface Owner {
  readonly id: string
  readonly displayName: string
}

export interface Principal extends Owner {
  readonly id: PrincipalId
  readonly handle: Handle
  readonly email?: string
  /** By which others name its buckets: `tenant:bucket`. */
  readonly tenant?: string
  /** May do everything. There is one. */
  readonly isRoot: boolean
  /** Has users, groups and roles of its own, who act in its name as far as its policies let them. */
  readonly isAccount?: true
  /** May do what root may, at the doors that know people by tokens. */
  readonly isAdmin?: true
  /** From then on nobody may do anything in its name, until it is enabled again. */
  readonly disabledAt?: number
  /** Somebody we believe has said that the address is this person's. */
  readonly emailVerifiedAt?: number
  readonly createdAt: number
}

/** An access key without its secret. */
export interface KeyInfo {
  readonly accessKeyId: string
  readonly principal: PrincipalId
  readonly state: 'active' | 'disabled'
  readonly createdAt: number
  /** Milliseconds since 1970; the key is refused from then on. */
  readonly expiresAt?: number
  /** Milliseconds since 1970: the beginning of the day it was last used on (UTC). */
  readonly usedAt?: number
}

/** The only time a secret is shown. */
export interface MadeKey extends KeyInfo {
  readonly secret: string
}

/** 3 to 32 lower-case letters, digits, dots, dashes and underscores; letters or digits at both ends. `identity/malformed-handle` */
export function parseHandle(text: string): Handle {
  if (!/^[a-z0-9][a-z0-9._-]{1,30}[a-z0-9]$/.test(text))
    throw accountFault('identity/malformed-handle', { handle: text.slice(0, 80) })
  return text as Handle
}

/** Ours are 64 hex digits; those of other systems are taken as they are. `identity/malformed-principal-id` */
export function parsePrincipalId(text: string): PrincipalId {
  if (!/^[\w$.:@+=-]{1,128}$/.test(text))
    throw accountFault('identity/malformed-principal-id', { id: text.slice(0, 140) })
  return text as PrincipalId
}

/** What every client lets through: AWS's are 20 characters. `identity/malformed-access-key` */
export function parseAccessKeyId(text: string): string {
  if (/^[\w.@+-]{3,128}$/.test(text)) return text
  throw accountFault('identity/malformed-access-key', { accessKeyId: text.slice(0, 140) })
}

/** Printable ASCII, 8 to 128 characters. `identity/malformed-secret`, which does not repeat it. */
export function parseSecret(text: string): string {
  if (/^[!-~]{8,128}$/.test(text)) return text
  throw accountFault('identity/malformed-secret', { characters: text.length })
}

/** One `@` and no spaces: whether it is somebody's is not ours to know. `identity/malformed-email` */
export function parseEmail(text: string): string {
  if (/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(text)) return text.toLowerCase()
  throw accountFault('identity/malformed-email', { email: text.slice(0, 80) })
}

/** 1 to 64 letters, digits, dashes and underscores. `identity/malformed-tenant` */
export function parseTenant(text: string): string {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(text)) return text
  throw accountFault('identity/malformed-tenant', { tenant: text.slice(0, 80) })
}

/** 1 to 128 characters without control characters. `identity/malformed-name` */
export function parseDisplayName(text: string): string {
  if (/^\P{Cc}{1,128}$/u.test(text)) return text
  throw accountFault('identity/malformed-name', { name: text.slice(0, 80) })
}
