/**
 * A download under way: a file beside its target, named after the target and the version that is fetched, so that the next run goes on with the same
 * version or not at all. It gets the final name only when it is whole.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileFault, partialSuffix, readFileBytes } from '#cli/local-file'
import { openDigest } from '#crypto/digest'

/** File systems take 255 bytes; a character may take four of them. */
const shownCharacters = 40

export function partialPath(target: string, etag: string): string {
  const digest = openDigest('sha256')
  digest.update(new TextEncoder().encode(`${basename(target)}\0${etag}`))
  const mark = Buffer.from(digest.digest()).toString('hex').slice(0, 16)
  const shown = basename(target).slice(0, shownCharacters)
  return join(dirname(target), `.${shown}.${mark}${partialSuffix}`)
}

export interface PartialFile extends AsyncDisposable {
  readonly path: string
  /** What is there. */
  bytes(): number
  /** What is there, from the beginning. */
  read(signal: AbortSignal): AsyncGenerator<Uint8Array>
  append(bytes: Uint8Array): Promise<void>
  /** Throws away what is there. */
  clear(): Promise<void>
}

/** Creates it, and the directories above it, or goes on with what an earlier run left. `cli/file-unusable`, `cli/disk-full`. */
export async function openPartial(path: string): Promise<PartialFile> {
  const file = await openFile(path)
  let { size } = await file.stat()
  return {
    path,
    bytes: () => size,
    read: (signal) => readFileBytes({ path, bytes: size }, signal),
    append: async (bytes) => {
      try {
        for (let offset = 0; offset < bytes.length; ) {
          const rest = bytes.subarray(offset)
          const { bytesWritten } = await file.write(rest, 0, rest.length, size)
          offset += bytesWritten
          size += bytesWritten
        }
      } catch (cause) {
        throw fileFault(path, cause)
      }
    },
    clear: async () => {
      await file.truncate(0)
      size = 0
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    await mkdir(dirname(path), { recursive: true })
    return await open(path, 'a+')
  } catch (cause) {
    throw fileFault(path, cause)
  }
}

/** After this the target is the whole new file, or what it was. */
export async function moveInto(target: string, path: string): Promise<void> {
  try {
    await rename(path, target)
  } catch (cause) {
    throw fileFault(target, cause)
  }
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
}
