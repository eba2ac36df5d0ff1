/** Unpacks an archive on a client's disk. */
import { type FileHandle, mkdir, mkdtemp, open, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { openDigest } from '#crypto/digest'
import { archiveFault } from '#library/archive-faults'
import { type ArchiveFile, type ReadOptions, readArchive } from '#library/archive-reader'
import { formatDigest } from '#library/tree-digest'

export interface ExtractOptions extends ReadOptions {
  readonly directory: string
  /** What the archive must be: 32 bytes. */
  readonly digest: Uint8Array
}

const fileMode = 0o644

/**
 * Checks all of it while it unpacks into a fresh directory beside `directory`, which it renames at the end; `directory` must not exist, or be empty. Whatever
 * fails, nothing of it stays. `library/digest-differs` when the bytes are not of `digest`; faults of `readArchive`. Nothing is synced: who installs again after
 * a power cut gets the same bytes.
 */
export async function extractArchive(
  source: AsyncIterable<Uint8Array>,
  { directory, digest, ...options }: ExtractOptions,
): Promise<readonly ArchiveFile[]> {
  await mkdir(dirname(directory), { recursive: true })
  const fresh = await mkdtemp(join(dirname(directory), `.${basename(directory)}-`))
  try {
    const sum = openDigest('sha256')
    const files = await unpackInto(fresh, readArchive(hashed(source, sum), options))
    const found = sum.digest()
    if (Buffer.compare(found, digest) !== 0)
      throw archiveFault('library/digest-differs', {
        found: formatDigest(found),
        expected: formatDigest(digest),
      })
    await rmdir(directory).catch(ignoreAbsence)
    await rename(fresh, directory)
    return files
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true })
    throw cause
  }
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  sum: { update(bytes: Uint8Array): void },
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of source) {
    sum.update(piece)
    yield piece
  }
}

/** Paths were checked: each lies below `fresh`, which nobody else knows, and no two are the same file. */
async function unpackInto(
  fresh: string,
  events: ReturnType<typeof readArchive>,
): Promise<readonly ArchiveFile[]> {
  const files: ArchiveFile[] = []
  let file: FileHandle | undefined
  try {
    for await (const event of events) {
      if (event.kind === 'file') {
        const path = join(fresh, ...event.path.split('/'))
        await mkdir(dirname(path), { recursive: true })
        file = await open(path, 'wx', fileMode)
      } else if (event.kind === 'bytes') await file?.writeFile(event.bytes)
      else {
        await file?.close()
        file = undefined
        files.push(event.file)
      }
    }
  } finally {
    await file?.close()
  }
  return files
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
