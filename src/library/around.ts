/** What stands around libraries: quotas, the feed, what waits for somebody's word, the keys that sign. */
import type { Actor } from '#identity/actor'
import { allOf, clause, run } from '#library/_clauses'
import { quotaOf, usageOf } from '#library/_quotas'
import { assertLetIn, guard, reading, refOf, seesHidden, versionFacts } from '#library/_rows'
import { keyRows, newKey, signingKey } from '#library/_signing'
import { visibleTo } from '#library/_visible'
import type { LibraryChange, LibraryRow, VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type {
  FeedEntry,
  FeedEvent,
  ModerationEntry,
  Quota,
  QuotaAndUsage,
  SigningKey,
} from '#library/model'
import type { LibraryParts } from '#library/parts'
import { mayAdminister, mayManage, maySpeakFor } from '#library/rights'

const feedMax = 500
const waitingMax = 500

export async function quota(
  parts: LibraryParts,
  actor: Actor,
  owner: string,
): Promise<QuotaAndUsage> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  if (!actor.teams.has(owner) && !maySpeakFor(actor, owner))
    throw libraryFault('library/denied', { owner: owner.slice(0, 80) })
  return await reading(parts, async (sql) => ({
    owner,
    quota: await quotaOf(sql, parts, owner),
    usage: await usageOf(sql, owner, parts.world.now()),
  }))
}

/** `library/no-such-scope`, `library/malformed-query` */
export async function setQuota(
  { changelog, scopes }: LibraryParts,
  actor: Actor,
  { owner, quota }: { readonly owner: string; readonly quota: Quota },
): Promise<void> {
  requireAdministrator(actor)
  for (const [field, most] of Object.entries(quota))
    if (!Number.isSafeInteger(most) || most < 0)
      throw libraryFault('library/malformed-query', { field, reason: 'a number from 0' })
  if ((await scopes.find(owner)) === undefined)
    throw libraryFault('library/no-such-scope', { scope: owner.slice(0, 80) })
  const change: LibraryChange = { kind: 'library/quota-put', owner, quota }
  await changelog.commit((tx) => tx.record(change))
}

/** `library/sign-in-needed`, `library/denied` */
export function requireAdministrator(actor: Actor): void {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  if (!mayAdminister(actor)) throw libraryFault('library/denied')
}

interface EventRow {
  readonly [column: string]: string | number | null
  readonly sequence: number
  readonly at: number
  readonly event: string
  readonly version: string | null
  readonly by_handle: string
  readonly scope: string
  readonly name: string
}

/** Of libraries whose visibility lets the actor see them now, whatever it was then. */
export async function feed(
  parts: LibraryParts,
  actor: Actor,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{ readonly entries: readonly FeedEntry[]; readonly next: number }> {
  assertLetIn(parts, actor)
  const most = Math.max(1, Math.min(limit, feedMax))
  const conditions = allOf([
    clause`e.sequence > ${after}`,
    visibleTo(actor),
    clause`(l.shown is not null or exists (
      select 1 from library_version d where d.library = l.id and d.state = 'deleted'))`,
  ])
  const rows = await reading(parts, (sql) =>
    run<EventRow>(
      sql,
      clause`select e.sequence, e.at, e.event, e.version, e.by_handle, l.scope, l.name
        from library_event e join library l on l.id = e.library
        where ${conditions} order by e.sequence limit ${most}`,
    ),
  )
  const entries = rows.map(
    (row): FeedEntry => ({
      ...refOf(row),
      sequence: row.sequence,
      at: row.at,
      event: row.event as FeedEvent, // put there by us
      ...(row.version === null ? {} : { version: row.version }),
      by: row.by_handle,
    }),
  )
  return { entries, next: entries.at(-1)?.sequence ?? after }
}

/** Oldest first. */
export async function moderation(
  parts: LibraryParts,
  actor: Actor,
): Promise<readonly ModerationEntry[]> {
  if (actor.kind === 'anonymous') throw libraryFault('library/sign-in-needed')
  return await reading(parts, async (sql) => {
    const rows = await run<VersionRow>(
      sql,
      clause`select v.* from library_version v join library l on l.id = v.library
        where v.state in ('staged', 'quarantined') and ${visibleTo(actor)}
        order by v.at, v.id limit ${waitingMax}`,
    )
    const found: ModerationEntry[] = []
    for (const row of rows) {
      const [library] = await sql.query<LibraryRow>`select * from library where id = ${row.library}`
      if (library === undefined) continue
      const { guarded } = await guard(sql, library)
      if (!mayManage(actor, guarded) && !seesHidden(actor, guarded)) continue
      found.push({ ...versionFacts(guarded, row), state: row.state as ModerationEntry['state'] }) // as asked for
    }
    return found
  })
}

export async function keys(parts: LibraryParts): Promise<readonly SigningKey[]> {
  const known = await reading(parts, keyRows)
  if (known.length > 0) return known.map(signingKey)
  return await parts.changelog.commit(async (tx) => {
    if ((await keyRows(tx)).length === 0) await newKey(tx, parts)
    return (await keyRows(tx)).map(signingKey)
  })
}

export async function rotateKey(parts: LibraryParts, actor: Actor): Promise<SigningKey> {
  requireAdministrator(actor)
  return await parts.changelog.commit(async (tx) => signingKey(await newKey(tx, parts)))
}
