/** What copying a version is given, whether it goes in one piece or in parts. */
import type { StorageClass } from '@aws-sdk/client-s3'
import type { Endpoint } from '#s3/endpoint'
import type { ObjectName } from '#s3/head'
import type { ReadOptions } from '#s3/read'
import type { VersionFacts } from '#s3/version-facts'

/** How an object is read, and where it goes. */
export interface Route {
  /** The same bytes each time. */
  readonly read: (range: ReadOptions) => AsyncIterable<Uint8Array>
  /** What it is called where it is read. */
  readonly source: ObjectName
  readonly to: Endpoint
  readonly target: ObjectName
}

export interface CopyOptions {
  readonly facts: VersionFacts
  readonly memory: UploadMemory
  /** Bytes that were read; negative when they will be read again. */
  readonly onMoved: (bytes: number) => void
  readonly signal: AbortSignal
}

/** A part that was sent. */
export interface MovedPart {
  readonly number: number
  /** The target's, without quotes. */
  readonly etag: string
  /** Of what was read, lowercase hex. */
  readonly md5: string
  /** What the target keeps of it, in base64, under the upload's algorithm. */
  readonly checksum: string | undefined
}

/** What was sent of a version, for the next run if this one breaks off. All of it is durable before the next request depends on it. */
export interface UploadMemory {
  readonly begun: { readonly uploadId: string; readonly parts: readonly MovedPart[] } | undefined
  begin(uploadId: string): Promise<void>
  moved(part: MovedPart): Promise<void>
}

/** What is said of a version when it is made, beside its bytes. */
export function describe({ headers, metadata, tags, storageClass }: VersionFacts): {
  readonly Metadata: Record<string, string>
  readonly StorageClass?: StorageClass
  readonly Tagging?: string
} {
  const pairs = tags.map(
    ({ Key, Value }) => `${encodeURIComponent(Key)}=${encodeURIComponent(Value)}`,
  )
  return {
    ...headers,
    Metadata: { ...metadata },
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }), // the SDK's list is AWS's, not everybody's
    ...(pairs.length === 0 ? {} : { Tagging: pairs.join('&') }),
  }
}

/** Whoever gives up before the end is told as if nothing had been read. */
export async function* counted(
  source: AsyncIterable<Uint8Array>,
  onMoved: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let moved = 0
  let isWhole = false
  try {
    for await (const piece of source) {
      moved += piece.length
      onMoved(piece.length)
      yield piece
    }
    isWhole = true
  } finally {
    if (!isWhole) onMoved(-moved)
  }
}
