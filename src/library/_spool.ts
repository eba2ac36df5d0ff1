/** Files that a stream is written to before anybody knows its digest. They are nobody's after a crash, and swept by age. */
import { posix } from 'node:path'
import { toHex } from '#bytes/text'
import type { Disk, DiskFile } from '#disk/disk'
import { isFault } from '#fault/fault'
import { hashed } from '#library/_incoming'
import type { BlobDigest } from '#library/archive-store'
import type { World } from '#world/world'

export const incomingDirectory = 'incoming'
const nameBytes = 16
/** What a file is read in. */
const readBytes = 256 * 1024

export interface Spooled {
  readonly path: string
  readonly digest: BlobDigest
  readonly bytes: number
}

/** Written and hashed; synced when `isSynced`. A failure leaves nothing. */
export async function spool(
  { disk, world }: { readonly disk: Disk; readonly world: World },
  stream: AsyncIterable<Uint8Array>,
  { isSynced, signal }: { readonly isSynced: boolean; readonly signal: AbortSignal },
): Promise<Spooled> {
  const path = posix.join(incomingDirectory, toHex(world.randomBytes(nameBytes)))
  const file = await createBelow(disk, path)
  try {
    const passing = hashed(stream, signal)
    try {
      let at = 0
      for await (const piece of passing.stream) {
        await file.write(piece, at)
        at += piece.length
      }
      if (isSynced) await file.sync()
    } finally {
      await file.close()
    }
    return { path, ...passing.stored() }
  } catch (error) {
    await disk.remove(path).catch(() => {}) // the first failure is the one to tell
    throw error
  }
}

/** The directory is nearly always there, and making it sure costs a sync. */
async function createBelow(disk: Disk, path: string): Promise<DiskFile> {
  try {
    return await disk.create(path)
  } catch (error) {
    if (!isFault(error, 'disk/not-found')) throw error
    await disk.makeDirectory(posix.dirname(path))
    return await disk.create(path)
  }
}

/** How many there were. */
export async function sweepSpool(
  disk: Disk,
  olderThan: number,
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  let swept = 0
  for (const name of await disk.list(incomingDirectory)) {
    signal.throwIfAborted()
    const path = posix.join(incomingDirectory, name)
    const found = await disk.stat(path)
    if (found !== undefined && found.modifiedAt < olderThan && (await disk.remove(path))) swept += 1
  }
  return swept
}

/** `undefined` when there is none. */
export async function openIfThere(disk: Disk, path: string): Promise<DiskFile | undefined> {
  try {
    return await disk.open(path)
  } catch (error) {
    if (isFault(error, 'disk/not-found')) return undefined
    throw error
  }
}

/** Bytes `first` to `last`, inclusive. */
export async function* readFile(
  file: DiskFile,
  { first, last }: { readonly first: number; readonly last: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = first; at <= last; ) {
    signal.throwIfAborted()
    const piece = new Uint8Array(Math.min(readBytes, last + 1 - at))
    const bytes = await file.read(piece, at)
    if (bytes === 0) return
    yield piece.subarray(0, bytes)
    at += bytes
  }
}
