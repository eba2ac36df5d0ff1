/**
 * Where each byte of a chunk lies. A chunk is a sequence of stripes; a stripe is one block per column (data columns first, then parity);
 * column i of all stripes is shard i. The last stripe's blocks are just long enough. See docs/formats/shard.md.
 */
import { strict as assert } from 'node:assert'
import { aeadTagBytes } from '#crypto/aead'
import type { Profile } from '#erasure/profile'

/** Shards are written in whole pages, so that direct I/O can be used. */
export const pageBytes = 4096
/** The seal unit: 256 KiB, so that a 1-byte range reads one block of one shard. */
export const blockBytesDefault = 256 * 1024
/** One stripe lives in one slot of memory: 16 columns of the default block. */
export const slotBytesDefault = 4 * 1024 * 1024
/** Largest profile: one byte per column index. */
export const columnsMax = 256

export interface Geometry {
  readonly profile: Profile
  /** Stored bytes of a full block, its tag included; a multiple of `pageBytes`. */
  readonly blockBytes: number
  /** A pack: its blocks carry no seal of their own, since the objects in it are sealed one by one. It has one stripe. */
  readonly isPacked?: boolean
}

/** A chunk whose length is known. */
export interface Shape extends Geometry {
  /** Plaintext bytes, or what the objects in a pack take with their seals and the padding between columns; at least 1. */
  readonly bytes: number
}

/** The block size that keeps a whole stripe of this profile within one slot. */
export function geometryFor(profile: Profile, slotBytes: number = slotBytesDefault): Geometry {
  const columns = columnsOf(profile)
  const fitting = Math.floor(slotBytes / columns / pageBytes) * pageBytes
  const blockBytes = Math.min(blockBytesDefault, fitting)
  assert(columns <= columnsMax && blockBytes >= pageBytes)
  return { profile, blockBytes }
}

/** How a pack of this profile is laid out: a page more than usual, so that objects of round sizes fit with their seals. */
export function packGeometryFor(profile: Profile, slotBytes: number = slotBytesDefault): Geometry {
  const { blockBytes } = geometryFor(profile, slotBytes)
  const fitting = Math.floor(slotBytes / columnsOf(profile) / pageBytes) * pageBytes
  return { profile, blockBytes: Math.min(blockBytes + pageBytes, fitting), isPacked: true }
}

export function columnsOf({ data, parity }: Profile): number {
  return data + parity
}

/** Plaintext in a full block. */
export function blockPlainBytes(geometry: Geometry): number {
  return geometry.blockBytes - tagBytes(geometry)
}

function tagBytes({ isPacked = false }: Geometry): number {
  return isPacked ? 0 : aeadTagBytes
}

/** Plaintext in a full stripe. */
export function stripePlainBytes(geometry: Geometry): number {
  return geometry.profile.data * blockPlainBytes(geometry)
}

/** Whole stripes that a chunk of nominally `chunkBytes` may hold: rounded up, so that an object of that size is one chunk. */
export function stripesPerChunk(geometry: Geometry, chunkBytes: number): number {
  return Math.ceil(chunkBytes / stripePlainBytes(geometry))
}

export function stripesOf(shape: Shape): number {
  return Math.ceil(shape.bytes / stripePlainBytes(shape))
}

/** Plaintext bytes that each data block of this stripe holds (the last ones of a chunk may end in zero padding). */
export function plainBytesPerBlock(shape: Shape, stripe: number): number {
  const last = stripesOf(shape) - 1
  if (stripe < last) return blockPlainBytes(shape)
  return tailPlainBytes(shape, shape.bytes - last * stripePlainBytes(shape))
}

/** How `bytes` of plaintext (at most a stripe) spread evenly over the data columns. */
export function tailPlainBytes({ profile }: Geometry, bytes: number): number {
  return Math.ceil(bytes / profile.data)
}

/** Stored bytes of each block of this stripe: ciphertext and tag. */
export function storedBytesPerBlock(shape: Shape, stripe: number): number {
  return plainBytesPerBlock(shape, stripe) + tagBytes(shape)
}

/** Where a stripe's block starts in its shard. */
export function blockOffset({ blockBytes }: Geometry, stripe: number): number {
  return stripe * blockBytes
}

/** Bytes of all blocks in a shard, zero padded to a page: where the footer starts. */
export function bodyBytes(shape: Shape): number {
  const last = stripesOf(shape) - 1
  return last * shape.blockBytes + wholePages(storedBytesPerBlock(shape, last))
}

export function wholePages(bytes: number): number {
  return Math.ceil(bytes / pageBytes) * pageBytes
}

/** A run of plaintext inside one block. */
export interface BlockRun {
  readonly column: number
  /** First plaintext byte in the block. */
  readonly start: number
  readonly bytes: number
}

/** The parts of plaintext `[first, end)` of a chunk, stripe by stripe, in order. */
export function* stripesTouched(
  shape: Shape,
  { first, end }: { readonly first: number; readonly end: number },
): Generator<{ readonly stripe: number; readonly runs: readonly BlockRun[] }> {
  assert(first >= 0 && first < end && end <= shape.bytes)
  const perStripe = stripePlainBytes(shape)
  for (let stripe = Math.floor(first / perStripe); stripe * perStripe < end; stripe += 1) {
    const base = stripe * perStripe
    const from = Math.max(first - base, 0)
    const to = Math.min(end - base, perStripe)
    yield { stripe, runs: runsIn(plainBytesPerBlock(shape, stripe), from, to) }
  }
}

function runsIn(perBlock: number, from: number, to: number): readonly BlockRun[] {
  const runs: BlockRun[] = []
  for (let at = from; at < to; ) {
    const column = Math.floor(at / perBlock)
    const start = at - column * perBlock
    const bytes = Math.min(perBlock - start, to - at)
    runs.push({ column, start, bytes })
    at += bytes
  }
  return runs
}
