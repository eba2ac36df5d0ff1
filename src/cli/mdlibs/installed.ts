/** Libraries that lie in a project: a directory for each, with a marker that says which version it is and what its files were. */
import { createReadStream, type Dirent } from 'node:fs'

import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { toHex } from '#bytes/text'
import { fileFault } from '#cli/local-file'
import { openDigest } from '#crypto/digest'
import type { ArchiveFile } from '#library/archive-reader'
import { formatLibraryRef, parseLibraryRef } from '#library/name'
import { parseDigest, treeDigest } from '#library/tree-digest'

/** In each installed library; published ones cannot have it, as it is hidden. */
export const markerName = '.mdlibs-installed.json'

const hexDigest = z.string().regex(/^[0-9a-f]{64}$/)
const marker = z.object({
  library: z.string(),
  version: z.string(),
  registry: z.string(),
  digest: z.string(),
  tree: z.string(),
  installed_at: z.string(),
  /** SHA-256 by path: which file was changed can be told then. */
  files: z.record(z.string(), hexDigest),
})
export type Marker = z.infer<typeof marker>

export interface Installed {
  readonly library: string
  readonly directory: string
  readonly marker: Marker
}

/** `ROOT/@scope/name` */
export function placeOf(root: string, library: string): string {
  const { scope, name } = parseLibraryRef(library)
  return join(root, `@${scope}`, name)
}

/** By name. What has no marker is somebody else's. */
export async function findInstalled(root: string): Promise<readonly Installed[]> {
  const found: Installed[] = []
  for (const scope of await entriesOf(root)) {
    if (!scope.isDirectory() || !scope.name.startsWith('@')) continue
    for (const name of await entriesOf(join(root, scope.name))) {
      if (!name.isDirectory()) continue
      const directory = join(root, scope.name, name.name)
      const read = await readMarker(directory)
      const library = `${scope.name}/${name.name}`
      if (read !== undefined && read.library === library) {
        found.push({ library, directory, marker: read })
      }
    }
  }
  return found.sort((one, other) => (one.library < other.library ? -1 : 1))
}

/** `undefined` when there is none, or none that can be read. */
export async function readMarker(directory: string): Promise<Marker | undefined> {
  const text = await readFile(join(directory, markerName), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    const read = marker.parse(JSON.parse(text))
    formatLibraryRef(parseLibraryRef(read.library))
    return read
  } catch {
    return undefined
  }
}

export async function writeMarker(directory: string, content: Marker): Promise<void> {
  const path = join(directory, markerName)
  await writeFile(path, `${JSON.stringify(content, undefined, 1)}\n`).catch((cause) => {
    throw fileFault(path, cause)
  })
}

export interface FileChange {
  readonly path: string
  readonly change: 'changed' | 'added' | 'missing'
}

/**
 * What is other than it was installed. `undefined` when the marker itself is not of this tree: then only a new installation helps. `tree`: what
 * it must be.
 */
export async function changesOf(
  directory: string,
  { marker: { files }, tree }: { readonly marker: Marker; readonly tree: Uint8Array },
): Promise<readonly FileChange[] | undefined> {
  const promised = Object.entries(files).map(([path, hex]) => ({
    path,
    sha256: Uint8Array.fromHex(hex),
  }))
  if (Buffer.compare(treeDigest(promised), tree) !== 0) return undefined
  const there = await hashFiles(directory)
  const changes: FileChange[] = []
  for (const [path, hex] of Object.entries(files)) {
    const found = there.get(path)
    if (found === undefined) changes.push({ path, change: 'missing' })
    else if (found !== hex) changes.push({ path, change: 'changed' })
  }
  for (const path of there.keys()) {
    if (!Object.hasOwn(files, path)) changes.push({ path, change: 'added' })
  }
  return changes.sort((one, other) => (one.path < other.path ? -1 : 1))
}

/** The same, of what the marker itself says. */
export async function localChanges({
  directory,
  marker: content,
}: Installed): Promise<readonly FileChange[] | undefined> {
  const tree = parseDigest(content.tree)
  return tree === undefined ? undefined : await changesOf(directory, { marker: content, tree })
}

export function filesOf(files: readonly ArchiveFile[]): Marker['files'] {
  return Object.fromEntries(files.map(({ path, sha256 }) => [path, toHex(sha256)]))
}

/** SHA-256 in hex by path; what is no file is one of no digest. */
async function hashFiles(root: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const visit = async (below: string): Promise<void> => {
    for (const entry of await entriesOf(join(root, below))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (path === markerName) continue
      if (entry.isDirectory()) await visit(path)
      else found.set(path, entry.isFile() ? await hashFile(join(root, path)) : '')
    }
  }
  await visit('')
  return found
}

async function hashFile(path: string): Promise<string> {
  const hash = openDigest('sha256')
  try {
    for await (const piece of createReadStream(path)) hash.update(piece)
  } catch (cause) {
    throw fileFault(path, cause)
  }
  return toHex(hash.digest())
}

async function entriesOf(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true })
  } catch (cause) {
    if ((await stat(path).catch(() => undefined)) === undefined) return []
    throw fileFault(path, cause)
  }
}
