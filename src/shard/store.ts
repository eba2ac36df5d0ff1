/**
 * What a storage node keeps: sealed shards, sealed log frames, small named files. A store understands none of it.
 * Faults 1 to 6 and 14 of the fault list meet here; the contract suite in `test/contract/` is what every store passes.
 */
import type { ShardId } from '#shard/shard-id'

export interface ShardStat {
  readonly id: ShardId
  readonly bytes: number
  /** When the shard was committed (node's wall clock, ms): only for grace times, never for order. */
  readonly committedAt: number
}

export interface ShardStore {
  /** Starts a shard. Nothing is visible, and nothing survives a restart, before `commit`. */
  create(): Promise<ShardWriter>
  /**
   * Fills `into` with the shard's bytes from `offset`. Does not verify them: callers hold the block digests.
   * `shard/not-found`; `shard/short` when the shard ends before `into` is full; `shard/node-lost`, `shard/io`.
   */
  read(
    id: ShardId,
    into: Uint8Array,
    options: { readonly offset: number; readonly signal?: AbortSignal },
  ): Promise<void>
  stat(id: ShardId): Promise<ShardStat | undefined>
  /**
   * True when there was one. Durable on return, and its space is free. Idempotent. With `committedAt` only the shard of that commit: one
   * written anew since under the same name stays.
   */
  remove(id: ShardId, options?: { readonly committedAt?: number | undefined }): Promise<boolean>
  /** Every committed shard, in id order. Tolerates concurrent commits and removals. */
  list(): AsyncIterable<ShardStat>
  /** `freeBytes`: of its file system, without what is left to the log and the database. */
  usage(): Promise<{
    readonly shards: number
    readonly usedBytes: number
    readonly freeBytes: number
    readonly totalBytes: number
  }>
  close(): Promise<void>
}

export interface ShardWriter {
  /**
   * Writes at an aligned offset (`directAlignment`), aligned length; parts may come in any order, concurrently. `shard/node-full` while there is
   * still room, which is left to the log and the database.
   */
  write(bytes: Uint8Array, offset: number): Promise<void>
  /**
   * Makes the shard durable and visible under `id` (bytes, name and directory have reached the disk).
   * The caller vouches that `id` is the BLAKE3 of the bytes. Committing an id that exists is success, and replaces what lies there, which
   * may have rotted; when it fails, the former one stays.
   */
  commit(id: ShardId): Promise<ShardStat>
  /** Drops everything written. Idempotent; a no-op after commit. */
  abort(): Promise<void>
}

/** Frames, of the change log or of the stage, as one node holds them. Frames are opaque, ordered by `first`. */
export interface NodeLog {
  /**
   * Appends a frame that covers sequence numbers `first..last` (from 1 on) and returns when it is on stable storage.
   * One append at a time per node (callers group). The same frame may be appended again after a crash.
   */
  append(frame: Uint8Array, range: { readonly first: bigint; readonly last: bigint }): Promise<void>
  /** Every whole frame in append order. A torn or rotten frame is skipped and counted, never returned. */
  read(options?: {
    readonly after?: bigint
  }): AsyncIterable<{ readonly first: bigint; readonly last: bigint; readonly frame: Uint8Array }>
  /** The highest `last` of any whole frame; 0n for an empty log. */
  lastSequence(): Promise<bigint>
  /** Forgets frames whose `last` is at most `sequence` (whole segments only; may keep more). Durable on return. */
  cut(sequence: bigint): Promise<void>
  close(): Promise<void>
}

/** A node's small named files (metadata, keyring, snapshot pointers). Names are `[a-z0-9.-]+`. */
export interface NodeFiles {
  /** `undefined` when there is none, or only a damaged one: others hold copies of what matters. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Atomic and durable on return. */
  write(name: string, bytes: Uint8Array): Promise<void>
  remove(name: string): Promise<boolean>
}

/** One node's stores, opened together on one disk. */
export interface NodeStores {
  readonly shards: ShardStore
  readonly log: NodeLog
  /** Small objects on their way into packs, as frames numbered by whoever fills it. */
  readonly stage: NodeLog
  readonly files: NodeFiles
  /** Throws `shard/node-lost` when the node's directory is gone or is no longer the one that was opened. */
  probe(): Promise<void>
  close(): Promise<void>
}
