/** What one client may cost. Times are waits for the client; our own slowness never counts against it. */
export interface HttpLimits {
  /** Request line and headers together. A signed request with 2 KiB of metadata needs about 4 KiB. */
  readonly headerBytesMax: number
  readonly headersTimeoutMs: number
  /** Longest wait for the next piece of a body. */
  readonly idleTimeoutMs: number
  /** A body slower than this over all the time we waited for it is cut, once that time exceeds `idleTimeoutMs`. */
  readonly bodyRateMin: number
  /** Longest wait for the client to take one piece of an answer: with 256 KiB pieces, 2 KiB a second. */
  readonly takeTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly connectionsMax: number
  /** The unread rest of a refused body up to this size is read and dropped, and the connection lives on. */
  readonly drainBytesMax: number
  /** How long an unread rest may take; then the connection closes. Also how long a client has to notice an answer before that. */
  readonly lingerMs: number
}

export const defaultHttpLimits: HttpLimits = {
  headerBytesMax: 32 * 1024,
  headersTimeoutMs: 20_000,
  idleTimeoutMs: 30_000,
  bodyRateMin: 1024,
  takeTimeoutMs: 120_000,
  keepAliveTimeoutMs: 65_000,
  connectionsMax: 4096,
  drainBytesMax: 256 * 1024,
  lingerMs: 3_000,
}

/** How often waits are compared with the limits; a cut comes at most this much late. */
export const sweepMs = 1_000

/** Bytes of a body that may wait for the consumer before the socket is told to stop. */
export const bodyQueueBytesMax = 256 * 1024
