/**
 * Where archives rest, each under the SHA-256 of its bytes: three implementations (the store's own objects, a directory, any S3), one contract
 * suite. What rests never changes, and the same bytes rest once. Rights and versions are not its business.
 */
import type { Branded } from '#bytes/brand'
import { libraryFault } from '#library/faults'

/** SHA-256 of what rests, lowercase hex. */
export type BlobDigest = Branded<string, 'BlobDigest'>

export interface StoredBlob {
  readonly digest: BlobDigest
  readonly bytes: number
  /** When it came to rest, ms since 1970; by the clock of whoever keeps it. */
  readonly storedAt: number
}

export interface ArchiveStore {
  /** For people: where. */
  readonly name: string
  /**
   * Takes the stream, then asks `admit` with the digest of what came; when it resolves, the bytes come to rest under it, else nothing does and its
   * error is thrown. Durable on return. A stream that throws leaves nothing but what a sweep finds. Of bytes that rest already `storedAt` begins anew.
   */
  store(
    stream: AsyncIterable<Uint8Array>,
    options: {
      readonly admit?: (stored: {
        readonly digest: BlobDigest
        readonly bytes: number
      }) => void | Promise<void>
      readonly signal: AbortSignal
    },
  ): Promise<{ readonly digest: BlobDigest; readonly bytes: number }>
  /** `undefined` when there is none. */
  open(digest: BlobDigest, options: { readonly signal: AbortSignal }): Promise<OpenBlob | undefined>
  /** True when there was one, and what rests under it had come to rest before `storedBefore` (ms since 1970). */
  remove(
    digest: BlobDigest,
    options: { readonly storedBefore: number; readonly signal: AbortSignal },
  ): Promise<boolean>
  /** All of them, in any order. */
  list(options: { readonly signal: AbortSignal }): AsyncIterable<StoredBlob>
  /** Removes what writers that are no more have left, begun before `olderThan` (ms since 1970). How many there were. */
  sweepTemporary(olderThan: number, options: { readonly signal: AbortSignal }): Promise<number>
  /** Rejects while nothing can be read or written. Cheap. */
  check(options: { readonly signal: AbortSignal }): Promise<void>
}

export interface OpenBlob {
  readonly bytes: number
  /** The bytes of `range` (inclusive), or all. A piece is the reader's until the next pull; who reads may stop early. */
  read(
    range: { readonly first: number; readonly last: number } | undefined,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<Uint8Array>
  /** Reading is over. Idempotent. */
  release(): void
}

/** `library/malformed-text` */
export function parseBlobDigest(text: string): BlobDigest {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw libraryFault('library/malformed-text', { field: 'digest' })
  return text as BlobDigest
}

/** `sha256/ab/cd/abcd…`: no directory grows too large. */
export function pathOfBlob(digest: BlobDigest): string {
  return `sha256/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest}`
}

/** The inverse; `undefined` for a path that is none. */
export function blobOfPath(path: string): BlobDigest | undefined {
  const [, first, second, digest] =
    /^sha256\/([0-9a-f]{2})\/([0-9a-f]{2})\/([0-9a-f]{64})$/.exec(path) ?? []
  if (digest === undefined || !digest.startsWith(`${first}${second}`)) return undefined
  return digest as BlobDigest
}
