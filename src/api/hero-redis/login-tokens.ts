/** What a signature is exchanged for: a secret for a while, which every connection to this process takes. Only hashes are kept, and only in memory. */
import { toHex } from '#bytes/text'
import { sha256HexOf } from '#crypto/digest'
import type { World } from '#world/world'

/** For AUTH; who has logged in stays so as long as the connection is open and the key is known. */
export const tokenMs = 3_600_000
/** The oldest give way. */
export const tokensMax = 10_000

const tokenBytes = 32

interface Known {
  readonly publicKey: Uint8Array
  /** On the clock that only grows. */
  readonly until: number
}

export class LoginTokens {
  readonly #world: Pick<World, 'monotonic' | 'randomBytes'>
  /** By hash, oldest first. */
  readonly #known = new Map<string, Known>()

  constructor(world: Pick<World, 'monotonic' | 'randomBytes'>) {
    this.#world = world
  }

  /** 64 hex digits. */
  issue(publicKey: Uint8Array): string {
    const token = toHex(this.#world.randomBytes(tokenBytes))
    this.#forgetOld()
    const until = this.#world.monotonic() + tokenMs
    this.#known.set(sha256HexOf(Buffer.from(token)), { publicKey, until })
    return token
  }

  /** The key it was issued for. How long this takes tells of the hash only. */
  find(token: Uint8Array): Uint8Array | undefined {
    const known = this.#known.get(sha256HexOf(token))
    return known !== undefined && known.until > this.#world.monotonic()
      ? known.publicKey
      : undefined
  }

  #forgetOld(): void {
    const now = this.#world.monotonic()
    for (const [hash, { until }] of this.#known) {
      if (until > now && this.#known.size < tokensMax) return
      this.#known.delete(hash)
    }
  }
}
