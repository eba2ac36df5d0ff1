/** A Redis that helps while it is there: whoever asks it does without when it is away, and nobody waits for it one by one. */
import { isFault } from '#fault/fault'
import { openRedis, type Redis, type RedisOptions } from '#redis/redis'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** How long it is left alone after it did not answer. */
const awayMs = 5_000
/** It stands beside us, and requests of people wait for it: what takes longer is as good as nothing. */
const connectMs = 1_000
const commandMs = 1_000

export interface OptionalRedisOptions extends Omit<RedisOptions, 'world' | 'limits'> {
  /** What is so while it is away, for the log. */
  readonly without: string
  readonly world: Pick<World, 'monotonic' | 'timer'>
  readonly telemetry: Pick<Telemetry, 'note'>
}

/** Connects when it is first asked, and anew after it was away. */
export class OptionalRedis implements AsyncDisposable {
  readonly #options: OptionalRedisOptions
  #redis: Promise<Redis> | undefined
  #awayUntil = 0
  #isMissed = false

  constructor(options: OptionalRedisOptions) {
    this.#options = options
  }

  /** What `work` has learnt there; `undefined` when it is away, or refuses. Takes two seconds at most, for a single command. */
  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    const { world } = this.#options
    if (world.monotonic() < this.#awayUntil) return undefined
    this.#redis ??= this.#connect()
    const asked = this.#redis
    try {
      const learnt = await work(await asked)
      this.#find()
      return learnt
    } catch (error) {
      if (!isFault(error)) throw error
      this.#lose(asked, error)
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await close(this.#redis)
  }

  #connect(): Promise<Redis> {
    const { url, user, secret, world } = this.#options
    return openRedis({ url, user, secret, world, limits: { connectMs, commandMs } })
  }

  #find(): void {
    if (!this.#isMissed) return
    this.#isMissed = false
    this.#options.telemetry.note('info', 'Redis is there again')
  }

  /** Of several that were waiting for one connection, the first tells. */
  #lose(asked: Promise<Redis>, error: unknown): void {
    if (asked !== this.#redis) return
    const { world, telemetry, without } = this.#options
    this.#redis = undefined
    this.#awayUntil = world.monotonic() + awayMs
    void close(asked)
    if (this.#isMissed) return
    this.#isMissed = true
    telemetry.note('warn', `Redis is away: ${without}`, { reason: String(error) })
  }
}

async function close(redis: Promise<Redis> | undefined): Promise<void> {
  const opened = await redis?.catch(() => undefined) // it never was open
  await opened?.[Symbol.asyncDispose]()
}
