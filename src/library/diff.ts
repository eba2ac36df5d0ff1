/** What differs between two versions: which files, and of those that people read, which lines. */
import type { Actor } from '#identity/actor'
import { isHidden, reading, requireReadable, requireVersion } from '#library/_rows'
import { contentOf } from '#library/archives'
import type { VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import { diffLines } from '#library/line-diff'
import type { Diff, FileChange, LibraryRef } from '#library/model'
import type { LibraryParts } from '#library/parts'
import type { Queryable } from '#sql/sql'
import { gatherShort } from '#stream/gather'

/** Of a file whose lines are compared, and how many such files are read. */
const textBytesMax = 256 * 1024
const textFilesMax = 100
const readable = /\.(md|markdown|txt|json|ya?ml|toml|csv)$/i

export async function diff(
  parts: LibraryParts,
  actor: Actor,
  ref: LibraryRef,
  {
    from,
    to,
    signal,
  }: { readonly from: string; readonly to: string; readonly signal: AbortSignal },
): Promise<Diff> {
  const sides = await reading(parts, async (sql) => {
    const found = await requireReadable(sql, parts, { actor, ref })
    const side = async (version: string): Promise<Side> => {
      const row = await requireVersion(sql, found, { actor, version })
      if (isHidden(row) && row.state === 'blocked')
        throw libraryFault('library/version-unavailable', {
          version: row.version,
          state: row.state,
        })
      return { row, files: await filesOf(sql, row) }
    }
    return { before: await side(from), after: await side(to) }
  })
  return await compare(parts, sides, signal)
}

interface Side {
  readonly row: VersionRow
  /** By path. */
  readonly files: ReadonlyMap<string, { readonly bytes: number; readonly digest: string }>
}

async function filesOf(sql: Queryable, { id }: VersionRow): Promise<Side['files']> {
  const rows = await sql.query<{ path: string; bytes: number; digest: string }>`
    select path, bytes, digest from library_file where version = ${id} order by path`
  return new Map(rows.map(({ path, ...file }) => [path, file]))
}

async function compare(
  parts: LibraryParts,
  { before, after }: { readonly before: Side; readonly after: Side },
  signal: AbortSignal,
): Promise<Diff> {
  const paths = [...new Set([...before.files.keys(), ...after.files.keys()])].sort()
  const changes: FileChange[] = []
  let textsRead = 0
  for (const path of paths) {
    const [former, now] = [before.files.get(path), after.files.get(path)]
    if (former?.digest === now?.digest) continue
    const change = former === undefined ? 'added' : now === undefined ? 'removed' : 'changed'
    const isShort = Math.max(former?.bytes ?? 0, now?.bytes ?? 0) <= textBytesMax
    if (!isShort || !readable.test(path) || textsRead >= textFilesMax) {
      changes.push({ path, change })
      continue
    }
    textsRead += 1
    const text = async (side: Side): Promise<string> =>
      side.files.has(path) ? await textOf(parts, side.row, { path, signal }) : ''
    const hunks = diffLines(await text(before), await text(after))
    changes.push({ path, change, ...(hunks === undefined ? {} : { hunks }) })
  }
  return {
    from: before.row.version,
    to: after.row.version,
    files: changes,
    same: paths.length - changes.length,
  }
}

async function textOf(
  parts: LibraryParts,
  row: VersionRow,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal },
): Promise<string> {
  const content = contentOf(parts, row, { path, signal })
  const bytes = await gatherShort(content, textBytesMax, { signal })
  return Buffer.from(bytes ?? new Uint8Array(0)).toString()
}
