/** The calls a codec thread answers, as one typed table: the same desk serves inline calls and messages from another thread. */
import { strict as assert } from 'node:assert'
import {
  type CheckBlocks,
  type ChunkIdentity,
  CodecEngine,
  type FinishedShard,
  type OpenBlocks,
  type RebuildBlocks,
  type Sealer,
  type ShardHasher,
} from '#chunk/_engine'
import type { DigestAlgorithm } from '#crypto/digest'
import { type Md5Piece, Md5Stream } from '#crypto/md5-lanes'

export type BodyDigests = Partial<Record<DigestAlgorithm, Uint8Array>>

/** Input and output of every call. `slot` is the slot's offset in the memory; `handle` names a sealer or hasher of this desk. */
export interface Calls {
  openSealer: [{ handle: number; digests: readonly DigestAlgorithm[] }, undefined]
  beginChunk: [{ handle: number; identity: ChunkIdentity; key: Uint8Array }, undefined]
  sealStripe: [{ handle: number; slot: number; bytes: number }, number]
  endChunk: [{ handle: number }, readonly FinishedShard[]]
  digests: [{ handle: number }, BodyDigests]
  openHasher: [{ handle: number; identity: ChunkIdentity; columns: readonly number[] }, undefined]
  absorb: [{ handle: number; slot: number; bytes: number }, undefined]
  finish: [{ handle: number; chunkBytes: number }, readonly FinishedShard[]]
  /** One stripe's plaintext of each of several bodies, whose MD5 goes on with it. */
  hashTogether: [
    { jobs: readonly { readonly handle: number; readonly pieces: readonly Md5Piece[] }[] },
    undefined,
  ]
  md5: [{ handle: number }, Uint8Array]
  close: [{ handle: number }, undefined]
  openBlocks: [{ slot: number; job: OpenBlocks }, readonly number[]]
  checkBlocks: [{ slot: number; job: CheckBlocks }, readonly number[]]
  rebuildBlocks: [{ slot: number; job: RebuildBlocks }, undefined]
}
export type CallName = keyof Calls

export class Desk {
  readonly #sealers = new Map<number, Sealer>()
  readonly #hashers = new Map<number, ShardHasher>()
  readonly #md5s = new Map<number, Md5Stream>()
  readonly #table: { readonly [Name in CallName]: (input: Calls[Name][0]) => Calls[Name][1] }

  constructor(memory: WebAssembly.Memory, scratch: number) {
    const engine = new CodecEngine(memory, scratch)
    this.#table = {
      openSealer: ({ handle, digests }) => {
        this.#sealers.set(handle, engine.openSealer(digests))
        return undefined
      },
      beginChunk: ({ handle, identity, key }) =>
        this.#sealer(handle).beginChunk(identity, key) as undefined,
      sealStripe: ({ handle, slot, bytes }) => this.#sealer(handle).sealStripe(slot, bytes),
      endChunk: ({ handle }) => this.#sealer(handle).endChunk(),
      digests: ({ handle }) => this.#sealer(handle).digests(),
      openHasher: ({ handle, identity, columns }) => {
        this.#hashers.set(handle, engine.openRebuilder(identity, columns))
        return undefined
      },
      absorb: ({ handle, slot, bytes }) => this.#hasher(handle).absorb(slot, bytes) as undefined,
      finish: ({ handle, chunkBytes }) => this.#hasher(handle).finish(chunkBytes),
      hashTogether: ({ jobs }) => {
        engine.md5.advance(
          jobs.map(({ handle, pieces }) => ({ stream: this.#md5(handle), pieces })),
        )
        return undefined
      },
      md5: ({ handle }) => engine.md5.digest(this.#md5(handle)),
      close: ({ handle }) => {
        this.#md5s.delete(handle)
        this.#sealers.delete(handle)
        this.#hashers.delete(handle)
        return undefined
      },
      openBlocks: ({ slot, job }) => engine.openBlocks(slot, job),
      checkBlocks: ({ slot, job }) => engine.checkBlocks(slot, job),
      rebuildBlocks: ({ slot, job }) => engine.rebuildBlocks(slot, job) as undefined,
    }
  }

  perform<Name extends CallName>(name: Name, input: Calls[Name][0]): Calls[Name][1] {
    return this.#table[name](input)
  }

  #sealer(handle: number): Sealer {
    const sealer = this.#sealers.get(handle)
    assert(sealer !== undefined)
    return sealer
  }

  /** A body's first piece opens it. */
  #md5(handle: number): Md5Stream {
    const stream = this.#md5s.get(handle) ?? new Md5Stream()
    this.#md5s.set(handle, stream)
    return stream
  }

  #hasher(handle: number): ShardHasher {
    const hasher = this.#hashers.get(handle)
    assert(hasher !== undefined)
    return hasher
  }
}
