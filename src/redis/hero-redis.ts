/** A Hero Redis, or a plain Redis, as a place for values: one database of one server, over one connection that is kept, and made anew when it was lost. */
import {
  openRedisConnection,
  printRedisPlace,
  type RedisAnswer,
  type RedisConnection,
  type RedisLimits,
  type RedisPlace,
} from '#redis/connection'
import { redisFault } from '#redis/faults'
import { type HeroLogin, logIn } from '#redis/hero-login'
import { keyBytesMax, valueBytesMax } from '#redis/limits'
import type { RoomFor } from '#redis/reply-reader'
import type { World } from '#world/world'

export interface HeroRedisOptions extends RedisPlace, RedisLimits {
  readonly login: HeroLogin
  /** 0 to 65,535; how many a server has is its own affair. */
  readonly db: number
  readonly world: Pick<World, 'timer'>
  /** As of `openRedisConnection`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Commands may be given without waiting for those before them: they are sent at once, as far as there is room, and done in their order. None is ever
 * sent twice: one that fails with `redis/unavailable` or `redis/timeout` may have been done. Faults name the server, what it says and, where
 * something helps, what does: `redis/unavailable`, `redis/timeout`, `redis/login-refused`, `redis/denied`, `redis/full`, `redis/refused`,
 * `redis/too-large`, `redis/malformed`. The connection is made anew with the next command after it was lost.
 */
export interface HeroRedis extends AsyncDisposable {
  /** The value, in `roomFor` its length, or in memory that is the caller's; `undefined` when there is none. */
  get(key: Uint8Array, roomFor?: RoomFor): Promise<Uint8Array | undefined>
  /** Done when it resolves, as durably as the server promises. The value must not change until it settles. */
  set(key: Uint8Array, value: Uint8Array): Promise<void>
  exists(key: Uint8Array): Promise<boolean>
  /** True when there was a value. */
  delete(key: Uint8Array): Promise<boolean>
  ping(): Promise<void>
  /** Who still waits hears `redis/unavailable`. */
  close(): Promise<void>
}

/** Connects, logs in and chooses the database. Faults as of the commands. */
export async function openHeroRedis(options: HeroRedisOptions): Promise<HeroRedis> {
  const client = new HeroRedisClient(options)
  await client.connected()
  return client
}

class HeroRedisClient implements HeroRedis {
  readonly #options: HeroRedisOptions
  #connection: Promise<RedisConnection> | undefined
  #isClosed = false

  constructor(options: HeroRedisOptions) {
    this.#options = options
  }

  async get(key: Uint8Array, roomFor?: RoomFor): Promise<Uint8Array | undefined> {
    const answer = await this.#call(['GET', key], roomFor)
    if (answer.kind === 'nil') return undefined
    if (answer.kind === 'bulk') return answer.bytes
    throw this.#strange()
  }

  async set(key: Uint8Array, value: Uint8Array): Promise<void> {
    if (value.length > valueBytesMax) throw tooLarge('the value', value.length, valueBytesMax)
    await this.#call(['SET', key, value])
  }

  async exists(key: Uint8Array): Promise<boolean> {
    return (await this.#count('EXISTS', key)) > 0
  }

  async delete(key: Uint8Array): Promise<boolean> {
    return (await this.#count('DEL', key)) > 0
  }

  async ping(): Promise<void> {
    await this.#call(['PING'])
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const connection = await this.#connection?.catch(() => undefined) // it never opened
    await connection?.[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The one there is, or a new one. */
  connected(): Promise<RedisConnection> {
    if (this.#connection !== undefined) return this.#connection
    const opening = this.#open()
    this.#connection = opening
    const forget = (): void => {
      if (this.#connection === opening) this.#connection = undefined
    }
    opening.then((connection) => connection.ended.then(forget), forget)
    return opening
  }

  async #open(): Promise<RedisConnection> {
    if (this.#isClosed) throw this.#closed()
    const connection = await openRedisConnection(this.#options)
    try {
      await logIn(connection, this.#options.login)
      await connection.call([Buffer.from('SELECT'), Buffer.from(String(this.#options.db))])
      if (this.#isClosed) throw this.#closed()
      return connection
    } catch (error) {
      await connection[Symbol.asyncDispose]()
      throw error
    }
  }

  async #call(
    [word, ...args]: readonly [word: string, ...args: readonly Uint8Array[]],
    roomFor?: RoomFor,
  ): Promise<RedisAnswer> {
    const [key] = args
    if (key !== undefined && key.length > keyBytesMax) {
      throw tooLarge('the key', key.length, keyBytesMax)
    }
    const connection = await this.connected()
    return await connection.call([Buffer.from(word), ...args], roomFor)
  }

  async #count(word: string, key: Uint8Array): Promise<number> {
    const answer = await this.#call([word, key])
    if (answer.kind === 'integer') return answer.value
    throw this.#strange()
  }

  #strange(): Error {
    const server = printRedisPlace(this.#options)
    return redisFault('redis/malformed', { server, reason: 'its answer is not of that kind' })
  }

  #closed(): Error {
    const server = printRedisPlace(this.#options)
    return redisFault('redis/unavailable', { server, reason: 'we closed it' })
  }
}

function tooLarge(what: string, bytes: number, bytesMax: number): Error {
  return redisFault('redis/too-large', { reason: `${what} is too long`, bytes, bytesMax })
}
