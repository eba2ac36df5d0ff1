/** `mdlibs install`, `update @scope/name`, `uninstall` and `ci`: what is wanted changes, or stays; the rest follows from it. */
import { relative, resolve } from 'node:path'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { type LibrarySpec, parseSpec } from '#cli/mdlibs/library-spec'
import { type Placed, placeLibraries } from '#cli/mdlibs/place-libraries'
import { isLockCurrent, lockOf, type Project, readProject, writeProject } from '#cli/mdlibs/project'
import { Registries, resolveLibraries, resolveTag } from '#cli/mdlibs/resolve-libraries'
import { give } from '#cli/mdlibs/say'
import { plural } from '#cli/units'
import type { LockFile } from '#library/lock-file'
import { isDistTag, parseRange } from '#library/range'

export interface InstallOptions {
  /** Instead of the directory in the settings. */
  readonly path: string | undefined
  readonly isForced: boolean
  readonly allowsScripts: boolean
}

/** Those that are named, and all that the project asks for. */
export async function install(
  context: MdlibsContext,
  texts: readonly string[],
  options: InstallOptions,
): Promise<void> {
  const specs = texts.map(parseSpec)
  using _held = await context.holdProject()
  const project = await readProject(context)
  const registries = new Registries(context)
  const wanted = new Map(project.wanted)
  const released = new Set<string>()
  for (const spec of specs) {
    const range = await rangeFor(spec, { registries, former: project.wanted.get(spec.library) })
    if (wanted.get(spec.library) !== range) released.add(spec.library)
    wanted.set(spec.library, range)
  }
  const lock =
    isLockCurrent(project) && released.size === 0
      ? lockOf(project)
      : await resolveLibraries(context, { registries, wanted, lock: project.lock, released })
  await settle(context, { project, registries, lock, options })
}

/** To the newest version that what the project asks for allows. */
export async function updateLibraries(
  context: MdlibsContext,
  texts: readonly string[],
  options: InstallOptions,
): Promise<void> {
  const specs = texts.map(parseSpec)
  if (specs.some(({ wanted }) => wanted !== undefined))
    return await install(context, texts, options)
  using _held = await context.holdProject()
  const project = await readProject(context)
  const known = new Set(project.lock?.libraries.map(({ library }) => library))
  for (const { library } of specs) {
    if (!known.has(library)) throw mdlibsFault('mdlibs/not-installed', { library })
  }
  const registries = new Registries(context)
  const released = specs.length === 0 ? known : new Set(specs.map(({ library }) => library))
  const { wanted, lock } = project
  const resolved = await resolveLibraries(context, { registries, wanted, lock, released })
  await settle(context, { project, registries, lock: resolved, options })
}

export async function uninstall(
  context: MdlibsContext,
  texts: readonly string[],
  options: InstallOptions,
): Promise<void> {
  using _held = await context.holdProject()
  const project = await readProject(context)
  const wanted = new Map(project.wanted)
  for (const { library } of texts.map(parseSpec)) {
    if (!wanted.delete(library)) throw mdlibsFault('mdlibs/not-installed', { library })
  }
  const registries = new Registries(context)
  const lock = withoutOrphans(wanted, project.lock)
  await settle(context, { project, registries, lock, options })
}

/** Exactly what the lock file says, and the lock file exactly what the manifest asks for; neither is changed. */
export async function ci(
  context: MdlibsContext,
  { path, allowsScripts }: Omit<InstallOptions, 'isForced'>,
): Promise<void> {
  using _held = await context.holdProject()
  const project = await readProject(context)
  const { libraries } = lockOf(project)
  const registries = new Registries(context)
  const root = await librariesRoot(context, path)
  const how = { isForced: true, allowsScripts }
  const placed = await placeLibraries(context, { registries, libraries, root, ...how })
  report(context, placed)
}

interface Settling {
  readonly project: Project
  readonly registries: Registries
  readonly lock: LockFile
  readonly options: InstallOptions
}

/** Files first: a lock file names only what was there, and was right. */
async function settle(
  context: MdlibsContext,
  { project, registries, lock, options: { path, ...how } }: Settling,
): Promise<void> {
  const root = await librariesRoot(context, path)
  const { libraries } = lock
  const placed = await placeLibraries(context, { registries, libraries, root, ...how })
  await writeProject(project, lock)
  report(context, placed)
}

export async function librariesRoot(
  context: MdlibsContext,
  path: string | undefined,
): Promise<string> {
  if (path !== undefined) return resolve(context.directory, path)
  return (await context.settings()).libraries.value
}

/** What is written into the manifest: the range that was typed, or `^` of what a dist-tag names now. */
async function rangeFor(
  { library, wanted }: LibrarySpec,
  { registries, former }: { readonly registries: Registries; readonly former: string | undefined },
): Promise<string> {
  if (wanted === undefined && former !== undefined) return former
  const asked = wanted ?? 'latest'
  if (!isDistTag(asked)) return parseRange(asked).text
  return `^${await resolveTag(await registries.forLibrary(library), library, asked)}`
}

/** What is still needed by somebody; nothing has to be resolved when something is only taken away. */
function withoutOrphans(wanted: ReadonlyMap<string, string>, lock: LockFile | undefined): LockFile {
  const all = new Map((lock?.libraries ?? []).map((one) => [one.library, one]))
  const needed = new Set(wanted.keys())
  for (const library of needed) {
    for (const dependency of all.get(library)?.dependencies.keys() ?? []) needed.add(dependency) // a set grows while it is walked
  }
  return { wanted, libraries: [...all.values()].filter(({ library }) => needed.has(library)) }
}

const verbs = { installed: '✓ Installed', updated: '✓ Updated', removed: '✓ Removed' } as const

function report(context: MdlibsContext, placed: readonly Placed[]): void {
  const { directory } = context
  const changed = placed.filter(({ outcome }) => outcome !== 'kept')
  const lines = changed.flatMap(({ library, version, place, outcome }) =>
    outcome === 'kept'
      ? []
      : `${verbs[outcome]} ${library}@${version}${outcome === 'removed' ? '' : ` in ${relative(directory, place)}`}`,
  )
  const kept = placed.length - changed.length
  const sum =
    placed.length === 0
      ? 'Nothing is asked for. mdlibs install @scope/name installs a library.'
      : `${plural(changed.length, 'change')}, ${kept} as they were.`
  const shown = context.isQuiet ? [] : [...lines, sum]
  give(
    context,
    {
      libraries: placed.map(({ place, ...one }) => ({ ...one, path: relative(directory, place) })),
    },
    shown,
  )
}
