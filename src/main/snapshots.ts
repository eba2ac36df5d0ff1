/** Snapshots of the metadata, stored through the chunk store itself. */

import { liveSnapshots } from '#changelog/snapshot-room'
import { type SnapshotBlobs, type SnapshotReport, takeSnapshot } from '#changelog/take-snapshot'
import { rooms } from '#main/rooms'
import type { OpenedStore } from '#main/store'
import { type BlobDescriptor, readBlob, removeBlob, writeBlob } from '#store/blobs'
import type { ChunkStore } from '#store/chunk-store'
import { listBlobOwners } from '#store/tables'

/** Takes one; then the blobs of former ones, and of attempts that failed, become garbage. */
export async function snapshot(
  {
    sql,
    changelog,
    changelogOptions,
    store,
    profile,
  }: Pick<OpenedStore, 'sql' | 'changelog' | 'changelogOptions' | 'store' | 'profile'>,
  { signal }: { readonly signal: AbortSignal },
): Promise<SnapshotReport> {
  const report = await takeSnapshot({
    ...changelogOptions,
    changeLog: changelog,
    rooms,
    blobs: {
      write: (stream) => writeBlob({ store, changelog, profile }, stream, { signal }),
      read: blobReader(store, signal),
    },
  })
  const live = await liveSnapshots(sql)
  const kept = new Set(live.map(({ descriptor }) => (descriptor as BlobDescriptor).owner)) // written above
  for (const owner of await listBlobOwners(sql)) {
    if (!kept.has(owner)) await removeBlob(changelog, { owner })
  }
  return report
}

/** Reads blobs by what their descriptors say, database or not. */
export function blobReader(store: ChunkStore, signal: AbortSignal): SnapshotBlobs['read'] {
  return (descriptor) => readBlob(store, descriptor as BlobDescriptor, { signal }) // `writeBlob` made it
}
