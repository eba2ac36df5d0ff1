/** Where shards rest, whatever keeps them. */
import type { ShardLocation } from '#content/metadata'
import { Fault } from '#fault/fault'
import type { World } from '#world/world'

/** Memory of that many bytes for a shard; when there is none, it lies elsewhere. */
export type RoomFor = (bytes: number) => Uint8Array | undefined

/** Keys are the 16 bytes of a block's encrypted hash. Faults are those of the room that speaks to it. */
export interface Backend {
  /** For people; never with a login. */
  readonly name: string
  /** In `roomFor` its length, or in memory that is the caller's; `undefined` when there is none. Nobody writes to the room once it has settled. */
  get(key: Uint8Array, roomFor?: RoomFor): Promise<Uint8Array | undefined>
  /** Stored when it resolves, as durably as the backend promises. The shard must not change until it settles; nobody reads it after that. */
  put(key: Uint8Array, shard: Uint8Array): Promise<void>
  has(key: Uint8Array): Promise<boolean>
  /** Whether there was one, as far as the backend tells. */
  remove(key: Uint8Array): Promise<boolean>
}

/** A backend of the uploader's own, and what a link says of where it is. */
export interface PlacedBackend {
  readonly backend: Backend
  readonly location: ShardLocation
}

/** Whoever keeps what is said to lie there; asked once for each place. `content/private-address`. */
export type BackendAt = (location: ShardLocation) => Promise<Backend>

/** Half to all of 200, 400, 800 ms. */
const firstPauseMs = 200
/** Who has kept silent for so long is not asked again at once. */
const patienceMs = 30_000
/** So long nobody asks a backend that did not answer. */
const leftAloneMs = 15_000

export interface Patience {
  /** At least 1. Uploads have no other place to go; reads have. */
  readonly attempts: number
  readonly world: World
  readonly signal: AbortSignal
}

/**
 * The same backend, asked again when it does not answer: all its commands may be repeated. Once it has failed `attempts` times in a row, or has taken
 * half a minute to fail, whoever asks within the next 15 seconds hears the last failure at once. After that one of those who ask tries once, and the
 * others hear that failure until it has answered. Rejects with the signal's reason as soon as it is aborted.
 */
export function patient(backend: Backend, { attempts, world, signal }: Patience): Backend {
  const giveUp = new GivingUp(signal)
  let isAskedAgainAt = Number.NEGATIVE_INFINITY
  let isTried = false
  let last: unknown
  const ask = async <Answer>(command: () => Promise<Answer>): Promise<Answer> => {
    if (last === undefined) return await askOften(command)
    if (isTried || world.monotonic() < isAskedAgainAt) throw last
    isTried = true
    try {
      return await askOften(command)
    } finally {
      isTried = false
    }
  }
  const askOften = async <Answer>(command: () => Promise<Answer>): Promise<Answer> => {
    const begunAt = world.monotonic()
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await giveUp.orElse(command())
        last = undefined
        return answer
      } catch (error) {
        signal.throwIfAborted()
        if (!mayPass(error)) throw error
        const isEnough = attempt >= attempts || world.monotonic() - begunAt >= patienceMs
        if (isEnough || last !== undefined) {
          isAskedAgainAt = world.monotonic() + leftAloneMs
          last = error
          throw error
        }
        const ms = firstPauseMs * 2 ** (attempt - 1) * (0.5 + world.random() / 2)
        await world.sleep(ms, { signal })
      }
    }
  }
  return {
    name: backend.name,
    get: (key, roomFor) => ask(() => backend.get(key, roomFor)),
    put: (key, shard) => ask(() => backend.put(key, shard)),
    has: (key) => ask(() => backend.has(key)),
    remove: (key) => ask(() => backend.remove(key)),
  }
}

/** It may be different the next time. */
export function mayPass(error: unknown): boolean {
  return error instanceof Fault && (error.kind === 'unavailable' || error.kind === 'timeout')
}

/** What went wrong at a backend, in few words. Rethrows what nobody expected. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Fault)) throw error
  return typeof error.detail['reason'] === 'string' ? error.detail['reason'] : error.code
}

/** One listener for all that waits: a signal looks through those it has whenever another comes. */
class GivingUp {
  readonly #signal: AbortSignal
  readonly #waiting = new Set<(reason: unknown) => void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    const giveUp = (): void => {
      for (const reject of this.#waiting) reject(signal.reason)
    }
    signal.addEventListener('abort', giveUp, { once: true })
  }

  /** `work`, or the signal's reason when that comes first: then nobody waits for `work` any more. */
  orElse<Answer>(work: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#signal.aborted) reject(this.#signal.reason)
      this.#waiting.add(reject)
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject))
    })
  }
}
