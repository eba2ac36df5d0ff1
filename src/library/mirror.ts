/**
 * Libraries of another registry, fetched when somebody first asks for them: what was fetched once is kept, is served under the rules of this registry, and
 * outlives the other one. Scopes of this registry's own users and teams are never asked for elsewhere, and nothing that not everybody may read is taken.
 */
import { fromHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import { type Actor, everyLibrary, tokenScopes, type UserActor } from '#identity/actor'
import { matchesGlob } from '#identity/glob'
import { libraryJson } from '#library/_dump'
import { findLibrary, findVersion, reading } from '#library/_rows'
import type { VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { Libraries, VersionRef } from '#library/libraries'
import { manifestSchema } from '#library/manifest'
import { deprecate, unyank, yank } from '#library/marks'
import type { LibraryRef, LibraryWithVersions, VersionFacts } from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { publish } from '#library/publish'
import { isDistTag, newestInRange, parseRange } from '#library/range'
import { isSignedBy } from '#library/registry-signature'
import {
  feedPage,
  type Upstream,
  type UpstreamLibrary,
  type UpstreamVersion,
  unavailable,
} from '#library/upstream'
import { isVersion, newestFirst, parseVersion, type Version } from '#library/version'

export interface MirrorOptions {
  readonly upstream: Upstream
  /** Which libraries are asked for there, e.g. `@docs/*`; all when left out. */
  readonly globs?: readonly string[]
  /** How long what it said of a library is believed; five minutes. */
  readonly freshMs?: number
  /** How long what it does not have, or what was refused, is not asked for again; a minute. */
  readonly absentMs?: number
  /** How often the feed is read; every half minute. */
  readonly followMs?: number
}

const freshMsDefault = 300_000
const absentMsDefault = 60_000
const followMsDefault = 30_000
/** Answers that are remembered; the oldest is forgotten. */
const looksMax = 10_000

/** Owns what is mirrored: a handle that nobody can have, so whoever takes the scope's name later does not get the libraries with it. */
export const mirrorOwner = '~mirror'

const mirrorActor: UserActor = {
  kind: 'user',
  id: mirrorOwner,
  handle: mirrorOwner,
  isAdmin: true,
  teams: new Map(),
  token: {
    ...{ id: mirrorOwner, name: mirrorOwner, kind: 'login' },
    ...{ scopes: tokenScopes, globs: [everyLibrary] },
  },
}

export interface OpenMirror {
  /** What was given, and behind it what the upstream has. Adds `library/upstream-unavailable` to what calls that read may throw. */
  readonly libraries: Libraries
  /** Reads the upstream's feed until the signal is aborted: what has changed there is asked for again at once. Never rejects. */
  follow(signal: AbortSignal): Promise<void>
}

export function openMirror(
  libraries: Libraries,
  parts: LibraryParts,
  options: MirrorOptions,
): OpenMirror {
  const mirror = new Mirror(parts, options)
  /** A version is here before it is asked for. */
  const having = async (
    actor: Actor,
    ref: VersionRef,
    signal?: AbortSignal,
  ): Promise<VersionRef> => {
    if (isVersion(ref.version)) await mirror.have(actor, ref, parseVersion(ref.version), signal)
    return ref
  }
  const both: Libraries = {
    ...libraries,
    library: async (actor, ref) => {
      const there = await mirror.haveLatest(actor, ref)
      return { ...(await libraries.library(actor, ref)), ...(there && headOf(there)) }
    },
    versions: async (actor, ref) => {
      const there = await mirror.haveLatest(actor, ref)
      const here = await libraries.versions(actor, ref)
      return there === undefined ? here : merged(here, there)
    },
    version: async (actor, ref) => libraries.version(actor, await having(actor, ref)),
    resolve: async (actor, ref, rangeOrTag) => {
      const there = await mirror.look(actor, ref)
      const chosen = there && chooseFrom(there, rangeOrTag)
      if (chosen === undefined) return await libraries.resolve(actor, ref, rangeOrTag)
      await mirror.have(actor, ref, chosen)
      return await libraries.version(actor, { ...ref, version: chosen })
    },
    archive: async (actor, ref, rest) =>
      libraries.archive(actor, await having(actor, ref, rest.signal), rest),
    files: async (actor, ref) => libraries.files(actor, await having(actor, ref)),
    file: async (actor, ref, rest) => {
      await having(actor, ref, rest.signal)
      return await libraries.file(actor, ref, rest)
    },
    readme: async (actor, ref, rest) =>
      libraries.readme(actor, await having(actor, ref, rest.signal), rest),
    provenance: async (actor, ref, rest) =>
      libraries.provenance(actor, await having(actor, ref, rest.signal), rest),
    diff: async (actor, ref, range, rest) => {
      for (const version of [range.from, range.to])
        await having(actor, { ...ref, version }, rest.signal)
      return await libraries.diff(actor, ref, range, rest)
    },
  }
  return { libraries: both, follow: (signal) => mirror.follow(signal) }
}

interface Look {
  readonly at: number
  readonly found: UpstreamLibrary | undefined
}

class Mirror {
  readonly #parts: LibraryParts
  readonly #options: Required<Omit<MirrorOptions, 'globs'>> & Pick<MirrorOptions, 'globs'>
  /** By `@scope/name`. */
  readonly #looks = new Map<string, Look>()
  /** By `@scope/name@version`: when it was refused. */
  readonly #refused = new Map<string, number>()
  readonly #underWay = new Map<string, Promise<void>>()
  readonly #life = new AbortController()

  constructor(parts: LibraryParts, options: MirrorOptions) {
    this.#options = {
      ...{ freshMs: freshMsDefault, absentMs: absentMsDefault, followMs: followMsDefault },
      ...options,
    }
    this.#parts = parts
  }

  /** What the upstream says of a library, if it may be asked. While it is away, what it said before; `undefined` when that is nothing but there are versions here. */
  async look(actor: Actor, ref: LibraryRef): Promise<UpstreamLibrary | undefined> {
    if (!(await this.#isForeign(actor, ref))) return undefined
    const key = formatLibraryRef(ref)
    const known = this.#looks.get(key)
    const { freshMs, absentMs, upstream } = this.#options
    const now = this.#parts.world.monotonic()
    const keepMs = known?.found === undefined ? absentMs : freshMs
    if (known !== undefined && now - known.at < keepMs) return known.found
    try {
      const found = await upstream.library(ref, this.#life.signal)
      this.#remember(key, { at: now, found })
      if (found !== undefined) await this.#followMarks(found)
      return found
    } catch (error) {
      if (!isFault(error, 'library/upstream-unavailable')) throw error
      if (known?.found !== undefined) return known.found
      const here = await reading(this.#parts, (sql) => findLibrary(sql, ref))
      if (here !== undefined) return undefined
      throw error
    }
  }

  async #isForeign(actor: Actor, { scope, name }: LibraryRef): Promise<boolean> {
    const { rules, scopes } = this.#parts
    if (actor.kind === 'anonymous' && !rules.anonymousRead) return false
    const full = `@${scope}/${name}`
    const { globs } = this.#options
    if (globs !== undefined && !globs.some((glob) => matchesGlob(glob, full))) return false
    return (await scopes.find(scope)) === undefined
  }

  #remember(key: string, look: Look): void {
    this.#looks.delete(key)
    this.#looks.set(key, look)
    const [oldest] = this.#looks.keys()
    if (this.#looks.size > looksMax && oldest !== undefined) this.#looks.delete(oldest)
  }

  async follow(signal: AbortSignal): Promise<void> {
    const { world } = this.#parts
    const { upstream, followMs } = this.#options
    let after = 0
    while (!signal.aborted) {
      try {
        const { names, next } = await upstream.feed(after, signal)
        for (const name of names) this.#looks.delete(name)
        const hasMore = names.length >= feedPage && next > after
        after = next
        if (hasMore) continue
      } catch {
        // It is away: what it says is believed for as long as it would be without a feed.
      }
      await world.sleep(followMs, { signal }).catch(() => {}) // stopped
    }
  }

  async haveLatest(actor: Actor, ref: LibraryRef): Promise<UpstreamLibrary | undefined> {
    const there = await this.look(actor, ref)
    const newest = there?.latest ?? newestFirst(there?.versions.keys() ?? [])[0]
    if (newest !== undefined) await this.have(actor, ref, newest)
    return there
  }

  /** When it resolves, the version is here if the upstream has it and it was not refused. */
  async have(actor: Actor, ref: LibraryRef, version: Version, signal?: AbortSignal): Promise<void> {
    const there = await this.look(actor, ref)
    const wanted = there?.versions.get(version)
    if (wanted === undefined || (await this.#rowOf(ref, version)) !== undefined) return
    const key = `${formatLibraryRef(ref)}@${version}`
    const refusedAt = this.#refused.get(key)
    const { absentMs } = this.#options
    const { world } = this.#parts
    if (refusedAt !== undefined && world.monotonic() - refusedAt < absentMs)
      throw libraryFault('library/version-unavailable', { version })
    // Several may wait for the same, and one of them may leave.
    const keeping =
      this.#underWay.get(key) ??
      this.#keep(ref, wanted, key).finally(() => this.#underWay.delete(key))
    this.#underWay.set(key, keeping)
    signal?.throwIfAborted()
    await keeping
  }

  async #rowOf(ref: LibraryRef, version: Version): Promise<VersionRow | undefined> {
    return await reading(this.#parts, async (sql) => {
      const library = await findLibrary(sql, ref)
      return library && (await findVersion(sql, library.row.id, version))
    })
  }

  /** Its digest is that of the list, and the upstream has signed it. What does not fit is never kept, and neither is what is blocked here. */
  async #keep(ref: LibraryRef, { version, digest }: UpstreamVersion, key: string): Promise<void> {
    const { upstream } = this.#options
    const { signal } = this.#life
    const signature = await upstream.signature(ref, version, signal)
    const keys = await upstream.keys(signal)
    const subject = { ...ref, version, digest: fromHex(digest) }
    if (signature === undefined || !isSignedBy(keys, subject, signature))
      throw unavailable(upstream.origin, 'it has not signed this version')
    const provenance = await upstream.provenance(ref, version, signal)
    try {
      await publish(this.#partsOfKeeping(), mirrorActor, {
        ...{ ...ref, version, digest, signal },
        body: upstream.archive(ref, version, signal),
        visibility: 'public',
        confirmsPublic: true,
        ...(provenance === undefined ? {} : { provenance }),
      })
      await this.#own(ref)
    } catch (error) {
      if (!isFault(error) || error.kind === 'unavailable') throw error
      this.#refused.set(key, this.#parts.world.monotonic())
      const facts = { library: key, upstream: upstream.origin, error: error.message }
      this.#parts.telemetry.note('warn', 'a version of the upstream is not kept', facts)
      throw libraryFault('library/version-unavailable', { version, reason: error.code }, error)
    }
  }

  /** Its scope is nobody's here, and nobody's quota pays for it. */
  #partsOfKeeping(): LibraryParts {
    const { rules } = this.#parts
    const most = Number.MAX_SAFE_INTEGER
    return {
      ...this.#parts,
      scopes: { find: async () => ({ kind: 'team' }) },
      rules: { ...rules, quota: { bytes: most, libraries: most, publishesPerDay: most } },
    }
  }

  async #own(ref: LibraryRef): Promise<void> {
    await this.#parts.changelog.commit(async (tx) => {
      const found = await findLibrary(tx, ref)
      if (found === undefined || found.row.owner === mirrorOwner) return
      await tx.record({ kind: 'library/put', ...libraryJson(found.row), owner: mirrorOwner })
    })
  }

  /** What was said of versions that are here. */
  async #followMarks({ versions, ...ref }: UpstreamLibrary): Promise<void> {
    const rows = await reading(this.#parts, async (sql) => {
      const library = await findLibrary(sql, ref)
      if (library?.row.owner !== mirrorOwner) return []
      return await sql.query<VersionRow>`
        select * from library_version where library = ${library.row.id} and state = 'live'`
    })
    for (const row of rows) {
      const there = versions.get(row.version as Version) // it was parsed before it was recorded
      if (there === undefined) continue // deleted there: who has locked it still gets it
      const at = { ...ref, version: there.version }
      if (there.yanked !== undefined && row.yanked === null)
        await yank(this.#parts, mirrorActor, at, there.yanked)
      if (there.yanked === undefined && row.yanked !== null)
        await unyank(this.#parts, mirrorActor, at)
      if (there.deprecated !== (row.deprecated ?? undefined))
        await deprecate(this.#parts, mirrorActor, at, there.deprecated)
    }
  }
}

/** What a range, tag or number means there. */
function chooseFrom(there: UpstreamLibrary, rangeOrTag: string): Version | undefined {
  if (isVersion(rangeOrTag)) return parseVersion(rangeOrTag)
  if (rangeOrTag === 'latest') return there.latest
  if (isDistTag(rangeOrTag)) return there.distTags.get(rangeOrTag)
  const open = [...there.versions.values()].filter(({ yanked }) => yanked === undefined)
  return newestInRange(
    open.map(({ version }) => version),
    parseRange(rangeOrTag),
  )
}

function headOf({
  latest,
  distTags,
  deprecated,
  versions,
}: UpstreamLibrary): Partial<LibraryWithVersions> {
  return {
    ...(latest === undefined ? {} : { latest }),
    ...(deprecated === undefined ? {} : { deprecated }),
    distTags: Object.fromEntries(distTags),
    versions: versions.size,
  }
}

/** Versions that are here, and those that would be fetched. */
function merged(here: LibraryWithVersions, there: UpstreamLibrary): LibraryWithVersions {
  const known = new Map(here.versionList.map((one) => [one.version as Version, one])) // parsed before
  const all = newestFirst(new Set([...known.keys(), ...there.versions.keys()]))
  const versionList = all.flatMap((version) => {
    const wanted = there.versions.get(version)
    return known.get(version) ?? (wanted === undefined ? [] : [factsOf(there, wanted)])
  })
  return { ...here, ...headOf(there), versionList }
}

/** Of one that nobody has asked for yet: what its archive says is not known. */
function factsOf({ scope, name }: LibraryRef, there: UpstreamVersion): VersionFacts {
  const { version, digest, bytes, publishedAt, downloads, yanked, deprecated } = there
  return {
    ...{ scope, name, version, state: 'live', digest, treeDigest: '', bytes },
    ...{ unpackedBytes: 0, files: 0, publishedAt, downloads },
    publishedBy: mirrorOwner,
    publishedVia: 'api',
    ...(yanked === undefined
      ? {}
      : { yanked: { at: publishedAt, by: mirrorOwner, reason: yanked } }),
    ...(deprecated === undefined ? {} : { deprecated }),
    manifest: {
      ...{ schema: manifestSchema, name, version, versionText: version },
      ...{ authors: [], tags: [], include: [], exclude: [], dependencies: new Map() },
    },
    findings: [],
    hasProvenance: false,
  }
}
