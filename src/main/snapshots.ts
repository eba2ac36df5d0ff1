/** Snapshots of the metadata, stored through the chunk store itself. */

import { liveSnapshots } from '#changelog/snapshot-room'
import { type SnapshotBlobs, type SnapshotReport, takeSnapshot } from '#changelog/take-snapshot'
import type { OpenedStore } from '#main/store'
import { type BlobDescriptor, readBlob, removeBlob, writeBlob } from '#store/blobs'
import type { ChunkStore } from '#store/chunk-store'
import { listBlobOwners } from '#store/tables'

/** Changes that taking one records: its blob, that it is taken, and that former ones are retired. */
const changesOfTaking = 3

/** Takes one; then the blobs of former ones, and of attempts that failed, become garbage. `recorded`: how many changes all this took. */
export async function snapshot(
  {
    sql,
    changelog,
    changelogOptions,
    store,
    safestProfile,
  }: Pick<OpenedStore, 'sql' | 'changelog' | 'changelogOptions' | 'store' | 'safestProfile'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<SnapshotReport & { readonly recorded: number }> {
  const report = await takeSnapshot({
    ...changelogOptions,
    changeLog: changelog,
    blobs: {
      write: (stream) =>
        writeBlob({ store, changelog, profile: safestProfile() }, stream, { signal }),
      read: blobReader(store, signal),
    },
  })
  const live = await liveSnapshots(sql)
  const kept = new Set(live.map(({ descriptor }) => (descriptor as BlobDescriptor).owner)) // written above
  const former = (await listBlobOwners(sql)).filter((owner) => !kept.has(owner))
  for (const owner of former) await removeBlob(changelog, { owner })
  return { ...report, recorded: changesOfTaking + former.length }
}

/** Reads blobs by what their descriptors say, database or not. */
export function blobReader(store: ChunkStore, signal: AbortSignal): SnapshotBlobs['read'] {
  return (descriptor) => readBlob(store, descriptor as BlobDescriptor, { signal }) // `writeBlob` made it
}
