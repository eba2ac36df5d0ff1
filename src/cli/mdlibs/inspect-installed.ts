/** `mdlibs list --installed`, `outdated`, `audit` and `verify`: what is there, what is newer, what is known against it, and whether it is what it was. */
import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { fileFault } from '#cli/local-file'
import { checkedVersions, versionFacts, versionList } from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { explainMdlibs } from '#cli/mdlibs/explain'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { librariesRoot } from '#cli/mdlibs/install'
import { changesOf, findInstalled, placeOf, readMarker } from '#cli/mdlibs/installed'
import { pathOf } from '#cli/mdlibs/library-spec'
import { lockOf, readProject } from '#cli/mdlibs/project'
import { checkSignature } from '#cli/mdlibs/registry-keys'
import { Registries, registryLanes } from '#cli/mdlibs/resolve-libraries'
import { give } from '#cli/mdlibs/say'
import { plural } from '#cli/units'
import { isFault } from '#fault/fault'
import type { LockedLibrary } from '#library/lock-file'
import { parseLibraryRef } from '#library/name'
import { type ProvenanceKey, parseProvenance, signerOf, speaksOf } from '#library/provenance'
import { newestInRange, parseRange } from '#library/range'
import { formatDigest } from '#library/tree-digest'
import { isPrerelease, isVersion, newestFirst, parseVersion } from '#library/version'
import { inLanes } from '#stream/lanes'

export async function listInstalled(
  context: MdlibsContext,
  { path, filter }: { readonly path: string | undefined; readonly filter: string | undefined },
): Promise<void> {
  const all = await findInstalled(await librariesRoot(context, path))
  const wanted = filter?.toLowerCase() ?? ''
  const shown = all
    .filter(({ library }) => library.includes(wanted))
    .map(({ library, directory, marker }) => ({
      library,
      version: marker.version,
      path: relative(context.directory, directory),
      registry: marker.registry,
      installed_at: marker.installed_at,
    }))
  const lines = shown.flatMap((one) => [
    '',
    `${one.library}@${one.version}`,
    `  Location: ${one.path}`,
    `  Installed: ${one.installed_at.slice(0, 10)}`,
  ])
  const none = ['No libraries are installed.', 'Hint: mdlibs install @scope/name']
  give(
    context,
    { libraries: shown },
    shown.length === 0 ? none : ['Installed libraries:', ...lines],
  )
}

interface Outdated {
  readonly library: string
  readonly current: string
  /** The newest that the project asks for. */
  readonly wanted: string
  readonly latest: string
}

export async function outdated(context: MdlibsContext): Promise<void> {
  const project = await readProject(context)
  const registries = new Registries(context)
  const found: Outdated[] = []
  await inLanes(project.lock?.libraries ?? [], registryLanes, async ({ library, version }) => {
    const api = await registries.forLibrary(library)
    const path = `${pathOf(parseLibraryRef(library))}/versions`
    const list = await api.json(path, { schema: versionList })
    const usable = list.versions
      .filter(({ state, yanked, version: one }) => state === 'live' && !yanked && isVersion(one))
      .map((one) => parseVersion(one.version))
    const range = project.wanted.get(library)
    const latest = newestFirst(usable.filter((one) => !isPrerelease(one)))[0] ?? version
    const wanted =
      range === undefined ? version : (newestInRange(usable, parseRange(range)) ?? version)
    if (latest !== version || wanted !== version) {
      found.push({ library, current: version, wanted, latest })
    }
  })
  found.sort((one, other) => (one.library < other.library ? -1 : 1))
  const row = (library: string, current: string, wanted: string, latest: string): string =>
    `${library.padEnd(40)} ${current.padEnd(14)} ${wanted.padEnd(14)} ${latest}`
  const lines =
    found.length === 0
      ? ['Everything is up to date.']
      : [
          row('LIBRARY', 'CURRENT', 'WANTED', 'LATEST'),
          ...found.map((one) => row(one.library, one.current, one.wanted, one.latest)),
        ]
  give(context, { outdated: found }, lines)
}

/** `mdlibs/advisories` when there are any. */
export async function audit(context: MdlibsContext): Promise<void> {
  const project = await readProject(context)
  const { libraries } = lockOf(project)
  const registries = new Registries(context)
  const byRegistry = Map.groupBy(libraries, ({ registry }) => registry)
  const known: Advisory[] = []
  for (const [, locked] of byRegistry) {
    const [first] = locked
    if (first === undefined) continue
    const api = await registries.forLocked(first)
    for (let at = 0; at < locked.length; at += checkedAtOnce) {
      const versions = locked.slice(at, at + checkedAtOnce).map(({ library, version }) => {
        const { scope, name } = parseLibraryRef(library)
        return { scope, name, version }
      })
      const ask = { method: 'POST', body: { versions }, schema: checkedVersions } as const
      const answer = await api.json('/advisories/check', ask)
      for (const { scope, name, version, advisories } of answer.versions) {
        for (const one of advisories) known.push({ library: `@${scope}/${name}`, version, ...one })
      }
    }
  }
  const lines = known.flatMap(({ library, version, severity, title, range, patched, url }) => [
    `${severity}  ${library}@${version}: ${title}`,
    `  Concerns ${range}${patched ? `; mended in ${patched}` : ''}${url ? `; ${url}` : ''}`,
  ])
  const nothing = [`Nothing is known against ${plural(libraries.length, 'installed version')}.`]
  give(
    context,
    { checked: libraries.length, advisories: known },
    known.length === 0 ? nothing : lines,
  )
  if (known.length > 0) {
    const found = `${known.length === 1 ? '1 advisory is' : `${known.length} advisories are`}`
    throw mdlibsFault('mdlibs/advisories', { found })
  }
}

/** What registries take in one request. */
const checkedAtOnce = 500

interface Advisory {
  readonly library: string
  readonly version: string
  readonly severity: string
  readonly title: string
  readonly range: string
  readonly patched?: string | null | undefined
  readonly url?: string | null | undefined
}

export interface VerifyOptions {
  readonly path: string | undefined
  /** Only what lies here: no registry is asked. */
  readonly isOffline: boolean
  /** PEM files of who may have built libraries. */
  readonly provenanceKeys: readonly string[]
}

interface Verified {
  readonly library: string
  readonly version: string
  /** Sentences about what is wrong. */
  readonly problems: readonly string[]
  readonly signature: 'right' | 'wrong' | 'not asked'
  readonly provenance: 'proven' | 'not proven' | 'none' | 'wrong' | 'not asked'
}

/** Lock file, trees, signatures and provenance. `mdlibs/not-verified`, `mdlibs/lock-outdated` */
export async function verify(context: MdlibsContext, options: VerifyOptions): Promise<void> {
  const project = await readProject(context)
  const { libraries } = lockOf(project)
  const root = await librariesRoot(context, options.path)
  const registries = new Registries(context)
  const keys = await readKeys(context, options.provenanceKeys)
  const results: Verified[] = []
  await inLanes(libraries, registryLanes, async (locked) => {
    const local = await localProblems(context, { root, locked })
    const remote = options.isOffline
      ? notAsked
      : await remoteProblems(context, { registries, locked, keys })
    const { library, version } = locked
    results.push({ library, version, ...remote, problems: [...local, ...remote.problems] })
  })
  results.sort((one, other) => (one.library < other.library ? -1 : 1))
  const failed = results.filter(({ problems }) => problems.length > 0).length
  give(context, { libraries: results, failed }, results.flatMap(linesOf))
  if (failed > 0) {
    throw mdlibsFault('mdlibs/not-verified', { failed: `${failed} of ${results.length}` })
  }
}

function linesOf({
  library,
  version,
  problems,
  signature,
  provenance,
}: Verified): readonly string[] {
  const isRight = problems.length === 0
  const proofs = [
    ...(signature === 'right' ? ['signed by its registry'] : []),
    ...(provenance === 'proven' ? ['built by who you trust'] : []),
    ...(provenance === 'not proven'
      ? ['its provenance is signed by somebody you named no key of']
      : []),
  ]
  const told = isRight && proofs.length > 0 ? ` (${proofs.join('; ')})` : ''
  return [
    `${isRight ? '✓' : '✗'} ${library}@${version}${told}`,
    ...problems.map((one) => `  ${one}`),
  ]
}

type Remote = Pick<Verified, 'problems' | 'signature' | 'provenance'>

const notAsked: Remote = { problems: [], signature: 'not asked', provenance: 'not asked' }

const changesShown = 10

async function localProblems(
  context: MdlibsContext,
  { root, locked }: { readonly root: string; readonly locked: LockedLibrary },
): Promise<readonly string[]> {
  const place = placeOf(root, locked.library)
  const path = relative(context.directory, place)
  const marker = await readMarker(place)
  if (marker === undefined) return [`it is not installed in ${path}`]
  if (marker.version !== locked.version) return [`${marker.version} is installed in ${path}`]
  const changes = await changesOf(place, { marker, tree: locked.treeDigest })
  if (changes === undefined) return [`${path} is of other files than the lock file says`]
  const shown = changes.slice(0, changesShown).map((one) => `${path}/${one.path}: ${one.change}`)
  const rest = changes.length - shown.length
  return rest > 0 ? [...shown, `and ${rest} more files`] : shown
}

async function remoteProblems(
  context: MdlibsContext,
  {
    registries,
    locked,
    keys,
  }: {
    readonly registries: Registries
    readonly locked: LockedLibrary
    readonly keys: readonly ProvenanceKey[]
  },
): Promise<Remote> {
  const { library, version, digest } = locked
  const api = await registries.forLocked(locked)
  const path = pathOf(parseLibraryRef(library), version)
  try {
    const facts = await api.json(path, { schema: versionFacts })
    const trusted = await registries.keysOf(api)
    if (facts.checksum !== formatDigest(digest)) {
      const problems = [`${api.origin} has other bytes under this version than the lock file says`]
      return { problems, signature: 'wrong', provenance: 'not asked' }
    }
    checkSignature(trusted, facts, { registry: api.origin })
    const signature = trusted.keys.length > 0 ? 'right' : 'not asked'
    if (!facts.has_provenance) return { problems: [], signature, provenance: 'none' }
    const bundle = await api.text(`${path}/provenance`)
    const provenance = parseProvenance(new TextEncoder().encode(bundle))
    if (!speaksOf(provenance, digest)) {
      return { problems: ['its provenance is of another archive'], signature, provenance: 'wrong' }
    }
    const isProven = signerOf(provenance, keys) !== undefined
    if (isProven) return { problems: [], signature, provenance: 'proven' }
    const problems =
      keys.length > 0 ? ['its provenance is signed by none of the keys that were named'] : []
    return { problems, signature, provenance: keys.length > 0 ? 'wrong' : 'not proven' }
  } catch (error) {
    context.signal.throwIfAborted()
    if (!isFault(error)) throw error
    return { problems: [explainMdlibs(error).text], signature: 'wrong', provenance: 'not asked' }
  }
}

async function readKeys(
  { directory }: MdlibsContext,
  paths: readonly string[],
): Promise<readonly ProvenanceKey[]> {
  return await Promise.all(
    paths.map(async (path) => ({
      pem: await readFile(resolve(directory, path), 'utf8').catch((cause) => {
        throw fileFault(path, cause)
      }),
    })),
  )
}
