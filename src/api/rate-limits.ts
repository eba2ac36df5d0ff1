/** Who asks too often is told to come back later, before any work is done for them. */

import { rateFault } from '#api/faults'
import { openRateTable, RateLimit, type RateRule, type RateTable } from '#api/rate-limit'
import { isFault } from '#fault/fault'
import { isLoopback, plainAddress } from '#http/peer'
import type { World } from '#world/world'

interface Rates<Of> {
  /** Requests signed with one access key. */
  readonly perKey?: Of
  /** Requests from one address. */
  readonly perAddress?: Of
  /** Requests from one address that prove nothing though they claim to: from then on none at all, until it has been quiet. */
  readonly failures?: Of
}

/** What is left out, or `off`, is not limited. */
export type RateRules = Rates<RateRule | 'off' | undefined>
/** All that threads share. */
export type RateTables = Rates<RateTable | undefined>

export function openRateTables(
  { perKey, perAddress, failures }: RateRules,
  world: Pick<World, 'randomBytes'>,
): RateTables {
  const open = (rule: RateRule | 'off' | undefined): RateTable | undefined =>
    rule === undefined || rule === 'off' ? undefined : openRateTable(rule, world)
  return { perKey: open(perKey), perAddress: open(perAddress), failures: open(failures) }
}

export class RateLimits {
  readonly #limits: Rates<RateLimit | undefined>
  readonly #isExempt: (address: string) => boolean

  constructor(
    { perKey, perAddress, failures }: RateTables,
    {
      world,
      isExempt = isLoopback,
    }: { readonly world: Pick<World, 'now'>; readonly isExempt?: (address: string) => boolean },
  ) {
    this.#isExempt = isExempt
    const limit = (table: RateTable | undefined): RateLimit | undefined =>
      table && new RateLimit(table, world)
    this.#limits = {
      perKey: limit(perKey),
      perAddress: limit(perAddress),
      failures: limit(failures),
    }
  }

  /** A request has come from there. `api/slow-down` */
  admitAddress(peer: string): void {
    const { perAddress, failures } = this.#limits
    if ((perAddress === undefined && failures === undefined) || this.#isExempt(peer)) return
    const network = networkOf(peer)
    refuseFor(failures?.look(network) ?? 0)
    refuseFor(perAddress?.take(network) ?? 0)
  }

  /** A request has proved to be signed with that key. `api/slow-down` */
  admitKey(accessKeyId: string): void {
    refuseFor(this.#limits.perKey?.take(accessKeyId) ?? 0)
  }

  /** A request from there has failed. Only what could be a guess counts. */
  noteFailure(peer: string, error: unknown): void {
    const isGuess = isFault(
      error,
      'identity/unknown-key',
      'identity/unknown-token',
      'identity/wrong-signature',
      'identity/invalid-web-identity',
      'identity/sign-in-refused',
      'hero-redis/wrong-login',
    )
    if (isGuess && !this.#isExempt(peer)) this.#limits.failures?.take(networkOf(peer))
  }
}

function refuseFor(waitMs: number): void {
  if (waitMs > 0) throw rateFault('api/slow-down', { retryAfterS: Math.ceil(waitMs / 1000) })
}

/** Who has one IPv6 address usually has the 2^64 beside it (RFC 6177). */
export function networkOf(address: string): string {
  const plain = plainAddress(address)
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups.slice(0, 4).join(':')
}
