/** Archives that were fetched before, by their digests. What is in it was right when it came; who unpacks it checks again. */
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { toHex } from '#bytes/text'
import { fileFault } from '#cli/local-file'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { openDigest } from '#crypto/digest'
import { formatDigest } from '#library/tree-digest'

export interface WantedArchive {
  /** `@scope/name@version`, for people. */
  readonly label: string
  /** SHA-256: 32 bytes. */
  readonly digest: Uint8Array
}

/** Where it lies, or would. */
export function cachedPath(cache: string, digest: Uint8Array): string {
  const hex = toHex(digest)
  return join(cache, 'archives', 'sha256', hex.slice(0, 2), `${hex}.tar.gz`)
}

export async function isCached(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true
}

export function readCached(path: string): AsyncIterable<Uint8Array> {
  return createReadStream(path)
}

/** It has its name only when all of it has come, and is right. `mdlibs/damaged`, `cli/file-unusable`, `cli/disk-full` */
export async function cacheArchive(
  path: string,
  { label, digest }: WantedArchive,
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${process.pid}.part`
  const hash = openDigest('sha256')
  try {
    await makeDirectory(dirname(path))
    await using file = await open(temporary, 'w', 0o644).catch((cause) => {
      throw fileFault(temporary, cause)
    })
    for await (const piece of source) {
      hash.update(piece)
      await file.writeFile(piece).catch((cause) => {
        throw fileFault(temporary, cause)
      })
    }
    const found = hash.digest()
    if (Buffer.compare(found, digest) !== 0) throw differs(label, { found, digest })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Of a cache that somebody has written into, or whose disk fails. */
export async function dropCached(path: string): Promise<void> {
  await rm(path, { force: true })
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause) => {
    throw fileFault(path, cause)
  })
}

function differs(
  library: string,
  { found, digest }: { readonly found: Uint8Array; readonly digest: Uint8Array },
): Error {
  const reason = `the archive that came has the digest ${formatDigest(found)}, and should have ${formatDigest(digest)}`
  const next =
    'Somebody changed it on the registry or on its way: do not use it before you know why.'
  return mdlibsFault('mdlibs/damaged', { library, reason, next })
}
