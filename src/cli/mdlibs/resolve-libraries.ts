/** From what a project asks for to the exact versions and digests that it gets, with registries as the source. */
import {
  type ShortVersion,
  type VersionFacts,
  versionFacts,
  versionList,
} from '#cli/mdlibs/answers'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { pathOf } from '#cli/mdlibs/library-spec'
import { openChosen } from '#cli/mdlibs/open-registry'
import type { RegistryApi } from '#cli/mdlibs/registry-api'
import { chooseRegistry } from '#cli/mdlibs/registry-choice'
import { checkSignature, type TrustedKeys, trustedKeys } from '#cli/mdlibs/registry-keys'
import { note } from '#cli/mdlibs/say'
import type { LockedLibrary, LockFile } from '#library/lock-file'
import { parseLibraryRef } from '#library/name'
import { parseRange, type Range } from '#library/range'
import { type Candidate, resolveDependencies } from '#library/resolve'
import { parseDigest } from '#library/tree-digest'
import { isVersion, parseVersion, type Version } from '#library/version'
import { inLanes } from '#stream/lanes'

/** Requests at a time. */
export const registryLanes = 4

/** A registry for each library, each opened once, and its keys asked for once. */
export class Registries {
  readonly #context: MdlibsContext
  readonly #keys = new Map<string, Promise<TrustedKeys>>()
  readonly #opened = new Map<string, Promise<RegistryApi>>()

  constructor(context: MdlibsContext) {
    this.#context = context
  }

  /** The one that has `library` here and now, as settings say. */
  async forLibrary(library: string): Promise<RegistryApi> {
    const settings = await this.#context.settings()
    const { scope } = parseLibraryRef(library)
    const named = this.#context.registryFlag()
    return await this.#open(chooseRegistry(settings, { named, scope }))
  }

  /** The one in the lock file, unless a flag or the environment names another: a mirror has the same bytes. */
  async forLocked({ registry }: Pick<LockedLibrary, 'registry'>): Promise<RegistryApi> {
    const settings = await this.#context.settings()
    const named = this.#context.registryFlag()
    if (named !== undefined || settings.environmentOrigin !== undefined) {
      return await this.#open(chooseRegistry(settings, { named }))
    }
    return await this.#open({ origin: registry, from: 'lock' })
  }

  keysOf(api: RegistryApi): Promise<TrustedKeys> {
    const found = this.#keys.get(api.origin) ?? trustedKeys(this.#context, api)
    this.#keys.set(api.origin, found)
    return found
  }

  #open(chosen: Parameters<typeof openChosen>[1]): Promise<RegistryApi> {
    const found = this.#opened.get(chosen.origin) ?? openChosen(this.#context, chosen)
    this.#opened.set(chosen.origin, found)
    return found
  }
}

export interface ResolveOptions {
  readonly registries: Registries
  readonly wanted: ReadonlyMap<string, string>
  readonly lock: LockFile | undefined
  /** Libraries whose lock does not count. */
  readonly released: ReadonlySet<string>
}

/** `mdlibs/no-resolution`, `mdlibs/not-signed`, `mdlibs/unknown-key`, and what registries refuse. */
export async function resolveLibraries(
  context: MdlibsContext,
  { registries, wanted, lock, released }: ResolveOptions,
): Promise<LockFile> {
  const kept = (lock?.libraries ?? []).filter(({ library }) => !released.has(library))
  const absent = new Map<string, string>()
  const deprecated = new Map<string, string>()
  const resolution = await resolveDependencies(rangesOf(wanted), {
    candidates: (library) => candidatesOf(context, { registries, library, absent, deprecated }),
    locked: new Map(kept.map(({ library, version }) => [library, version])),
    signal: context.signal,
  })
  if (resolution.state === 'conflict') {
    const { library, explanation } = resolution
    const registry = absent.get(library)
    throw mdlibsFault('mdlibs/no-resolution', { library, explanation, registry })
  }
  for (const library of resolution.versions.keys()) {
    const message = deprecated.get(library)
    if (message !== undefined) note(context, `Note: ${library} is deprecated: ${message}`)
  }
  const libraries: LockedLibrary[] = []
  await inLanes(resolution.versions, registryLanes, async ([library, { version }]) => {
    const former = kept.find((one) => one.library === library && one.version === version)
    libraries.push(former ?? (await lockVersion(context, { registries, library, version })))
  })
  return { wanted, libraries }
}

/** What `latest`, or another dist-tag, is now. */
export async function resolveTag(api: RegistryApi, library: string, tag: string): Promise<Version> {
  const path = `${pathOf(parseLibraryRef(library))}/resolve`
  const facts = await api.json(path, { query: { range: tag }, schema: versionFacts })
  return parseVersion(facts.version)
}

function rangesOf(wanted: ReadonlyMap<string, string>): ReadonlyMap<string, Range> {
  return new Map([...wanted].map(([library, range]) => [library, parseRange(range)]))
}

interface Asked {
  readonly registries: Registries
  readonly library: string
}

async function candidatesOf(
  context: MdlibsContext,
  {
    registries,
    library,
    absent,
    deprecated,
  }: Asked & {
    /** Origins of registries, by libraries that they do not have. */
    readonly absent: Map<string, string>
    /** What their owners say, by libraries that nobody should use any more. */
    readonly deprecated: Map<string, string>
  },
): Promise<readonly Candidate[]> {
  const api = await registries.forLibrary(library)
  const path = pathOf(parseLibraryRef(library))
  const list = await api.jsonIfThere(`${path}/versions`, { schema: versionList })
  if (list === undefined) absent.set(library, api.origin)
  if (list?.deprecated) deprecated.set(library, list.deprecated)
  const live = (list?.versions ?? []).filter(
    ({ state, version }) => state === 'live' && isVersion(version),
  )
  const candidates: Candidate[] = []
  await inLanes(live, registryLanes, async (one) => {
    context.signal.throwIfAborted()
    candidates.push(await candidateOf(api, library, one))
  })
  return candidates
}

/** A registry that does not tell dependencies in its list is asked for each version. */
async function candidateOf(
  api: RegistryApi,
  library: string,
  { version, yanked, dependencies }: ShortVersion,
): Promise<Candidate> {
  const told =
    dependencies ??
    dependenciesIn(
      await api.json(pathOf(parseLibraryRef(library), version), { schema: versionFacts }),
    )
  return {
    version: parseVersion(version),
    dependencies: rangesOf(new Map(Object.entries(told))),
    isYanked: yanked !== undefined && yanked !== null,
  }
}

/** As they stand in the manifest. */
export function dependenciesIn({ manifest }: VersionFacts): Readonly<Record<string, string>> {
  const table = manifest['dependencies']
  if (typeof table !== 'object' || table === null) return {}
  return Object.fromEntries(
    Object.entries(table).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}

async function lockVersion(
  context: MdlibsContext,
  { registries, library, version }: Asked & { readonly version: Version },
): Promise<LockedLibrary> {
  const api = await registries.forLibrary(library)
  const facts = await api.json(pathOf(parseLibraryRef(library), version), { schema: versionFacts })
  checkSignature(await registries.keysOf(api), facts, { registry: api.origin })
  const [digest, tree] = [parseDigest(facts.checksum), parseDigest(facts.tree_checksum ?? '')]
  if (digest === undefined || tree === undefined || facts.version !== version) {
    const reason = `its facts of ${library}@${version} have no digests, or are of another version`
    throw mdlibsFault('mdlibs/not-a-registry', { registry: api.origin, reason })
  }
  if (facts.yanked) note(context, `Note: ${library}@${version} was yanked: ${facts.yanked.reason}`)
  if (facts.deprecated)
    note(context, `Note: ${library}@${version} is deprecated: ${facts.deprecated}`)
  const dependencies = new Map(Object.entries(dependenciesIn(facts)))
  return { library, version, registry: api.origin, digest, treeDigest: tree, dependencies }
}
