/**
 * Publishing: the stream is checked, hashed and brought to rest at once; then one commit decides whether it becomes a version, and makes it visible.
 * What the commit refuses rests for nobody, and is swept. Where it can be known, a refusal comes before the body is read, and all is asked again inside the commit.
 */
import { toHex } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { settledIfRefused } from '#changelog/settled'
import type { Actor, UserActor } from '#identity/actor'
import { assertWithinQuota } from '#library/_quotas'
import {
  type FoundLibrary,
  findLibrary,
  findVersion,
  libraryFacts,
  noSuchLibrary,
  versionFacts,
} from '#library/_rows'
import { signVersion } from '#library/_signing'
import { teed } from '#library/_tee'
import { archiveFault } from '#library/archive-faults'
import type { BlobDigest } from '#library/archive-store'
import type { BlobJson, LibraryChange, LibraryRow, VersionJson, VersionRow } from '#library/changes'
import { parseTag } from '#library/dist-tags'
import { DistinctWords } from '#library/distinct-words'
import { libraryFault } from '#library/faults'
import { type Inspection, inspectArchive } from '#library/inspect-archive'
import { manifestToJson } from '#library/manifest'
import type {
  LibraryRef,
  Published,
  PublishRequest,
  VersionState,
  Visibility,
} from '#library/model'
import {
  formatLibraryRef,
  isNearName,
  isReservedLibraryName,
  type LibraryName,
  nameSkeleton,
} from '#library/name'
import type { LibraryParts } from '#library/parts'
import { parseProvenance, provenanceBytesMax, speaksOf } from '#library/provenance'
import { mayCreate, mayPublish, mayRead } from '#library/rights'
import { judgeFindings, type Verdict } from '#library/scan-policy'
import { parseVersion, type Version } from '#library/version'
import { headingsOf } from '#library/words'
import type { Queryable } from '#sql/sql'

/** Of all Markdown of a version, what words are taken from; and how many of them, in characters. */
const indexedCharsMax = 8 * 2 ** 20
const headingCharsMax = 16 * 1024
const bodyCharsMax = 128 * 1024
/** Libraries of others whose name it is worth a warning to come near to. */
const knownDownloads = 500
const knownMax = 1_000

/** What somebody may do, and where. */
interface Admitted {
  readonly actor: UserActor
  readonly found: FoundLibrary | undefined
}

export async function publish(
  parts: LibraryParts,
  actor: Actor,
  request: PublishRequest,
): Promise<Published> {
  const version = parseVersion(request.version)
  if (request.tag !== undefined) parseTag(request.tag)
  const visibility = await settledIfRefused(parts, async () => {
    const admitted = await admit(parts.sql, actor, request)
    const same = await findSame(parts.sql, admitted, { version, digest: request.digest })
    if (same === undefined) await assertWithinQuota(parts.sql, parts, quotaOf(admitted, request))
    return admitted.found === undefined ? await firstVisibility(parts, request) : undefined
  })
  const arrived = await receive(parts, { ...request, version })
  const outcome = await parts.changelog.commit((tx) =>
    decide(tx, parts, { actor, request, version, arrived, visibility }),
  )
  const { row, isNew } = outcome
  const library = await libraryFacts(
    parts.sql,
    (await rowOf(parts.sql, row.library)) ?? outcome.library,
  )
  return {
    library,
    version: versionFacts(request, row),
    isNew,
    warnings: [...arrived.inspection.manifest.warnings, ...(await nearNames(parts.sql, request))],
  }
}

/** A library that is there, or may begin. Whoever may do neither learns no more than anybody. */
async function admit(tx: Queryable, actor: Actor, ref: PublishRequest): Promise<Admitted> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  const found = await findLibrary(tx, ref)
  if (found === undefined) {
    if (!mayCreate(actor, ref))
      throw libraryFault('library/denied', { library: formatLibraryRef(ref) })
    await assertNameIsFree(tx, ref)
    return { actor, found }
  }
  const { row, guarded } = found
  if (!mayPublish(actor, guarded)) {
    // To who may not read it, it is a library that they may not begin: the same answer as where there is none.
    if (mayRead(actor, guarded) || !mayCreate(actor, ref))
      throw libraryFault('library/denied', { library: formatLibraryRef(ref) })
    throw noSuchLibrary(ref)
  }
  if (row.archived_at !== null)
    throw libraryFault('library/archived', { library: formatLibraryRef(ref) })
  const { trustedOnly } = JSON.parse(row.settings) as { readonly trustedOnly: boolean } // put there by us
  if (trustedOnly && actor.token.kind !== 'ci')
    throw libraryFault('library/trusted-publishing-only', { library: formatLibraryRef(ref) })
  return { actor, found }
}

async function assertNameIsFree(tx: Queryable, ref: LibraryRef): Promise<void> {
  if (isReservedLibraryName(ref.name))
    throw libraryFault('library/name-too-similar', { library: formatLibraryRef(ref) })
  const [alike] = await tx.query<{ name: string }>`
    select name from library where scope = ${ref.scope} and skeleton = ${nameSkeleton(ref.name)} limit 1`
  if (alike !== undefined)
    throw libraryFault('library/name-too-similar', {
      library: formatLibraryRef(ref),
      similar: `@${ref.scope}/${alike.name}`,
    })
}

/**
 * What stands under this number already: `undefined` when nothing does, the version when the same publisher has sent the same before (as far as
 * is known). `library/version-deleted`, `library/version-exists`
 */
async function findSame(
  tx: Queryable,
  { actor, found }: Admitted,
  { version, digest }: { readonly version: Version; readonly digest: string | undefined },
): Promise<VersionRow | undefined> {
  const row = found === undefined ? undefined : await findVersion(tx, found.row.id, version)
  if (row === undefined) return undefined
  const detail = { version, publishedBy: row.published_by }
  if (row.state === 'deleted') throw libraryFault('library/version-deleted', detail)
  const isSame = row.publisher === actor.id && (digest === undefined || digest === row.digest)
  if (!isSame) throw libraryFault('library/version-exists', detail)
  return row
}

function quotaOf(
  { found }: Admitted,
  { scope, bytes = 0 }: PublishRequest,
): Parameters<typeof assertWithinQuota>[2] {
  return { owner: found?.row.owner ?? scope, bytes, isNewLibrary: found === undefined }
}

/** Of a library that is to begin, if nobody says anything: its scope's. `library/no-such-scope` */
async function firstVisibility(
  { scopes, rules }: LibraryParts,
  { scope }: PublishRequest,
): Promise<Visibility> {
  const found = await scopes.find(scope)
  if (found === undefined) throw libraryFault('library/no-such-scope', { scope })
  return found.defaultVisibility ?? rules.defaultVisibility
}

/** What has come to rest. */
interface Arrived {
  readonly inspection: Inspection
  readonly verdict: Verdict
  readonly digest: BlobDigest
  readonly headings: string
  readonly bodies: string
  readonly readme: (BlobJson & { readonly path: string }) | undefined
  readonly provenance: BlobJson | undefined
}

async function receive(
  parts: LibraryParts,
  request: PublishRequest & { readonly version: Version },
): Promise<Arrived> {
  const { archives, rules, world } = parts
  const { signal } = request
  const texts = new IndexedTexts()
  const { stream, reading } = teed(request.body, (copy) =>
    inspectArchive(copy, {
      limits: rules.archiveLimits,
      allowsScripts: rules.allowsScripts,
      expected: { scope: request.scope, name: request.name, version: request.version },
      onDocument: ({ text }) => texts.add(text),
      signal,
    }),
  )
  reading.catch(() => {}) // the stream throws the same
  let verdict: Verdict = 'pass'
  const { digest } = await archives.store(stream, {
    async admit(stored) {
      if (request.digest !== undefined && request.digest !== stored.digest)
        throw libraryFault('library/digest-mismatch', { said: request.digest, came: stored.digest })
      verdict = judge(parts, await reading)
      checkProvenance(request.provenance, stored.digest)
    },
    signal,
  })
  const inspection = await reading
  const readme = inspection.readme && {
    ...(await storeText(parts, inspection.readme.text, signal)),
    path: inspection.readme.path,
  }
  const provenance =
    request.provenance === undefined
      ? undefined
      : await storeText(parts, request.provenance, signal)
  world.passing('library/archive-durable')
  return { inspection, verdict, digest, ...texts.words(), readme, provenance }
}

/** `library/content-blocked` */
function judge({ rules }: LibraryParts, { findings }: Inspection): Verdict {
  const { verdict, because } = judgeFindings(findings, rules.scanPolicy)
  if (verdict !== 'block') return verdict
  const [first] = because
  throw libraryFault('library/content-blocked', {
    findings: because.length,
    rule: first?.rule,
    path: first?.path,
    line: first?.line,
    excerpt: first?.excerpt,
  })
}

/** `library/malformed-provenance` */
function checkProvenance(bundle: string | undefined, digest: BlobDigest): void {
  if (bundle === undefined) return
  if (Buffer.byteLength(bundle) > provenanceBytesMax)
    throw libraryFault('library/too-large', { what: 'provenance', bytesMax: provenanceBytesMax })
  if (!speaksOf(parseProvenance(Buffer.from(bundle)), Buffer.from(digest, 'hex')))
    throw archiveFault('library/malformed-provenance', {
      reason: 'it does not speak of this archive',
    })
}

async function storeText(
  { archives }: LibraryParts,
  text: string,
  signal: AbortSignal,
): Promise<BlobJson> {
  const bytes = Buffer.from(text)
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return await archives.store(once(), { signal })
}

/** Words of documents as they pass. */
class IndexedTexts {
  readonly #headings = new DistinctWords(headingCharsMax)
  readonly #bodies = new DistinctWords(bodyCharsMax)
  #chars = 0

  add(text: string): void {
    const taken = text.slice(0, Math.max(0, indexedCharsMax - this.#chars))
    this.#chars += taken.length
    this.#bodies.add(taken)
    for (const heading of headingsOf(taken)) this.#headings.add(heading)
  }

  words(): { readonly headings: string; readonly bodies: string } {
    return { headings: this.#headings.all().join(' '), bodies: this.#bodies.all().join(' ') }
  }
}

interface Decision {
  readonly actor: Actor
  readonly request: PublishRequest
  readonly version: Version
  readonly arrived: Arrived
  /** Of a library that was not there before. */
  readonly visibility: Visibility | undefined
}

async function decide(
  tx: CommitTransaction,
  parts: LibraryParts,
  { actor, request, version, arrived, visibility }: Decision,
): Promise<{ readonly library: LibraryRow; readonly row: VersionRow; readonly isNew: boolean }> {
  const admitted = await admit(tx, actor, request)
  const { inspection, digest } = arrived
  const same = await findSame(tx, admitted, { version, digest })
  if (same !== undefined && admitted.found !== undefined)
    return { library: admitted.found.row, row: same, isNew: false }
  await assertWithinQuota(tx, parts, {
    ...quotaOf(admitted, request),
    bytes: inspection.packedBytes,
  })
  const library =
    admitted.found?.row ?? (await begin(tx, request, { inspection, byDefault: visibility }))
  const { staged } = JSON.parse(library.settings) as { readonly staged: boolean } // put there by us
  const state: VersionState =
    arrived.verdict === 'quarantine' ? 'quarantined' : staged ? 'staged' : 'live'
  const change: LibraryChange = {
    kind: 'library/version-put',
    ...versionJson(library, { actor: admitted.actor, version, arrived, state }),
    signature: await signVersion(tx, parts, { ...request, version, digest: inspection.digest }),
    tells: { event: 'published', library: library.id, version, by: admitted.actor.handle },
  }
  const { sequence } = await tx.record(change)
  if (request.tag !== undefined)
    await tx.record({ kind: 'library/tag-put', library: library.id, tag: request.tag, version })
  const row = await findVersion(tx, library.id, version)
  if (row === undefined) throw new Error(`version ${sequence} was recorded and is not there`)
  return { library, row, isNew: true }
}

async function begin(
  tx: CommitTransaction,
  { scope, name, visibility: asked, confirmsPublic }: PublishRequest,
  {
    inspection,
    byDefault,
  }: { readonly inspection: Inspection; readonly byDefault: Visibility | undefined },
): Promise<LibraryRow> {
  const visibility = asked ?? inspection.manifest.manifest.visibility ?? byDefault ?? 'private'
  if (visibility === 'public' && confirmsPublic !== true)
    throw libraryFault('library/not-confirmed', { library: formatLibraryRef({ scope, name }) })
  const change: LibraryChange = {
    ...{ kind: 'library/put', scope, name, owner: scope, visibility },
    settings: { staged: false, trustedOnly: false },
  }
  const { sequence } = await tx.record(change)
  const row = await rowOf(tx, Number(sequence))
  if (row === undefined) throw new Error(`library ${sequence} was recorded and is not there`)
  return row
}

function versionJson(
  { id }: LibraryRow,
  {
    actor,
    version,
    arrived,
    state,
  }: {
    readonly actor: UserActor
    readonly version: Version
    readonly arrived: Arrived
    readonly state: VersionState
  },
): VersionJson {
  const { inspection, digest, headings, bodies, readme, provenance } = arrived
  return {
    library: id,
    version,
    state,
    digest,
    treeDigest: toHex(inspection.treeDigest),
    bytes: inspection.packedBytes,
    unpackedBytes: inspection.unpackedBytes,
    manifest: manifestToJson(inspection.manifest.manifest),
    document: inspection.manifest.document,
    ...(readme === undefined ? {} : { readme }),
    ...(provenance === undefined ? {} : { provenance }),
    findings: inspection.findings,
    files: inspection.files.map(({ path, bytes, sha256 }) => [path, bytes, toHex(sha256)]),
    headings,
    bodies,
    publisher: actor.id,
    publishedBy: actor.handle,
    publishedVia: actor.token.kind,
  }
}

async function rowOf(tx: Queryable, id: number): Promise<LibraryRow | undefined> {
  const [row] = await tx.query<LibraryRow>`select * from library where id = ${id}`
  return row
}

/** Sentences. Only what everybody may see is named. */
async function nearNames(tx: Queryable, ref: LibraryRef): Promise<readonly string[]> {
  const known = await tx.query<{ scope: string; name: string }>`
    select scope, name from library
    where downloads >= ${knownDownloads} and visibility = 'public' and shown is not null
      and scope <> ${ref.scope} and length(name) between ${ref.name.length - 2} and ${ref.name.length + 2}
    order by downloads desc limit ${knownMax}`
  return known
    .filter(({ name }) => name === ref.name || isNearName(ref.name, name as LibraryName)) // it was parsed before it was recorded
    .slice(0, 3)
    .map(({ scope, name }) => `The name is much like that of @${scope}/${name}, which many use.`)
}
