/** What an account has beside keys: users (its members), teams (IAM's groups), roles, policies, and providers of identities. No I/O here. */
import { drawLetters } from '#identity/base32'
import type { EntityFacts, EntityKind } from '#identity/changes'
import { accountFault } from '#identity/faults'
import { parseHandle } from '#identity/principal'
import type { World } from '#world/world'

export interface Entity {
  /** As AWS's: a prefix by kind, then letters and digits. */
  readonly id: string
  /** Id of the account; empty: the store's own. */
  readonly account: string
  readonly kind: EntityKind
  readonly name: string
  readonly path: string
  readonly arn: string
  readonly createdAt: number
  readonly facts: EntityFacts
}

/** Of each kind in one account. */
export const entitiesMax: Readonly<Record<EntityKind, number>> = {
  user: 5_000,
  team: 300,
  role: 1_000,
  policy: 1_500,
  provider: 100,
}

/** A principal that has as many must give one back first. */
export const keysPerPrincipalMax = 20

/** Teams that one user is in, and managed policies attached to one holder. */
export const teamsPerUserMax = 10
export const attachedMax = 20
/** In the store's own account, where teams are also the scopes of libraries. */
export const ownTeamsMax = 10_000
export const ownTeamsPerUserMax = 100
/** Inline documents of one holder, together. */
export const inlineBytesMax = 20 * 1024

/** Of a provider of identities; none of them longer than that. */
export const clientsMax = 100
export const thumbprintsMax = 5
export const clientCharactersMax = 255

/** Seconds that a session lasts. */
export const sessionSecondsMin = 900
export const sessionSecondsDefault = 3_600
export const sessionSecondsMax = 43_200

const idPrefixes: Readonly<Record<EntityKind, string>> = {
  user: 'AIDA',
  team: 'AGPA',
  role: 'AROA',
  policy: 'ANPA',
  provider: 'AOIP',
}

/** 85 random bits. */
export function newEntityId(kind: EntityKind, world: World): string {
  return idPrefixes[kind] + drawLetters(17, world)
}

const namePatterns: Readonly<Record<EntityKind, RegExp>> = {
  user: /^[\w+=,.@-]{1,64}$/,
  team: /^[\w+=,.@-]{1,128}$/,
  role: /^[\w+=,.@-]{1,64}$/,
  policy: /^[\w+=,.@-]{1,128}$/,
  provider: /^[\w.:/~-]{1,255}$/,
}

/** The store's own teams have handles, as its users do: they share the names. `identity/malformed-entity-name`, `identity/malformed-handle` */
export function parseEntityName(
  text: string,
  { kind, account }: { readonly kind: EntityKind; readonly account: string },
): string {
  if (kind === 'team' && account === '') return parseHandle(text)
  if (namePatterns[kind].test(text)) return text
  throw accountFault('identity/malformed-entity-name', { name: text.slice(0, 140), kind })
}

/** Of an inline policy: 1 to 128 characters. `identity/malformed-entity-name` */
export function parsePolicyName(text: string): string {
  return parseEntityName(text, { kind: 'policy', account: '' })
}

/** `/`, or words between slashes, without quotes and backslashes: 512 characters at most. `identity/malformed-path` */
export function parsePath(text: string): string {
  if (text.length <= 512 && /^\/(?:[!#-.0-[\]-~]+\/)*$/.test(text)) return text
  throw accountFault('identity/malformed-path', { path: text.slice(0, 80) })
}

/** `identity/malformed-duration` */
export function parseSessionSeconds(seconds: number, secondsMax = sessionSecondsMax): number {
  const isInRange = seconds >= sessionSecondsMin && seconds <= secondsMax
  if (Number.isSafeInteger(seconds) && isInRange) return seconds
  throw accountFault('identity/malformed-duration', { secondsMin: sessionSecondsMin, secondsMax })
}
