/** Archives as objects of the store itself, in a bucket of its own: coded, sealed, repaired and collected as all others. */
import { toHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import { hashed } from '#library/_incoming'
import { type ArchiveStore, type BlobDigest, blobOfPath, pathOfBlob } from '#library/archive-store'
import type { BucketName, ObjectInfo, ObjectKey, ObjectStore } from '#object/model'
import type { World } from '#world/world'

export interface ObjectArchivesOptions {
  readonly objects: Pick<
    ObjectStore,
    'createBucket' | 'headBucket' | 'put' | 'copy' | 'head' | 'open' | 'delete' | 'list'
  >
  readonly bucket: BucketName
  readonly world: World
}

const incoming = 'incoming/'
const nameBytes = 16
const pageKeys = 1_000

/**
 * The bucket is made with the first archive: a store without libraries has none. Nobody but root owns it; whoever made one of that name before
 * keeps it: `object/bucket-exists`.
 */
export async function openObjectArchives({
  objects,
  bucket,
  world,
}: ObjectArchivesOptions): Promise<ArchiveStore> {
  await hasBucket(objects, bucket)
  const keyOf = (digest: BlobDigest): ObjectKey => pathOfBlob(digest) as ObjectKey // short and ASCII
  return {
    name: `objects in ${bucket}`,
    async store(stream, { admit, signal }) {
      const temporary = `${incoming}${toHex(world.randomBytes(nameBytes))}` as ObjectKey // likewise
      const passing = hashed(stream, signal)
      if (!(await hasBucket(objects, bucket))) await makeBucket(objects, bucket)
      try {
        await objects.put(bucket, temporary, {
          body: { stream: passing.stream, digests: [], verify: () => undefined },
          metadata: { user: {} },
          signal,
        })
        world.passing('library/archive-written')
        const stored = passing.stored()
        await admit?.(stored)
        const source = { bucket, key: temporary }
        await objects.copy(source, { bucket, key: keyOf(stored.digest) }, { signal })
        return stored
      } finally {
        await objects.delete(bucket, temporary).catch(() => {}) // what is left is swept
      }
    },
    async open(digest) {
      const opened = await ifThere(objects.open(bucket, keyOf(digest)))
      if (opened === undefined) return undefined
      return {
        bytes: opened.info.bytes,
        read: (range, options) => opened.read(range, options),
        release: () => opened.release(),
      }
    },
    async remove(digest, { storedBefore }) {
      const info = await ifThere(objects.head(bucket, keyOf(digest)))
      if (info === undefined || info.modifiedAt >= storedBefore) return false
      await objects.delete(bucket, keyOf(digest), { condition: { ifMatch: [info.etag] } })
      return true
    },
    async *list({ signal }) {
      for await (const { key, bytes, modifiedAt } of keysBelow(objects, bucket, 'sha256/')) {
        signal.throwIfAborted()
        const digest = blobOfPath(key)
        if (digest !== undefined) yield { digest, bytes, storedAt: modifiedAt }
      }
    },
    async sweepTemporary(olderThan, { signal }) {
      let swept = 0
      for await (const { key, modifiedAt } of keysBelow(objects, bucket, incoming)) {
        signal.throwIfAborted()
        if (modifiedAt >= olderThan) continue
        await objects.delete(bucket, key)
        swept += 1
      }
      return swept
    },
    async check() {
      await hasBucket(objects, bucket)
    },
  }
}

/** `object/bucket-exists` when it is somebody's. */
async function hasBucket(
  objects: Pick<ObjectStore, 'createBucket' | 'headBucket'>,
  bucket: BucketName,
): Promise<boolean> {
  const found = await ifThere(objects.headBucket(bucket))
  if (found?.owner !== undefined) await objects.createBucket(bucket) // which refuses
  return found !== undefined
}

/** Several may come at once. */
async function makeBucket(
  objects: Pick<ObjectStore, 'createBucket' | 'headBucket'>,
  bucket: BucketName,
): Promise<void> {
  try {
    await objects.createBucket(bucket)
  } catch (error) {
    if (!isFault(error, 'object/bucket-exists') || !(await hasBucket(objects, bucket))) throw error
  }
}

async function ifThere<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isFault(error, 'object/no-such-key', 'object/no-such-bucket')) return undefined
    throw error
  }
}

async function* keysBelow(
  objects: Pick<ObjectStore, 'list'>,
  bucket: BucketName,
  prefix: string,
): AsyncGenerator<ObjectInfo, void, undefined> {
  let after: string | undefined
  do {
    const page = await ifThere(
      objects.list(bucket, {
        prefix,
        limit: pageKeys,
        ...(after === undefined ? {} : { after }),
      }),
    )
    if (page === undefined) return
    yield* page.objects
    after = page.next
  } while (after !== undefined)
}
