/** A database of a Hero Redis, a plain Redis, or one of our nodes, as a backend. */
import type { Backend } from '#content/backend'
import { printRedisPlace } from '#redis/connection'
import type { HeroRedis } from '#redis/hero-redis'
import type { HeroRedisPlace, HeroRedisPool } from '#redis/hero-redis-pool'

/** Connects with the first command, by the pool's connection for that place. */
export function heroRedisBackend(pool: HeroRedisPool, place: HeroRedisPlace): Backend {
  const ask = async <Answer>(command: (redis: HeroRedis) => Promise<Answer>): Promise<Answer> =>
    await command(await pool.at(place))
  return {
    name: `${printRedisPlace(place)} database ${place.db}`,
    get: (key, roomFor) => ask((redis) => redis.get(key, roomFor)),
    put: (key, shard) => ask((redis) => redis.set(key, shard)),
    has: (key) => ask((redis) => redis.exists(key)),
    remove: (key) => ask((redis) => redis.delete(key)),
  }
}
