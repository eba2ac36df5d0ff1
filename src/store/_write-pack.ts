/** A full pack becomes a chunk: coded, hashed, and written like any other. */
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
  const sealer = await codec.openSealer([])
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
