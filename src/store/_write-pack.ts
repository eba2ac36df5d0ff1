/** A full pack becomes a chunk: coded, hashed, and written like any other. */
import { strict as assert } from 'node:assert'
import type { Codec, HasherHandle, SealerHandle } from '#chunk/codec'
import { columnsOf, type Geometry } from '#chunk/geometry'
import { abortChunk, finishChunk, openPackChunk, writeStripe } from '#store/_open-chunk'
import type { Pack } from '#store/_pack'
import type { ChunkRecord } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'

/** Durable on return, and referred to by nothing but the pack's own id. The faults of `writeBody`. */
export async function writePack(
  store: ChunkStore,
  pack: Pack,
  { signal }: { readonly signal: AbortSignal },
): Promise<ChunkRecord> {
  const { codec } = store.parts
  const { geometry, columnBytes } = pack
  const { data } = geometry.profile
  const sealer = new PackSealer(codec)
  try {
    const chunk = await openPackChunk(store, { id: pack.id, geometry, sealer })
    let written: Promise<void>
    try {
      const slot = await codec.slots.acquire({ signal })
      for (let column = 0; column < data; column += 1)
        slot.bytes.set(pack.column(column), column * geometry.blockBytes)
      written = writeStripe(chunk, slot, data * columnBytes)
    } catch (error) {
      await abortChunk(chunk)
      throw error
    }
    written.catch(() => {}) // `finishChunk` waits for it
    return await finishChunk(chunk)
  } finally {
    await sealer.close()
  }
}

/** What is in a pack is sealed already: columns are coded and hashed as they are. */
class PackSealer implements SealerHandle {
  readonly #codec: Codec
  #geometry: Geometry | undefined
  #hasher: Promise<HasherHandle> | undefined
  #bytes = 0

  constructor(codec: Codec) {
    this.#codec = codec
  }

  async beginChunk(identity: Parameters<SealerHandle['beginChunk']>[0]): Promise<void> {
    const columns = Array.from({ length: columnsOf(identity.geometry.profile) }, (_, i) => i)
    this.#geometry = identity.geometry
    this.#hasher = this.#codec.openHasher(identity, columns)
    await this.#hasher
  }

  async sealStripe(...[slot, bytes]: Parameters<SealerHandle['sealStripe']>): Promise<number> {
    assert(this.#geometry !== undefined && this.#hasher !== undefined)
    const { profile } = this.#geometry
    const all = Array.from({ length: columnsOf(profile) }, (_, i) => i)
    const columnBytes = bytes / profile.data
    this.#bytes = bytes
    await this.#codec.rebuildBlocks(slot, {
      geometry: this.#geometry,
      present: all.slice(0, profile.data),
      lost: all.slice(profile.data),
      bytes: columnBytes,
    })
    await (await this.#hasher).absorb(slot, columnBytes)
    return columnBytes
  }

  async endChunk(): ReturnType<SealerHandle['endChunk']> {
    assert(this.#hasher !== undefined)
    return await (await this.#hasher).finish(this.#bytes)
  }

  digests(): ReturnType<SealerHandle['digests']> {
    return Promise.resolve({})
  }

  async close(): Promise<void> {
    await (await this.#hasher)?.close()
  }
}
