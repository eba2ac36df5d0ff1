/** One connection: which database it has chosen, who is at its other end, and what became of their attempts to say so. */
import { heroFault } from '#api/hero-redis/faults'
import type { LoginTokens } from '#api/hero-redis/login-tokens'
import type { Caller, Right, Rights } from '#api/hero-redis/rights'
import type { RateLimits } from '#api/rate-limits'
import type { RedisValues } from '#redis/values'
import type { World } from '#world/world'

/** How long a challenge waits for its signature. */
export const challengeMs = 60_000
export const challengeBytes = 32
/** After so many wrong ones a connection is closed. */
export const wrongLoginsMax = 3

export interface SessionParts {
  readonly values: RedisValues
  /** Asked again for every command: what somebody has lost is lost at once. */
  readonly rights: () => Rights
  readonly tokens: LoginTokens
  /** Wrong logins count as failures there. */
  readonly rates: RateLimits
  readonly world: Pick<World, 'monotonic' | 'randomBytes'>
  readonly version: string
}

interface Challenge {
  readonly bytes: Uint8Array
  readonly until: number
}

export class Session {
  readonly parts: SessionParts
  readonly #peer: string
  #db = 0
  #caller: Caller = 'anonymous'
  #challenge: Challenge | undefined
  #wrongLogins = 0

  constructor(parts: SessionParts, peer: string) {
    this.parts = parts
    this.#peer = peer
  }

  get db(): number {
    return this.#db
  }

  get caller(): Caller {
    return this.#caller
  }

  /** Somebody has tried too often. */
  get isHopeless(): boolean {
    return this.#wrongLogins >= wrongLoginsMax
  }

  may(right: Right, db = this.#db): boolean {
    return this.parts.rights().may(this.#caller, right, db)
  }

  /** `hero-redis/login-needed`, `hero-redis/denied` */
  require(right: Right, { command, db = this.#db }: { command: string; db?: number }): void {
    if (this.may(right, db)) return
    if (!this.isLoggedIn) throw heroFault('hero-redis/login-needed')
    throw heroFault('hero-redis/denied', { command, right, db })
  }

  get isLoggedIn(): boolean {
    return this.parts.rights().isKnown(this.#caller)
  }

  /** Whether there is anything that may be asked. */
  get isWelcome(): boolean {
    return this.isLoggedIn || this.parts.rights().mayAnywhere('anonymous', 'read')
  }

  select(db: number): void {
    this.#db = db
  }

  newChallenge(): Uint8Array {
    const { world } = this.parts
    const bytes = world.randomBytes(challengeBytes)
    this.#challenge = { bytes, until: world.monotonic() + challengeMs }
    return bytes
  }

  /** The last one that was given, once. */
  takeChallenge(): Uint8Array | undefined {
    const challenge = this.#challenge
    this.#challenge = undefined
    if (challenge === undefined || challenge.until <= this.parts.world.monotonic()) return undefined
    return challenge.bytes
  }

  /** Before anything is compared. `api/slow-down` */
  admitAttempt(): void {
    this.parts.rates.admitAddress(this.#peer)
  }

  logIn(caller: Caller): void {
    this.#caller = caller
  }

  /** What is thrown for an attempt that proves nothing. */
  wrongLogin(): Error {
    this.#wrongLogins += 1
    const error = heroFault('hero-redis/wrong-login')
    this.parts.rates.noteFailure(this.#peer, error)
    return error
  }
}
