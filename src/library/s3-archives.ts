/** Archives in a bucket of any S3: a stream waits in a local file until its digest is known, and is then sent to where that says. */
import type { Disk } from '#disk/disk'
import { isFault } from '#fault/fault'
import { openIfThere, readFile, spool, sweepSpool } from '#library/_spool'
import { type ArchiveStore, type BlobDigest, blobOfPath, pathOfBlob } from '#library/archive-store'
import { deleteObject } from '#s3/delete'
import type { Endpoint } from '#s3/endpoint'
import { headObject, type ObjectFacts, type ObjectName } from '#s3/head'
import { listObjects } from '#s3/list'
import { readObject } from '#s3/read'
import { sendStream } from '#s3/send-stream'
import type { World } from '#world/world'

export interface S3ArchivesOptions {
  readonly endpoint: Endpoint
  readonly bucket: string
  /** Before every key; empty, or ends with a slash. */
  readonly prefix: string
  /** For what waits; nothing in it outlives the process on purpose. */
  readonly spoolDisk: Disk
  readonly world: World
}

/** Of what is larger, parts; two of them are in memory. */
const partBytes = 8 * 2 ** 20

/** A header tells the time of an object in whole seconds: it may be as much younger. */
const headRoundsMs = 1_000

export function s3Archives(options: S3ArchivesOptions): ArchiveStore {
  const { endpoint, bucket, prefix, spoolDisk: disk, world } = options
  const nameOf = (digest: BlobDigest): ObjectName => ({
    bucket,
    key: `${prefix}${pathOfBlob(digest)}`,
  })
  return {
    name: `${endpoint.url}/${bucket}/${prefix}`,
    async store(stream, { admit, signal }) {
      const { path, digest, bytes } = await spool({ disk, world }, stream, {
        isSynced: false,
        signal,
      })
      try {
        world.passing('library/archive-written')
        await admit?.({ digest, bytes })
        await send(options, { path, bytes, name: nameOf(digest) }, signal)
        return { digest, bytes }
      } finally {
        await disk.remove(path).catch(() => {}) // what is left is swept
      }
    },
    async open(digest, { signal: opening }) {
      const facts = await factsIfThere(endpoint, nameOf(digest), opening)
      if (facts === undefined) return undefined
      return {
        bytes: facts.bytes,
        read: (range, { signal }) =>
          readObject(endpoint, nameOf(digest), facts, {
            ...(range === undefined ? {} : { from: range.first, until: range.last + 1 }),
            signal,
          }),
        release() {},
      }
    },
    async remove(digest, { storedBefore, signal }) {
      const facts = await factsIfThere(endpoint, nameOf(digest), signal)
      if (facts === undefined || facts.modifiedAt.getTime() + headRoundsMs >= storedBefore)
        return false
      await deleteObject(endpoint, nameOf(digest), { signal })
      return true
    },
    async *list({ signal }) {
      for await (const { key, bytes, modifiedAt } of listObjects(endpoint, bucket, {
        prefix: `${prefix}sha256/`,
        signal,
      })) {
        const digest = blobOfPath(key.slice(prefix.length))
        if (digest !== undefined) yield { digest, bytes, storedAt: modifiedAt.getTime() }
      }
    },
    sweepTemporary: (olderThan, sweeping) => sweepSpool(disk, olderThan, sweeping),
    async check({ signal }) {
      const looked = listObjects(endpoint, bucket, { prefix, pageKeys: 1, signal })
      await looked.next()
      await looked.return()
    },
  }
}

async function send(
  { endpoint, spoolDisk }: S3ArchivesOptions,
  {
    path,
    bytes,
    name,
  }: { readonly path: string; readonly bytes: number; readonly name: ObjectName },
  signal: AbortSignal,
): Promise<void> {
  const file = await openIfThere(spoolDisk, path)
  if (file === undefined) throw new Error(`${path} was taken away while it was sent`)
  try {
    await sendStream(endpoint, name, readFile(file, { first: 0, last: bytes - 1 }, signal), {
      bytes,
      partBytesOf: () => partBytes,
      lanes: 1,
      isRepeatable: false,
      onKept: () => {},
      onSent: () => {},
      beforeEnd: async () => {},
      signal,
    })
  } finally {
    await file.close()
  }
}

async function factsIfThere(
  endpoint: Endpoint,
  name: ObjectName,
  signal: AbortSignal,
): Promise<ObjectFacts | undefined> {
  try {
    return await headObject(endpoint, name, { signal })
  } catch (error) {
    if (isFault(error, 'endpoint/no-such-key')) return undefined
    throw error
  }
}
