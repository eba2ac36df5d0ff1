/** How many shards a stripe has: any `data` of the `data + parity` rebuild the others. */
import { erasureFault } from '#erasure/faults'

export interface Profile {
  /** 1 to 256. */
  readonly data: number
  /** 0 to 256 − data. */
  readonly parity: number
}

/** Shards are elements of GF(2^8), so a stripe has at most 256. */
export const shardsMax = 256

/** Names a profile may be asked for by. Overhead is parity / data. */
export const namedProfiles = {
  default: { data: 10, parity: 4 },
  'high-availability': { data: 8, parity: 6 },
  maximum: { data: 8, parity: 8 },
  extreme: { data: 6, parity: 10 },
  small: { data: 2, parity: 1 },
  medium: { data: 4, parity: 2 },
} as const satisfies Readonly<Record<string, Profile>>

/** `k+m` without leading zeros, or one of the names. Else `erasure/invalid-profile`. */
export function parseProfile(text: string): Profile {
  if (isNamed(text)) return namedProfiles[text]
  const match = /^([1-9]\d{0,2})\+(0|[1-9]\d{0,2})$/.exec(text)
  const profile = { data: Number(match?.[1]), parity: Number(match?.[2]) }
  if (match === null || profile.data + profile.parity > shardsMax) {
    throw erasureFault('erasure/invalid-profile', { profile: text.slice(0, 40) })
  }
  return profile
}

function isNamed(text: string): text is keyof typeof namedProfiles {
  return Object.hasOwn(namedProfiles, text)
}

/** The spelling that `parseProfile` reads back: `10+4`. */
export function formatProfile({ data, parity }: Profile): string {
  return `${data}+${parity}`
}
