/** Block digests of shards, read from their footers and verified: what tells a good block from a bad one before decoding. */

import { blockDigestBytes, decodeFooter, footerBytes } from '#chunk/footer'
import { bodyBytes } from '#chunk/geometry'
import type { ShardId } from '#shard/shard-id'
import type { ShardStore } from '#shard/store'
import type { ChunkRecord } from '#store/chunk-record'
import { storeFault } from '#store/faults'

/** Tables kept: a chunk of 64 MiB in 10+4 has 26 digests (416 bytes) per shard, so this is a few MiB. */
const tablesMax = 8_192

export class DigestTables {
  readonly #tables = new Map<ShardId, Uint8Array>()

  /** The digest of a stripe's block in this column. Reads the shard's footer when it is not known. */
  async digest(
    chunk: ChunkRecord,
    {
      column,
      stripe,
      shards,
    }: {
      readonly column: number
      readonly stripe: number
      readonly shards: Pick<ShardStore, 'read'>
    },
  ): Promise<Uint8Array> {
    const table = await this.#table(chunk, column, shards)
    return table.subarray(stripe * blockDigestBytes, (stripe + 1) * blockDigestBytes)
  }

  /** A shard that was found broken is read anew next time. */
  forget(id: ShardId): void {
    this.#tables.delete(id)
  }

  async #table(
    chunk: ChunkRecord,
    column: number,
    shards: Pick<ShardStore, 'read'>,
  ): Promise<Uint8Array> {
    const place = chunk.shards[column]
    if (place === undefined) throw storeFault('store/unreadable', { column })
    const known = this.#tables.get(place.id)
    if (known !== undefined) return known
    const bytes = new Uint8Array(footerBytes(chunk.shape))
    await shards.read(place.id, bytes, { offset: bodyBytes(chunk.shape) })
    const footer = decodeFooter(bytes)
    const isOurs = footer.index === column && Buffer.compare(footer.chunkId, chunk.id) === 0
    if (!isOurs) throw storeFault('store/unreadable', { column, shard: place.id })
    const [oldest] = this.#tables.keys()
    if (this.#tables.size >= tablesMax && oldest !== undefined) this.#tables.delete(oldest)
    this.#tables.set(place.id, footer.digests)
    return footer.digests
  }
}
