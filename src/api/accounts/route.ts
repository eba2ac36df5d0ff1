/** What operations on people and teams work on, and how what they answer is written: snake_case, times as ISO 8601. */
import { z } from 'zod'
import { type RestCall, type RestRoute, restRoute } from '#api/rest-route'
import type { AuditLog } from '#audit/audit-log'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { Accounts } from '#identity/accounts'
import type { Actor } from '#identity/actor'
import type { SignedOn } from '#identity/sign-on'
import type { MayRemoveTeam } from '#identity/teams'
import type { Whence } from '#identity/tokens'
import type { TrustedBy } from '#identity/trusted-publishing'

export interface AccountParts {
  readonly accounts: Pick<
    Accounts,
    'tokens' | 'registration' | 'signIns' | 'people' | 'teams' | 'signOn' | 'trustedPublishing'
  >
  /** What lies under a scope, as far as whoever asks may know. */
  readonly figures: (actor: Actor, scope: string) => Promise<ScopeFigures>
  readonly mayRemoveTeam: MayRemoveTeam
  readonly trustedBy: TrustedBy
  readonly auditLog: Pick<AuditLog, 'newest'> | undefined
  /** Where people reach the server, without a slash at the end; `undefined`: where the request has found it. */
  readonly publicUrl: string | undefined
  /** How a browser goes on that comes back signed in; without it, it is shown what a program would be. */
  readonly onSignedOn?: (signedOn: SignedOn, request: HttpRequest) => HttpResponse
  /** What a browser is shown that comes back without being signed in. */
  readonly onSignOnRefused?: (failure: unknown) => HttpResponse
}

export interface ScopeFigures {
  readonly libraries: number
  readonly downloads: number
}

export function accountRoute<Body = undefined, Query = unknown>(
  route: RestRoute<AccountParts, Body, Query>,
): RestRoute<AccountParts> {
  return restRoute(route)
}

/** Where a call came from, as people know their sessions by. */
export function whenceOf({ address, request }: Pick<RestCall, 'address' | 'request'>): Whence {
  const { 'user-agent': agent } = request.headers
  return { address, ...(agent === undefined ? {} : { agent }) }
}

export const time = z.iso.datetime()

export function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}

/** `null` where there is none, as clients of the first design expect. */
export function isoTimeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : isoTime(ms)
}

/** Without the fields that were left out. */
type Given<Of> = { readonly [Name in keyof Of]: Exclude<Of[Name], undefined> }
export function given<Of extends object>(body: Of): Given<Of> {
  return Object.fromEntries(
    Object.entries(body).filter(([, value]) => value !== undefined),
  ) as Given<Of> // just filtered
}

/** In queries everything is text. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .refine((number) => number >= least && number <= most, {
      message: `expected a whole number from ${least} to ${most}`,
    })
    .meta({ type: 'integer', minimum: least, maximum: most })
}

export const textMax = 512
export const shortText = z.string().max(textMax)
