/** A library as an archive: which of its files, in which bytes. The same files always give the same archive. */
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TomlValue } from 'smol-toml'
import { fileFault, readFileBytes } from '#cli/local-file'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { editToml } from '#cli/mdlibs/toml-edit'
import { type FileToPack, packArchive } from '#library/archive-writer'
import { type ChosenFiles, chooseFiles } from '#library/choose-files'
import { type Inspection, inspectArchive } from '#library/inspect-archive'
import { type Manifest, manifestPath, parseManifest } from '#library/manifest'

/** What flags say instead of the manifest; it is so in the archive, and the file stays as it is. */
export interface ManifestChanges {
  readonly version: string | undefined
  readonly description: string | undefined
  readonly tags: readonly string[] | undefined
}

export interface PackOptions {
  readonly root: string
  readonly changes: ManifestChanges
  readonly allowsScripts: boolean
  /** Looks for what a registry would complain about. */
  readonly scans: boolean
}

export interface PackedLibrary extends AsyncDisposable {
  readonly manifest: Manifest
  readonly inspection: Inspection
  /** Sentences. */
  readonly warnings: readonly string[]
  readonly left: ChosenFiles['left']
  /** Links and what else has no bytes of its own. */
  readonly passedOver: readonly string[]
  /** From its first byte, as often as it is wanted. */
  open(): AsyncIterable<Uint8Array>
}

/**
 * Of the library at `root`, in a file that is gone when it is disposed. `mdlibs/no-project`, `library/malformed-manifest`, `library/archive-refused`,
 * `library/archive-too-large`, `cli/file-changed`
 */
export async function packLibrary(
  context: MdlibsContext,
  { root, changes, allowsScripts, scans }: PackOptions,
): Promise<PackedLibrary> {
  const { signal } = context
  const text = await readManifest(root, changes)
  const { manifest, warnings } = parseManifest(text)
  const found = await findPaths(root)
  const { chosen, left } = chooseFiles(found.paths, { ...manifest, allowsScripts })
  const files = await Promise.all(
    chosen.map((path) => fileToPack(root, { path, manifest: text, signal })),
  )
  const { cache } = (await context.settings()).places
  await mkdir(cache, { recursive: true }).catch((cause) => {
    throw fileFault(cache, cause)
  })
  const directory = await mkdtemp(join(cache, 'pack-'))
  const path = join(directory, 'archive.tar.gz')
  try {
    await writeAll(path, packArchive(files, { signal }))
    const read = (): AsyncIterable<Uint8Array> => createReadStream(path)
    const inspection = await inspectArchive(read(), { allowsScripts, scans, signal })
    return {
      ...{ manifest, inspection, warnings, left, passedOver: found.passedOver, open: read },
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    }
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function readManifest(root: string, changes: ManifestChanges): Promise<string> {
  const path = join(root, manifestPath)
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') throw mdlibsFault('mdlibs/no-project', { directory: root })
    throw fileFault(path, cause)
  })
  parseManifest(text) // what is wrong with it is told before it is changed
  const table = ['library']
  return Object.entries(changes).reduce<string>(
    (changed, [key, value]: readonly [string, TomlValue | undefined]) =>
      value === undefined ? changed : editToml(changed, { kind: 'set', table, key, value }),
    text,
  )
}

/** Of what is never published anyway, not even the names are read. */
const passedBy = new Set(['.git', '.hg', '.svn', 'node_modules'])

async function findPaths(
  root: string,
): Promise<{ readonly paths: readonly string[]; readonly passedOver: readonly string[] }> {
  const paths: string[] = []
  const passedOver: string[] = []
  const visit = async (directory: string): Promise<void> => {
    const entries = await readdir(join(root, directory), { withFileTypes: true }).catch((cause) => {
      throw fileFault(join(root, directory), cause)
    })
    for (const entry of entries) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.isFile()) paths.push(path)
      else if (entry.isDirectory()) {
        if (!passedBy.has(entry.name)) await visit(path)
      } else passedOver.push(path)
    }
  }
  await visit('')
  return { paths, passedOver: passedOver.sort() }
}

async function fileToPack(
  root: string,
  {
    path,
    manifest,
    signal,
  }: { readonly path: string; readonly manifest: string; readonly signal: AbortSignal },
): Promise<FileToPack> {
  if (path === manifestPath) {
    const bytes = new TextEncoder().encode(manifest)
    return { path, bytes: bytes.length, open: () => once(bytes) }
  }
  const absolute = join(root, ...path.split('/'))
  const { size } = await stat(absolute).catch((cause) => {
    throw fileFault(absolute, cause)
  })
  return { path, bytes: size, open: () => readFileBytes({ path: absolute, bytes: size }, signal) }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function writeAll(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  await using file = await open(path, 'wx', 0o600).catch((cause) => {
    throw fileFault(path, cause)
  })
  for await (const piece of pieces) {
    await file.writeFile(piece).catch((cause) => {
      throw fileFault(path, cause)
    })
  }
}
