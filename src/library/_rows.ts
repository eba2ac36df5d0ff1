/** Looking up what rows say, and what of it somebody may know. */
import { settled } from '#changelog/settled'
import type { Actor } from '#identity/actor'
import type { LibraryRow, PartyRow, VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import { type Manifest, manifestFromJson, manifestSchema } from '#library/manifest'
import type {
  GrantRole,
  LibraryFacts,
  LibraryRef,
  VersionFacts,
  VersionState,
  Visibility,
} from '#library/model'
import { formatLibraryRef, parseLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { type GuardedLibrary, mayManage, mayPublish, mayRead } from '#library/rights'
import { parseVersion, type Version } from '#library/version'
import type { Queryable } from '#sql/sql'

/** A library as it rests, and as rights see it. */
export interface FoundLibrary {
  readonly row: LibraryRow
  readonly guarded: GuardedLibrary
}

/** What is read so is shown only once nothing can lose it. */
export function reading<T>(parts: LibraryParts, read: (sql: Queryable) => Promise<T>): Promise<T> {
  return settled(parts, () => read(parts.sql))
}

/** `library/sign-in-needed` where nobody reads without a token. */
export function assertLetIn({ rules }: LibraryParts, actor: Actor): void {
  if (actor.kind === 'anonymous' && !rules.anonymousRead)
    throw libraryFault('library/sign-in-needed')
}

export async function findLibrary(
  tx: Queryable,
  { scope, name }: LibraryRef,
): Promise<FoundLibrary | undefined> {
  const [row] = await tx.query<LibraryRow>`
    select * from library where scope = ${scope} and name = ${name}`
  return row === undefined ? undefined : await guard(tx, row)
}

export async function guard(tx: Queryable, row: LibraryRow): Promise<FoundLibrary> {
  const parties = await tx.query<PartyRow>`
    select * from library_party where library = ${row.id} order by handle`
  return { row, guarded: guardedOf(row, parties) }
}

function guardedOf(row: LibraryRow, parties: readonly PartyRow[]): GuardedLibrary {
  const grants = parties.filter(({ role }) => role === 'read' || role === 'publish')
  return {
    ...refOf(row),
    visibility: row.visibility as Visibility, // put there by us, and so with roles
    owner: row.owner,
    coOwners: parties.filter(({ role }) => role === 'co-owner').map(({ handle }) => handle),
    grants: new Map(grants.map(({ handle, role }) => [handle, role as GrantRole])),
  }
}

export function refOf({
  scope,
  name,
}: {
  readonly scope: string
  readonly name: string
}): LibraryRef {
  return parseLibraryRef(`${scope}/${name}`)
}

/** `library/no-such-library`: there is none, or none for this actor. */
export async function requireReadable(
  tx: Queryable,
  parts: LibraryParts,
  { actor, ref }: { readonly actor: Actor; readonly ref: LibraryRef },
): Promise<FoundLibrary> {
  assertLetIn(parts, actor)
  const found = await findLibrary(tx, ref)
  if (found === undefined || !mayRead(actor, found.guarded)) throw noSuchLibrary(ref)
  return found
}

/**
 * For what changes something. `library/sign-in-needed` to who has no token; `library/no-such-library` as above, but for who may do it without being
 * allowed to read; else `library/denied`.
 */
export async function requireRight<Allowed extends Actor>(
  tx: Queryable,
  { actor, ref }: { readonly actor: Actor; readonly ref: LibraryRef },
  may: (actor: Actor, library: GuardedLibrary) => actor is Allowed,
): Promise<FoundLibrary & { readonly actor: Allowed }> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  const found = await findLibrary(tx, ref)
  if (found !== undefined && may(actor, found.guarded)) return { ...found, actor }
  if (found === undefined || !mayRead(actor, found.guarded)) throw noSuchLibrary(ref)
  throw libraryFault('library/denied', { library: formatLibraryRef(ref) })
}

/** Of who is given and not of what is there, so that the answer is the same for both. */
export function noSuchLibrary(ref: LibraryRef): Error {
  return libraryFault('library/no-such-library', { library: formatLibraryRef(ref) })
}

export async function findVersion(
  tx: Queryable,
  library: number,
  version: string,
): Promise<VersionRow | undefined> {
  const [row] = await tx.query<VersionRow>`
    select * from library_version where library = ${library} and version = ${version}`
  return row
}

/** What waits or was refused is known to who could have published it. */
export function seesHidden(actor: Actor, library: GuardedLibrary): boolean {
  return mayPublish(actor, library) || mayManage(actor, library)
}

export function isHidden({ state }: { readonly state: string }): boolean {
  return state === 'staged' || state === 'quarantined' || state === 'blocked'
}

/** `library/no-such-version`, `library/version-deleted` */
export async function requireVersion(
  tx: Queryable,
  { row: library, guarded }: FoundLibrary,
  { actor, version }: { readonly actor: Actor; readonly version: string },
): Promise<VersionRow> {
  const detail = { library: formatLibraryRef(guarded), version: version.slice(0, 140) }
  const known = knownVersion(version)
  const row = known === undefined ? undefined : await findVersion(tx, library.id, known)
  if (row === undefined || (isHidden(row) && !seesHidden(actor, guarded)))
    throw libraryFault('library/no-such-version', detail)
  if (row.state === 'deleted') throw libraryFault('library/version-deleted', detail)
  return row
}

/** Build metadata does not name another version; what is no version names none. */
function knownVersion(text: string): Version | undefined {
  try {
    return parseVersion(text)
  } catch {
    return undefined
  }
}

/** A readable version of a readable library. */
export async function requireReadableVersion(
  tx: Queryable,
  parts: LibraryParts,
  {
    actor,
    ref,
  }: { readonly actor: Actor; readonly ref: LibraryRef & { readonly version: string } },
): Promise<{ readonly library: FoundLibrary; readonly row: VersionRow }> {
  const library = await requireReadable(tx, parts, { actor, ref })
  return { library, row: await requireVersion(tx, library, { actor, version: ref.version }) }
}

export async function libraryFacts(tx: Queryable, row: LibraryRow): Promise<LibraryFacts> {
  const tags = await tx.query<{ tag: string; version: string }>`
    select t.tag, t.version from library_dist_tag t
    join library_version v on v.library = t.library and v.version = t.version
    where t.library = ${row.id} and v.state = 'live' order by t.tag`
  const shown =
    row.shown === null
      ? undefined
      : (await tx.query<VersionRow>`select * from library_version where id = ${row.shown}`)[0]
  const latest =
    row.latest === null || row.latest === shown?.id
      ? shown?.version
      : (await tx.query<VersionRow>`select * from library_version where id = ${row.latest}`)[0]
          ?.version
  return factsOf(row, {
    manifest: shown?.manifest,
    distTags: Object.fromEntries(tags.map(({ tag, version }) => [tag, version])),
    latest: row.latest === null ? undefined : latest,
  })
}

export function factsOf(
  row: LibraryRow,
  {
    manifest: json,
    distTags,
    latest,
  }: {
    readonly manifest: string | undefined
    readonly distTags: Readonly<Record<string, string>>
    readonly latest: string | undefined
  },
): LibraryFacts {
  const manifest = json === undefined ? undefined : manifestFromJson(json)
  const { homepage, repository } = manifest ?? {}
  return {
    ...refOf(row),
    visibility: row.visibility as Visibility, // put there by us
    owner: row.owner,
    description: row.description,
    tags: manifest?.tags ?? [],
    ...(row.license === null ? {} : { license: row.license }),
    authors: manifest?.authors.map(({ name }) => name) ?? [],
    ...(homepage === undefined ? {} : { homepage }),
    ...(repository === undefined ? {} : { repository }),
    ...(latest === undefined ? {} : { latest }),
    distTags: { ...distTags, ...(latest === undefined ? {} : { latest }) },
    createdAt: row.at,
    updatedAt: row.updated_at,
    ...(row.archived_at === null ? {} : { archivedAt: row.archived_at }),
    ...(row.deprecated === null ? {} : { deprecated: row.deprecated }),
    downloads: row.downloads,
    versions: row.versions,
    settings: JSON.parse(row.settings),
  }
}

export function versionFacts(ref: LibraryRef, row: VersionRow): VersionFacts {
  const { scope, name } = ref
  return {
    scope,
    name,
    version: row.version,
    state: row.state as VersionState, // put there by us
    digest: row.digest,
    treeDigest: row.tree_digest,
    bytes: row.bytes,
    unpackedBytes: row.unpacked_bytes,
    files: row.files,
    publishedAt: row.at,
    publishedBy: row.published_by,
    publishedVia: row.published_via as VersionFacts['publishedVia'], // likewise
    ...(row.yanked === null ? {} : { yanked: JSON.parse(row.yanked) }),
    ...(row.deprecated === null ? {} : { deprecated: row.deprecated }),
    ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at }),
    downloads: row.downloads,
    manifest: row.state === 'deleted' ? bareManifest(ref, row) : manifestFromJson(row.manifest),
    ...(row.readme === null ? {} : { readme: row.readme }),
    findings: JSON.parse(row.findings),
    hasProvenance: row.provenance_digest !== null,
    ...(row.signature === null ? {} : { signature: JSON.parse(row.signature) }),
    ...(row.damaged_at === null ? {} : { damagedAt: row.damaged_at }),
  }
}

function bareManifest({ name }: LibraryRef, { version: text }: VersionRow): Manifest {
  const version = parseVersion(text)
  return {
    ...{ schema: manifestSchema, name, version, versionText: version },
    ...{ authors: [], tags: [], include: [], exclude: [], dependencies: new Map() },
  }
}
