/** Names that libraries give to versions: `latest`, `next`, … They follow the version they were set to, and nothing else. */
import type { Actor } from '#identity/actor'
import { requireRight, requireVersion } from '#library/_rows'
import type { LibraryChange } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { LibraryRef } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { isDistTag } from '#library/range'
import { mayPublish } from '#library/rights'

const tagsMax = 100

/** `library/malformed-tag`: nothing that could be a range of versions. */
export function parseTag(text: string): string {
  if (!isDistTag(text)) throw libraryFault('library/malformed-tag', { tag: text.slice(0, 80) })
  return text
}

export async function setDistTag(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  { tag: text, version }: { readonly tag: string; readonly version: string },
): Promise<void> {
  const tag = parseTag(text)
  await changelog.commit(async (tx) => {
    const found = await requireRight(tx, { actor, ref }, mayPublish)
    const row = await requireVersion(tx, found, { actor, version })
    const { id: library } = found.row
    const tags = await tx.query<{ tag: string }>`
      select tag from library_dist_tag where library = ${library}`
    if (tags.length >= tagsMax && !tags.some((known) => known.tag === tag))
      throw libraryFault('library/too-many', { what: 'dist-tags', most: tagsMax })
    const change: LibraryChange = {
      ...{ kind: 'library/tag-put', library, tag, version: row.version },
      tells: { event: 'tagged', library, version: row.version, by: found.actor.handle },
    }
    await tx.record(change)
  })
}

/** Without `latest`, the highest release is. `library/no-such-tag` */
export async function removeDistTag(
  { changelog }: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  tag: string,
): Promise<void> {
  await changelog.commit(async (tx) => {
    const found = await requireRight(tx, { actor, ref }, mayPublish)
    const { id: library } = found.row
    const [row] = await tx.query<{ version: string }>`
      select version from library_dist_tag where library = ${library} and tag = ${tag}`
    if (row === undefined) throw libraryFault('library/no-such-tag', { tag: tag.slice(0, 80) })
    const change: LibraryChange = {
      ...{ kind: 'library/tag-removed', library, tag },
      tells: { event: 'tagged', library, version: row.version, by: found.actor.handle },
    }
    await tx.record(change)
  })
}
