/**
 * Seals a body in one thread while its MD5 is computed in another, together with those of other bodies. A stripe is hashed first, since
 * sealing overwrites the plaintext; then everything goes on in the order it was asked for.
 */
import { strict as assert } from 'node:assert'
import type { BodyDigests } from '#chunk/_desk'
import { type ChunkIdentity, type FinishedShard, plaintextPieces } from '#chunk/_engine'
import type { SealerHandle } from '#chunk/_handles'
import type { Md5Turns } from '#chunk/_md5-turns'
import type { Geometry } from '#chunk/geometry'
import type { Slot } from '#chunk/slots'

/** What `Codec.openSealer` hands out for a large body when there is a thread for MD5. */
export class SealerBesideMd5 implements SealerHandle {
  readonly #sealer: SealerHandle
  readonly #md5: Md5Turns
  readonly #handle: number
  #geometry: Geometry | undefined
  /** Settles when all that was asked for so far is passed on; rejected once any of it failed. */
  #turn: Promise<unknown> = Promise.resolve()

  /** `sealer` computes all digests but MD5; `handle` names the body in `md5`. */
  constructor(
    sealer: SealerHandle,
    { md5, handle }: { readonly md5: Md5Turns; readonly handle: number },
  ) {
    this.#sealer = sealer
    this.#md5 = md5
    this.#handle = handle
    md5.open(handle)
  }

  beginChunk(identity: ChunkIdentity, key: Uint8Array): Promise<void> {
    this.#geometry = identity.geometry
    return this.#inTurn(() => this.#sealer.beginChunk(identity, key))
  }

  sealStripe(slot: Slot, bytes: number): Promise<number> {
    assert(this.#geometry !== undefined)
    const pieces = plaintextPieces(slot.offset, this.#geometry, bytes)
    const hashed = this.#md5.absorb(this.#handle, pieces)
    return this.#inTurn(() => this.#sealer.sealStripe(slot, bytes), hashed)
  }

  endChunk(): Promise<readonly FinishedShard[]> {
    return this.#inTurn(() => this.#sealer.endChunk())
  }

  digests(): Promise<BodyDigests> {
    return this.#inTurn(async () => {
      const [digests, md5] = await Promise.all([
        this.#sealer.digests(),
        this.#md5.digest(this.#handle),
      ])
      return { ...digests, md5 }
    })
  }

  async close(): Promise<void> {
    await Promise.all([this.#sealer.close(), this.#md5.close(this.#handle)])
  }

  /** Passes a call on when `ready` and everything asked for before has been passed on; it does not wait for answers. */
  #inTurn<Result>(call: () => Promise<Result>, ready?: Promise<unknown>): Promise<Result> {
    const turn = Promise.all([this.#turn, ready])
    turn.catch(() => {}) // whoever asked is told
    this.#turn = turn
    return turn.then(call)
  }
}
