/** What is said of versions after they are published. The bytes stay what they are. */
import type { CommitTransaction } from '#changelog/change'
import type { Actor, UserActor } from '#identity/actor'
import { libraryJson } from '#library/_dump'
import { findVersion, refOf, requireRight, requireVersion, versionFacts } from '#library/_rows'
import type { LibraryChange, LibraryRow, MarksJson, VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { VersionRef } from '#library/libraries'
import type { FeedEvent, LibraryRef, VersionFacts } from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { mayAdminister, mayManage, mayYank, mayYankAll, mayYankOwn } from '#library/rights'

/** Of a reason or a message, in UTF-16 code units, as browsers count them. */
export const markCharsMax = 1_000

/** Somebody whose right to a version is decided, and the version. */
interface Asked {
  readonly actor: UserActor
  readonly library: LibraryRow
  readonly row: VersionRow
}

/** `library/malformed-text`: empty, too long, or with control characters. */
function checkText(text: string, field: string): string {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > markCharsMax || /(?![\n\t])\p{Cc}/u.test(trimmed))
    throw libraryFault('library/malformed-text', { field, charsMax: markCharsMax })
  return trimmed
}

export async function yank(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
  reason: string,
): Promise<VersionFacts> {
  const text = checkText(reason, 'reason')
  return await markYankable(parts, actor, ref, ({ actor: { handle: by } }, at) => ({
    event: 'yanked',
    marks: { yanked: { at, by, reason: text } },
  }))
}

export async function unyank(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
): Promise<VersionFacts> {
  return await markYankable(parts, actor, ref, ({ row }) =>
    row.yanked === null ? undefined : { event: 'unyanked', marks: { yanked: null } },
  )
}

/** Of the library when no version is named. */
export async function deprecate(
  parts: LibraryParts,
  actor: Actor,
  { version, ...ref }: LibraryRef & { readonly version?: string },
  message: string | undefined,
): Promise<void> {
  const text = message === undefined ? undefined : checkText(message, 'message')
  if (version === undefined) return await deprecateLibrary(parts, actor, ref, text)
  await markYankable(parts, actor, { ...ref, version }, () => ({
    event: 'deprecated',
    marks: { deprecated: text ?? null },
  }))
}

async function deprecateLibrary(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  text: string | undefined,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const { row, actor: user } = await requireRight(tx, { actor, ref }, mayYankAll)
    const { deprecated: _, ...json } = libraryJson(row)
    const change: LibraryChange = {
      ...{ kind: 'library/put', ...json },
      ...(text === undefined ? {} : { deprecated: text }),
      tells: { event: 'deprecated', library: row.id, by: user.handle },
    }
    await tx.record(change)
  })
}

/**
 * Within the window by who may yank it, at any time by an administrator. Its number stays taken; its archive is swept where no other version has the
 * same bytes. `library/removal-window-over`
 */
export async function remove(parts: LibraryParts, actor: Actor, ref: VersionRef): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    const asked = await askForYankable(tx, actor, ref)
    await recordRemoval(tx, parts, asked)
  })
}

export async function removeLibrary(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
): Promise<void> {
  await parts.changelog.commit(async (tx) => {
    const { row: library, actor: user } = await requireRight(tx, { actor, ref }, mayYankAll)
    const rows = await tx.query<VersionRow>`
      select * from library_version where library = ${library.id} and state <> 'deleted' order by id`
    for (const row of rows) await recordRemoval(tx, parts, { actor: user, library, row })
  })
}

async function recordRemoval(
  tx: CommitTransaction,
  { rules }: LibraryParts,
  { actor, library, row }: Asked,
): Promise<void> {
  if (tx.at - row.at > rules.removalWindowMs && !mayAdminister(actor))
    throw libraryFault('library/removal-window-over', {
      version: row.version,
      hours: Math.floor(rules.removalWindowMs / 3_600_000),
    })
  await recordMarks(
    tx,
    { actor, library, row },
    {
      event: 'deleted',
      marks: { state: 'deleted', deletedAt: tx.at },
    },
  )
}

export async function approve(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: VersionRef,
): Promise<VersionFacts> {
  return await changelog.commit(async (tx) => {
    const asked = await askForWaiting(tx, actor, ref)
    return await recordMarks(tx, asked, { event: 'approved', marks: { state: 'live' } })
  })
}

/** Its number stays taken. */
export async function reject(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: VersionRef,
  reason: string,
): Promise<VersionFacts> {
  const text = checkText(reason, 'reason')
  return await changelog.commit(async (tx) => {
    const asked = await askForWaiting(tx, actor, ref, ['live'])
    const yanked = { at: tx.at, by: asked.actor.handle, reason: text }
    return await recordMarks(tx, asked, { event: 'rejected', marks: { state: 'blocked', yanked } })
  })
}

/**
 * A staged version is for who manages the library; a quarantined one for administrators, who may also take one that is among `more` from everybody.
 * `library/not-waiting`
 */
async function askForWaiting(
  tx: CommitTransaction,
  actor: Actor,
  ref: VersionRef,
  more: readonly string[] = [],
): Promise<Asked> {
  const found = await requireRight(tx, { actor, ref }, mayManage)
  const row = await requireVersion(tx, found, { actor, version: ref.version })
  const detail = { library: formatLibraryRef(ref), version: row.version, state: row.state }
  const isAdministered = row.state === 'quarantined' || more.includes(row.state)
  if (isAdministered && !mayAdminister(found.actor)) throw libraryFault('library/denied', detail)
  if (!isAdministered && row.state !== 'staged') throw libraryFault('library/not-waiting', detail)
  return { actor: found.actor, library: found.row, row }
}

interface Marking {
  readonly event: FeedEvent
  readonly marks: Omit<MarksJson, 'version'>
}

/** Nothing is recorded where `decide` says so: it is so already. */
async function markYankable(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: VersionRef,
  decide: (asked: Asked, at: number) => Marking | undefined,
): Promise<VersionFacts> {
  return await changelog.commit(async (tx) => {
    const asked = await askForYankable(tx, actor, ref)
    const marking = decide(asked, tx.at)
    if (marking === undefined) return versionFacts(ref, asked.row)
    return await recordMarks(tx, asked, marking)
  })
}

/** Who could have published it may ask; whether of this version, depends on who did. */
async function askForYankable(
  tx: CommitTransaction,
  actor: Actor,
  ref: VersionRef,
): Promise<Asked> {
  const found = await requireRight(tx, { actor, ref }, mayYankOwn)
  const row = await requireVersion(tx, found, { actor, version: ref.version })
  if (!mayYank(found.actor, found.guarded, { publishedBy: row.published_by }))
    throw libraryFault('library/denied', { library: formatLibraryRef(ref), version: row.version })
  return { actor: found.actor, library: found.row, row }
}

async function recordMarks(
  tx: CommitTransaction,
  { actor, library, row }: Asked,
  { event, marks }: Marking,
): Promise<VersionFacts> {
  const change: LibraryChange = {
    ...{ kind: 'library/version-marked', version: row.id, ...marks },
    tells: { event, library: library.id, version: row.version, by: actor.handle },
  }
  await tx.record(change)
  const now = await findVersion(tx, library.id, row.version)
  return versionFacts(refOf(library), now ?? row)
}
