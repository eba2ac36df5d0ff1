/**
 * What an LMDB file says of itself, read before LMDB does: it ends the process, instead of throwing, when it is given a file that is none, or one
 * that is shorter than its tree. The two roots, one page each, are laid out as in `MDB_meta` of its data version 2 on 64-bit machines.
 */
import type { Disk } from '#disk/disk'
import { lmdbPageBytes } from '#shard/_lmdb-path'
import { shardFault } from '#shard/faults'

const roots = 2
const magic = 0xbeef_c0de
const version = 2

/** `shard/truncated` for a file that is gone, is none of LMDB's, or lacks its end. */
export async function requireWholeFile(
  disk: Disk,
  { path, node }: { readonly path: string; readonly node: string },
): Promise<void> {
  const foundBytes = (await disk.stat(path))?.bytes ?? 0
  const wantedBytes = foundBytes === 0 ? undefined : await wantedBytesOf(disk, path)
  if (wantedBytes === undefined)
    throw shardFault('shard/truncated', { node, reason: 'no LMDB file', foundBytes })
  if (foundBytes < wantedBytes)
    throw shardFault('shard/truncated', { node, wantedBytes, foundBytes })
}

/** How long the file has to be for the newer of its roots; `undefined` when there is none. */
async function wantedBytesOf(disk: Disk, path: string): Promise<number | undefined> {
  const head = new Uint8Array(roots * lmdbPageBytes)
  const file = await disk.open(path)
  try {
    if ((await file.read(head, 0)) < head.length) return undefined
  } finally {
    await file.close()
  }
  const found = Array.from({ length: roots }, (_, page) =>
    readRoot(new DataView(head.buffer, page * lmdbPageBytes, lmdbPageBytes)),
  )
  const [first, second] = found
  if (first === undefined || second === undefined) return undefined
  const { lastPage } = first.transaction > second.transaction ? first : second
  return (Number(lastPage) + 1) * lmdbPageBytes
}

function readRoot(page: DataView): { lastPage: bigint; transaction: bigint } | undefined {
  const isRoot =
    page.getUint32(24, true) === magic &&
    page.getUint16(28, true) === version &&
    page.getUint32(48, true) === lmdbPageBytes
  if (!isRoot) return undefined
  return { lastPage: page.getBigUint64(144, true), transaction: page.getBigUint64(152, true) }
}
