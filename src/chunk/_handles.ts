/** What a codec hands out for work that lasts: one body, or the columns of one chunk. */
import type { BodyDigests } from '#chunk/_desk'
import type { ChunkIdentity, FinishedShard } from '#chunk/_engine'
import type { Slot } from '#chunk/slots'

/** Seals one body, stripe after stripe, chunk after chunk. Calls are answered in order; close it when done or given up. */
export interface SealerHandle {
  beginChunk(identity: ChunkIdentity, key: Uint8Array): Promise<void>
  /** Stored bytes per block; the slot then holds data and parity columns, each padded with zeros to a page. */
  sealStripe(slot: Slot, bytes: number): Promise<number>
  endChunk(): Promise<readonly FinishedShard[]>
  digests(): Promise<BodyDigests>
  close(): Promise<void>
}

/** Hashes rebuilt columns into the footers and ids they had. */
export interface HasherHandle {
  absorb(slot: Slot, bytes: number): Promise<void>
  finish(chunkBytes: number): Promise<readonly FinishedShard[]>
  close(): Promise<void>
}
