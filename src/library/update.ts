/** What a library is, beside its versions. */
import type { Actor } from '#identity/actor'
import { libraryJson } from '#library/_dump'
import { libraryFacts, requireRight } from '#library/_rows'
import type { LibraryChange, LibraryRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { Libraries } from '#library/libraries'
import type { LibraryFacts, LibraryRef } from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { mayManage } from '#library/rights'

type Changes = Parameters<Libraries['update']>[2]

export async function update(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  changes: Changes,
): Promise<LibraryFacts> {
  return await changelog.commit(async (tx) => {
    const { row, actor: user } = await requireRight(tx, { actor, ref }, mayManage)
    const { archivedAt, ...json } = libraryJson(row)
    assertConfirmed(ref, row, changes)
    const isArchived = changes.isArchived ?? archivedAt !== undefined
    const change: LibraryChange = {
      ...{ kind: 'library/put', ...json },
      visibility: changes.visibility ?? json.visibility,
      settings: { ...json.settings, ...changes.settings },
      ...(isArchived ? { archivedAt: archivedAt ?? tx.at } : {}),
      tells: { event: 'updated', library: row.id, by: user.handle },
    }
    await tx.record(change)
    const [now] = await tx.query<LibraryRow>`select * from library where id = ${row.id}`
    return await libraryFacts(tx, now ?? row)
  })
}

/** What everybody has read cannot be taken back. */
function assertConfirmed(
  ref: LibraryRef,
  { visibility }: LibraryRow,
  { visibility: wanted, confirmsPublic }: Changes,
): void {
  if (wanted === 'public' && visibility !== 'public' && confirmsPublic !== true)
    throw libraryFault('library/not-confirmed', { library: formatLibraryRef(ref) })
}
