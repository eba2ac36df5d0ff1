/** What values and keys may be, for our server and whoever uses one; and what clients of our server may take. */

/** Larger than any shard of a link: 5 MiB and 17 bytes. */
export const valueBytesMax = 8 * 1024 * 1024
/** Keys of shards have 16. */
export const keyBytesMax = 512
/** Databases of our server: 0 to 999. */
export const databasesMax = 1_000

export interface RedisServerLimits {
  readonly connectionsMax: number
  /** Long requests that are held in memory at once: with values of 8 MiB, 256 MiB. */
  readonly longRequestsMax: number
  /** Values that are held in memory on their way to clients. */
  readonly valuesOutMax: number
  /** Between two requests. */
  readonly idleMs: number
  /** From the first byte of a request to its last. */
  readonly requestMs: number
  /** From the first byte of an answer until the client has taken it. */
  readonly answerMs: number
  /** How long a connection that was given up is read from, so that what it was told arrives. */
  readonly lingerMs: number
  readonly handshakeMs: number
}

export const redisServerLimits: RedisServerLimits = {
  connectionsMax: 1_000,
  longRequestsMax: 32,
  valuesOutMax: 64,
  idleMs: 300_000,
  requestMs: 60_000,
  answerMs: 30_000,
  lingerMs: 1_000,
  handshakeMs: 10_000,
}
