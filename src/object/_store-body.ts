/** The common way of an incoming body: stored, verified, then committed by the caller; refused bodies leave nothing. */

import { freeMemoryOf } from '#bytes/free'
import { digestsOf } from '#crypto/digest'
import type { Profile } from '#erasure/profile'
import type { ObjectParts } from '#object/_parts'
import type { StoredJson } from '#object/changes'
import { etagUnder } from '#object/encryption'
import { objectFault } from '#object/faults'
import type { Checksum, DigestAlgorithm, IncomingBody } from '#object/model'
import { chunkToJson, extentToJson } from '#store/chunk-record'
import { requireRoom } from '#store/room'
import { discardChunks, type StoredBody, type WriteBodyOptions, writeBody } from '#store/write'
import { gather } from '#stream/gather'

export interface VerifiedBody extends StoredJson {
  readonly bytes: number
  /** MD5, lowercase hex; something else for a key that is the writer's or has a name. */
  readonly etag: string
  readonly checksum: Checksum | undefined
}

/**
 * Stores and verifies the body, then runs `commit`. When the body is refused or `commit`'s own work throws, the stored chunks are
 * discarded; when the commit's outcome is unknown they stay for garbage collection to judge.
 */
export async function withStoredBody<T>(
  parts: ObjectParts,
  body: IncomingBody,
  {
    profile,
    outerKey,
    signal,
    commit,
  }: {
    readonly profile: Profile
    /** See `object/encryption`. */
    readonly outerKey: Uint8Array | undefined
    readonly signal: AbortSignal
    readonly commit: (stored: VerifiedBody, refuse: (error: unknown) => never) => Promise<T>
  },
): Promise<T> {
  const endActivity = parts.store.beginActivity()
  try {
    const digests: readonly DigestAlgorithm[] = [
      ...new Set<DigestAlgorithm>(['md5', ...body.digests]),
    ]
    const stored = await storeBody(parts, body, { profile, digests, outerKey, signal })
    if (stored.bytes === 0) requireRoom(parts.store, profile)
    let isRefused = true
    try {
      const verified = await verify(body, stored, outerKey)
      isRefused = false
      return await commit(verified, (error) => {
        isRefused = true
        throw error
      })
    } finally {
      if (isRefused) await discardChunks(parts.store, stored.chunks)
      else parts.store.chunksRecorded(stored.chunks)
    }
  } finally {
    endActivity()
  }
}

/** In a pack when it is small, else in chunks of its own. */
async function storeBody(
  { store, packs }: ObjectParts,
  { stream, bytes, whole }: IncomingBody,
  options: WriteBodyOptions,
): Promise<StoredBody> {
  if (bytes === undefined || !packs.takes(options.profile, bytes))
    return await writeBody(store, stream, { ...options, bytes })
  // A byte more than was said is enough to see that it is longer.
  const plaintext = whole?.bytes ?? (await gather(stream, bytes + 1, options))
  const digests = whole?.digests ?? digestsOf(plaintext, options.digests)
  const { length } = plaintext
  // What is shorter than was said will be refused: nothing of it is kept.
  const extents = length === bytes ? [await packs.put(options.profile, plaintext, options)] : []
  freeMemoryOf(plaintext) // gathered here, or in the gateway: it holds nothing else
  return { bytes: length, digests, chunks: [], extents }
}

async function verify(
  body: IncomingBody,
  stored: StoredBody,
  outerKey: Uint8Array | undefined,
): Promise<VerifiedBody> {
  if (body.bytes !== undefined && body.bytes !== stored.bytes) {
    throw objectFault('object/incomplete-body', { expected: body.bytes, received: stored.bytes })
  }
  const checksum = await body.verify(stored.digests)
  const { md5 } = stored.digests
  if (md5 === undefined) throw new TypeError('the codec left out the MD5 it was asked for')
  return {
    bytes: stored.bytes,
    etag: etagUnder(outerKey, md5),
    checksum,
    chunks: stored.chunks.map(chunkToJson),
    extents: stored.extents.map(extentToJson),
  }
}
