/** Attempts to sign in that several servers count together, in Redis. While it is away, each server counts by itself. */
import { sha256HexOf } from '#crypto/digest'
import { type Attempts, freeAttempts, waitMsMax } from '#identity/attempts'
import type { OptionalRedis } from '#redis/optional-redis'

/** Whoever stops trying for as long begins anew: ten times the longest wait are hardly more attempts than waiting would give. */
const keptMs = 24 * 3_600_000

/**
 * As `OwnAttempts.begin`, in one step for all servers, on Redis's clock: how many there were, and beside it, as long as nobody may try again, a key that
 * ends by itself.
 */
const begin = `
local wait = redis.call('PTTL', KEYS[2])
if wait > 0 then return wait end
local count = redis.call('INCR', KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local over = count - tonumber(ARGV[1])
if over >= 0 then
  redis.call('SET', KEYS[2], '1', 'PX', math.min(tonumber(ARGV[2]), 1000 * 2 ^ over))
end
return 0`

export class SharedAttempts implements Attempts {
  readonly #redis: OptionalRedis
  readonly #own: Attempts

  /** `own`: what counts while Redis is away. */
  constructor(redis: OptionalRedis, { own }: { readonly own: Attempts }) {
    this.#redis = redis
    this.#own = own
  }

  async begin(name: string): Promise<number> {
    const command = ['EVAL', begin, '2', ...keysOf(name)]
    const limits = [freeAttempts, waitMsMax, keptMs].map(String)
    const waitMs = await this.#redis.ask((redis) => redis.count([...command, ...limits]))
    return waitMs ?? (await this.#own.begin(name))
  }

  async forget(name: string): Promise<void> {
    await Promise.all([
      this.#own.forget(name),
      this.#redis.ask((redis) => redis.do(['DEL', ...keysOf(name)])),
    ])
  }
}

/** Names are whatever strangers have typed. */
function keysOf(name: string): readonly string[] {
  const key = `mdlibs:attempts:{${sha256HexOf(Buffer.from(name))}}`
  return [key, `${key}:wait`]
}
