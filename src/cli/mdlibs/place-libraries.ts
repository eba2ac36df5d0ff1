/**
 * Makes the installed libraries what the lock file says. Everything is fetched, checked and unpacked beside the place first; only then directories
 * change their names. Whatever fails before that changes nothing, and a run that is cut short between two of them is mended by the next.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileFault } from '#cli/local-file'
import {
  cacheArchive,
  cachedPath,
  dropCached,
  isCached,
  readCached,
} from '#cli/mdlibs/archive-cache'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import {
  changesOf,
  filesOf,
  findInstalled,
  type Installed,
  localChanges,
  placeOf,
  readMarker,
  writeMarker,
} from '#cli/mdlibs/installed'
import { pathOf } from '#cli/mdlibs/library-spec'
import { type Registries, registryLanes } from '#cli/mdlibs/resolve-libraries'
import { newProgress, type Progress, showProgress } from '#cli/progress'
import { isFault } from '#fault/fault'
import type { ArchiveFile } from '#library/archive-reader'
import { type ExtractOptions, extractArchive } from '#library/extract-archive'
import type { LockedLibrary } from '#library/lock-file'
import { manifestPath, parseManifest } from '#library/manifest'
import { parseLibraryRef } from '#library/name'
import { formatDigest, treeDigest as treeDigestOf } from '#library/tree-digest'
import { inLanes } from '#stream/lanes'

export interface PlaceOptions {
  readonly registries: Registries
  /** All that are to be there. */
  readonly libraries: readonly LockedLibrary[]
  /** The directory of libraries. */
  readonly root: string
  /** Replace what was changed here, or is not ours. */
  readonly isForced: boolean
  /** Files of kinds that run, where a registry takes them; they are installed without the right to. */
  readonly allowsScripts: boolean
}

export interface Placed {
  readonly library: string
  readonly version: string
  readonly place: string
  readonly outcome: 'installed' | 'updated' | 'kept' | 'removed'
}

/** `mdlibs/changed-locally`, `mdlibs/damaged`, what archives are refused for, and as `RegistryApi.download` */
export async function placeLibraries(
  context: MdlibsContext,
  { registries, libraries, root, isForced, allowsScripts }: PlaceOptions,
): Promise<readonly Placed[]> {
  const there = await findInstalled(root)
  const surplus = there.filter((one) => libraries.every(({ library }) => library !== one.library))
  const fresh: LockedLibrary[] = []
  const placed: Placed[] = []
  for (const locked of libraries) {
    const place = placeOf(root, locked.library)
    if (await isAsLocked(place, locked)) placed.push(outcomeOf(locked, { place, outcome: 'kept' }))
    else fresh.push(locked)
  }
  if (!isForced) {
    for (const { library } of fresh) await refuseLoss(context, placeOf(root, library))
    for (const { directory } of surplus) await refuseLoss(context, directory)
  }
  await fetchArchives(context, { registries, libraries: fresh })
  if (fresh.length > 0 || surplus.length > 0) {
    placed.push(...(await exchange(context, { root, fresh, surplus, allowsScripts })))
  }
  return placed.sort((one, other) => (one.library < other.library ? -1 : 1))
}

/** True when it is there, byte for byte. */
async function isAsLocked(place: string, locked: LockedLibrary): Promise<boolean> {
  const marker = await readMarker(place)
  if (marker === undefined || marker.library !== locked.library) return false
  if (marker.version !== locked.version || marker.digest !== formatDigest(locked.digest))
    return false
  const changes = await changesOf(place, { marker, tree: locked.treeDigest })
  return changes?.length === 0
}

/** `mdlibs/changed-locally` */
async function refuseLoss({ directory }: MdlibsContext, place: string): Promise<void> {
  if ((await stat(place).catch(() => undefined)) === undefined) return
  const path = relative(directory, place)
  const marker = await readMarker(place)
  const refuse = (reason: string): never => {
    throw mdlibsFault('mdlibs/changed-locally', { path, reason })
  }
  if (marker === undefined) {
    if ((await readdir(place)).length === 0) return
    return refuse('mdlibs did not put it there')
  }
  const changes = await localChanges({ library: marker.library, directory: place, marker })
  const [first, ...others] = changes ?? []
  if (changes === undefined) return refuse('its marker was changed')
  if (first === undefined) return
  const more = others.length === 0 ? '' : `, and ${others.length} more`
  refuse(`${first.path} in it was ${first.change}${more}`)
}

/** Into the cache. `mdlibs/damaged`, and as `RegistryApi.download` */
export async function fetchArchives(
  context: MdlibsContext,
  { registries, libraries }: Pick<PlaceOptions, 'registries' | 'libraries'>,
): Promise<void> {
  const { cache } = (await context.settings()).places
  const missing: LockedLibrary[] = []
  for (const locked of libraries) {
    if (!(await isCached(cachedPath(cache, locked.digest)))) missing.push(locked)
  }
  const progress = newProgress('Downloading', { filesTotal: missing.length })
  await showing(context, progress, () =>
    inLanes(missing, registryLanes, async (locked) => {
      await fetchOne(context, { registries, locked, progress })
      progress.filesDone += 1
    }),
  )
}

async function fetchOne(
  context: MdlibsContext,
  {
    registries,
    locked,
    progress,
  }: {
    readonly registries: Registries
    readonly locked: LockedLibrary
    readonly progress?: Progress
  },
): Promise<void> {
  const { cache } = (await context.settings()).places
  const { library, version, digest } = locked
  const api = await registries.forLocked(locked)
  const pieces = api.download(pathOf(parseLibraryRef(library), version, 'download'))
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      if (progress !== undefined) progress.bytesMoved += piece.length
      yield piece
    }
  }
  const label = `${library}@${version}`
  await cacheArchive(cachedPath(cache, digest), { label, digest }, counted())
}

interface Exchange {
  readonly root: string
  readonly fresh: readonly LockedLibrary[]
  readonly surplus: readonly Installed[]
  readonly allowsScripts: boolean
}

async function exchange(
  context: MdlibsContext,
  { root, fresh, surplus, allowsScripts }: Exchange,
): Promise<readonly Placed[]> {
  await makeDirectory(root)
  await removeLeftovers(root, context.world.now())
  const staging = await mkdtemp(join(root, stagingPrefix)).catch((cause) => {
    throw fileFault(root, cause)
  })
  try {
    for (const locked of fresh) await unpack(context, { staging, locked, allowsScripts })
    context.signal.throwIfAborted()
    const placed: Placed[] = []
    for (const locked of fresh) placed.push(await moveIn({ root, staging, locked }))
    for (const one of surplus) placed.push(await moveOut({ staging, one }))
    return placed
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Archives of the cache that turn out to be damaged are fetched once more, by the next run. */
async function unpack(
  { settings, world, signal }: MdlibsContext,
  {
    staging,
    locked,
    allowsScripts,
  }: {
    readonly staging: string
    readonly locked: LockedLibrary
    readonly allowsScripts: boolean
  },
): Promise<void> {
  const { library, version, digest, treeDigest, registry } = locked
  const path = cachedPath((await settings()).places.cache, digest)
  const directory = placeOf(staging, library)
  await makeDirectory(dirname(directory))
  const files = await extractCached(path, { library, directory, digest, allowsScripts, signal })
  const isOther = await isOfAnother(directory, locked)
  if (isOther || Buffer.compare(treeDigestOf(files), treeDigest) !== 0) {
    const reason =
      'the archive is of another library or version, or its files are not those that were promised'
    throw mdlibsFault('mdlibs/damaged', { library: `${library}@${version}`, reason })
  }
  await writeMarker(directory, {
    ...{ library, version, registry },
    digest: formatDigest(digest),
    tree: formatDigest(treeDigest),
    installed_at: new Date(world.now()).toISOString(),
    files: filesOf(files),
  })
}

async function extractCached(
  path: string,
  { library, ...options }: ExtractOptions & { readonly library: string },
): Promise<readonly ArchiveFile[]> {
  try {
    return await extractArchive(readCached(path), options)
  } catch (error) {
    if (!isFault(error)) throw fileFault(options.directory, error)
    if (!isFault(error, 'library/digest-differs')) throw error
    await dropCached(path)
    const reason = 'its archive in the cache was damaged'
    const next = 'It was thrown away: run the command again.'
    throw mdlibsFault('mdlibs/damaged', { library, reason, next }, error)
  }
}

/** A signature is over a name, but it is the manifest that people read. */
async function isOfAnother(
  directory: string,
  { library, version }: LockedLibrary,
): Promise<boolean> {
  const { manifest } = parseManifest(await readFile(join(directory, manifestPath), 'utf8'))
  const ref = parseLibraryRef(library)
  return (
    manifest.name !== ref.name ||
    manifest.version !== version ||
    (manifest.scope ?? ref.scope) !== ref.scope
  )
}

async function moveIn({
  root,
  staging,
  locked,
}: {
  readonly root: string
  readonly staging: string
  readonly locked: LockedLibrary
}): Promise<Placed> {
  const place = placeOf(root, locked.library)
  await makeDirectory(dirname(place))
  const isThere = await moveAway(place, { staging })
  await rename(placeOf(staging, locked.library), place).catch((cause) => {
    throw fileFault(place, cause)
  })
  return outcomeOf(locked, { place, outcome: isThere ? 'updated' : 'installed' })
}

async function moveOut({
  staging,
  one: { library, directory, marker },
}: {
  readonly staging: string
  readonly one: Installed
}): Promise<Placed> {
  await moveAway(directory, { staging })
  await rmdir(dirname(directory)).catch(() => {}) // the scope, if nothing else is in it
  return { library, version: marker.version, place: directory, outcome: 'removed' }
}

const stagingPrefix = '.mdlibs-'
/** Nobody unpacks for so long. */
const leftoverMs = 24 * 3_600_000

/** Of runs that were killed. */
async function removeLeftovers(root: string, now: number): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(stagingPrefix)) continue
    const path = join(root, name)
    const facts = await stat(path).catch(() => undefined)
    const isOld = facts !== undefined && now - facts.mtimeMs > leftoverMs
    if (isOld) await rm(path, { recursive: true, force: true })
  }
}

/** Whether there was something. */
async function moveAway(
  place: string,
  { staging }: { readonly staging: string },
): Promise<boolean> {
  if ((await stat(place).catch(() => undefined)) === undefined) return false
  const target = await mkdtemp(join(staging, 'former-'))
  await rename(place, join(target, 'library')).catch((cause) => {
    throw fileFault(place, cause)
  })
  return true
}

function outcomeOf(
  { library, version }: LockedLibrary,
  { place, outcome }: Pick<Placed, 'place' | 'outcome'>,
): Placed {
  return { library, version, place, outcome }
}

async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause) => {
    throw fileFault(path, cause)
  })
}

/** With `--quiet` nothing is drawn either. */
export function showing<Result>(
  { terminal, world, isJson, isQuiet }: MdlibsContext,
  progress: Progress,
  work: () => Promise<Result>,
): Promise<Result> {
  return showProgress({ terminal, world, isJson: isJson || isQuiet }, progress, work)
}
