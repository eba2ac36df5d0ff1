/** What keeps archives as they should be: those of no version go, those of a version are read and compared. */
import { toHex } from '#bytes/text'
import { openDigest } from '#crypto/digest'
import { isFault } from '#fault/fault'
import { type BlobDigest, parseBlobDigest } from '#library/archive-store'
import type { LibraryChange } from '#library/changes'
import type { Rehashed, Swept } from '#library/model'
import type { LibraryParts } from '#library/parts'
import type { Queryable } from '#sql/sql'
import { walkRows } from '#sql/walk'

interface Signalled {
  readonly signal: AbortSignal
}

/**
 * A blob goes that no version refers to and that came to rest longer ago than any publishing takes: whoever publishes the same bytes meanwhile has
 * brought them to rest anew.
 */
export async function sweep(
  { sql, archives, changelog, rules, world, telemetry }: LibraryParts,
  { signal }: Signalled,
): Promise<Swept> {
  const storedBefore = world.now() - rules.graceMs
  await archives.sweepTemporary(storedBefore, { signal })
  let swept = 0
  let bytes = 0
  for await (const blob of archives.list({ signal })) {
    if (blob.storedAt >= storedBefore || (await isNeeded(sql, blob.digest))) continue
    await changelog.reached(changelog.committed()) // what says that nobody needs it must not be lost
    if (!(await archives.remove(blob.digest, { storedBefore, signal }))) continue
    swept += 1
    bytes += blob.bytes
  }
  if (swept > 0)
    telemetry.note('info', 'archives of no version removed', { archives: swept, bytes })
  return { archives: swept, bytes }
}

async function isNeeded(sql: Queryable, digest: BlobDigest): Promise<boolean> {
  const [row] = await sql.query`
    select 1 from library_version where digest = ${digest} and state <> 'deleted'
    union all select 1 from library_version where readme_digest = ${digest}
    union all select 1 from library_version where provenance_digest = ${digest} limit 1`
  return row !== undefined
}

type Row = { readonly id: number; readonly digest: string; readonly damaged_at: number | null }

/** What is found damaged is marked so, and no longer once it is whole again. */
export async function rehash(parts: LibraryParts, { signal }: Signalled): Promise<Rehashed> {
  const { sql, changelog, telemetry, world } = parts
  const damaged: string[] = []
  let archives = 0
  const rows = walkRows<Row>(
    (last) => sql.query<Row>`
      select id, digest, damaged_at from library_version
      where id > ${last?.id ?? 0} and state <> 'deleted' order by id limit 100`,
  )
  for await (const { id, digest, damaged_at } of rows) {
    signal.throwIfAborted()
    const isWhole = await isAsNamed(parts, parseBlobDigest(digest), { signal })
    archives += 1
    if (!isWhole) {
      damaged.push(digest)
      telemetry.note('error', 'an archive is not what it was', { digest })
    }
    if (isWhole === (damaged_at === null)) continue
    const change: LibraryChange = {
      ...{ kind: 'library/version-marked', version: id },
      damagedAt: isWhole ? null : Math.floor(world.now()),
    }
    await changelog.commit((tx) => tx.record(change))
  }
  return { archives, damaged }
}

async function isAsNamed(
  { archives }: LibraryParts,
  name: BlobDigest,
  { signal }: Signalled,
): Promise<boolean> {
  const blob = await archives.open(name, { signal })
  if (blob === undefined) return false
  try {
    const digest = openDigest('sha256')
    for await (const piece of blob.read(undefined, { signal })) digest.update(piece)
    return toHex(digest.digest()) === name
  } catch (error) {
    if (isFault(error) && error.kind === 'corrupt') return false
    throw error
  } finally {
    blob.release()
  }
}
