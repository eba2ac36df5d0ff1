import { type HeroRedis, type HeroRedisOptions, openHeroRedis } from '#redis/hero-redis'

export type HeroRedisPlace = Pick<HeroRedisOptions, 'host' | 'port' | 'tls' | 'db' | 'login'>

/** One client, and so one connection, for each server, database and login; opened when it is first asked for, closed with the pool. */
export class HeroRedisPool implements AsyncDisposable {
  readonly #options: Omit<HeroRedisOptions, keyof HeroRedisPlace>
  readonly #clients = new Map<string, Promise<HeroRedis>>()
  readonly #closing = new AbortController()

  /** `signal` ends all its connections, as closing does. */
  constructor({ signal, ...options }: Omit<HeroRedisOptions, keyof HeroRedisPlace>) {
    const { signal: closing } = this.#closing
    const signals = signal === undefined ? [closing] : [closing, signal]
    this.#options = { ...options, signal: AbortSignal.any(signals) }
  }

  /** One that could not be opened is tried again by the next who asks. Faults as of `openHeroRedis`. */
  at(place: HeroRedisPlace): Promise<HeroRedis> {
    const name = nameOf(place)
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const opening = openHeroRedis({ ...this.#options, ...place })
    this.#clients.set(name, opening)
    opening.catch(() => this.#clients.delete(name))
    return opening
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort() // one that does not answer would keep whoever opens it for a minute
    const clients = await Promise.allSettled(this.#clients.values())
    this.#clients.clear()
    for (const client of clients) if (client.status === 'fulfilled') await client.value.close()
  }
}

function nameOf({ host, port, tls, db, login }: HeroRedisPlace): string {
  const as = login.kind === 'private-key' ? { ...login, seed: login.seed.toHex() } : login
  return JSON.stringify([host, port, tls, db, as])
}
