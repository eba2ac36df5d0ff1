/** What keeps a version from being removed (S3's object lock). Pure. */
import { objectFault } from '#object/faults'
import type { LockSettings, Retention, Traits } from '#object/model'

interface Asking {
  /** Milliseconds since 1970. */
  readonly now: number
  readonly bypassesGovernance?: boolean | undefined
}

/** `object/locked` */
export function assertRemovable({ retention, legalHold }: Traits, asking: Asking): void {
  if (legalHold === true) throw locked('a legal hold')
  if (retention !== undefined && isHeld(retention, asking)) throw locked(heldBy(retention))
}

/** Only a longer time of the same kind is free to be set. `object/locked` */
export function assertRetainable(
  former: Retention,
  wanted: Retention | undefined,
  asking: Asking,
): void {
  if (!isHeld(former, asking)) return
  const isLonger =
    wanted !== undefined && wanted.mode === former.mode && wanted.until >= former.until
  if (!isLonger) throw locked(heldBy(former))
}

function locked(by: string): Error {
  return objectFault('object/locked', { reason: `The object is protected by ${by}.` })
}

function heldBy({ mode, until }: Retention): string {
  return `${mode} retention until ${new Date(until).toISOString()}`
}

function isHeld({ mode, until }: Retention, { now, bypassesGovernance = false }: Asking): boolean {
  return until > now && !(mode === 'GOVERNANCE' && bypassesGovernance)
}

export const dayMs = 24 * 60 * 60 * 1000

/** What a new object gets that asks for none itself. */
export function defaultRetention(
  { mode, days, years }: LockSettings,
  now: number,
): { readonly retention?: Retention } {
  if (mode === undefined) return {}
  if (days !== undefined) return { retention: { mode, until: now + days * dayMs } }
  if (years === undefined) return {}
  const until = new Date(now)
  until.setUTCFullYear(until.getUTCFullYear() + years)
  return { retention: { mode, until: until.getTime() } }
}
