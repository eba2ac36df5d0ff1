/** What rests: archives, and what is read out of them. */
import type { Actor } from '#identity/actor'
import type { Counters } from '#library/_counters'
import { reading, requireReadableVersion, versionFacts } from '#library/_rows'
import { fileOfArchive } from '#library/archive-reader'
import { type OpenBlob, parseBlobDigest } from '#library/archive-store'
import type { VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { VersionRef } from '#library/libraries'
import type { FileFacts, OpenArchive, VersionFacts } from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { collect } from '#stream/collect'

interface Signalled {
  readonly signal: AbortSignal
}

export async function archive(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
  {
    counters,
    isPeek = false,
    signal,
  }: Signalled & { readonly counters: Counters; readonly isPeek?: boolean },
): Promise<OpenArchive> {
  const { row, facts } = await lookUp(parts, actor, ref)
  const blob = await openArchive(parts, row, { signal })
  if (!isPeek && row.state === 'live') counters.countDownload(row.id)
  return {
    version: facts,
    bytes: blob.bytes,
    digest: row.digest,
    read: (range) => blob.read(range, { signal }),
    release: () => blob.release(),
  }
}

/** `library/version-unavailable`: nobody gets what was refused. */
async function lookUp(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
): Promise<{ readonly row: VersionRow; readonly facts: VersionFacts }> {
  const { library, row } = await reading(parts, (sql) =>
    requireReadableVersion(sql, parts, { actor, ref }),
  )
  if (row.state === 'blocked')
    throw libraryFault('library/version-unavailable', {
      library: formatLibraryRef(ref),
      version: row.version,
      state: row.state,
    })
  return { row, facts: versionFacts(library.guarded, row) }
}

/** `library/damaged`: it is not there, or not as long as it was. */
async function openArchive(
  parts: LibraryParts,
  { digest, bytes }: Pick<VersionRow, 'digest' | 'bytes'>,
  { signal }: Signalled,
): Promise<OpenBlob> {
  const blob = await parts.archives.open(parseBlobDigest(digest), { signal })
  if (blob?.bytes === bytes) return blob
  blob?.release()
  throw libraryFault('library/damaged', { digest })
}

/** `library/no-such-file` */
export async function file(
  parts: LibraryParts,
  actor: Actor,
  { path, ...ref }: VersionRef & { readonly path: string },
  { signal }: Signalled,
): Promise<FileFacts & { readonly content: AsyncIterable<Uint8Array> }> {
  const { row } = await lookUp(parts, actor, ref)
  const [facts] = await parts.sql.query<{ path: string; bytes: number; digest: string }>`
    select path, bytes, digest from library_file where version = ${row.id} and path = ${path}`
  if (facts === undefined) throw libraryFault('library/no-such-file', { path: path.slice(0, 300) })
  return { ...facts, content: contentOf(parts, row, { path, signal }) }
}

/** Of a file that the version has. */
export async function* contentOf(
  parts: LibraryParts,
  row: Pick<VersionRow, 'digest' | 'bytes'>,
  { path, signal }: Signalled & { readonly path: string },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { archiveLimits: limits } = parts.rules
  const blob = await openArchive(parts, row, { signal })
  try {
    const source = blob.read(undefined, { signal })
    // What was published under other rules is read all the same.
    const content = await fileOfArchive(source, path, { limits, allowsScripts: true, signal })
    if (content === undefined) throw libraryFault('library/damaged', { digest: row.digest })
    yield* content
  } finally {
    blob.release()
  }
}

export async function readme(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
  { signal }: Signalled,
): Promise<{ readonly path: string; readonly text: string } | undefined> {
  const { row } = await lookUp(parts, actor, ref)
  if (row.readme === null || row.readme_digest === null) return undefined
  const blob = { digest: row.readme_digest, bytes: row.readme_bytes ?? 0 }
  return { path: row.readme, text: await readText(parts, blob, { signal }) }
}

export async function provenance(
  parts: LibraryParts,
  actor: Actor,
  ref: VersionRef,
  { signal }: Signalled,
): Promise<string | undefined> {
  const { row } = await lookUp(parts, actor, ref)
  if (row.provenance_digest === null) return undefined
  const blob = { digest: row.provenance_digest, bytes: row.provenance_bytes ?? 0 }
  return await readText(parts, blob, { signal })
}

/** They were small enough to be held whole when they came. */
async function readText(
  parts: LibraryParts,
  blob: { readonly digest: string; readonly bytes: number },
  { signal }: Signalled,
): Promise<string> {
  const opened = await openArchive(parts, blob, { signal })
  try {
    return Buffer.from(await collect(opened.read(undefined, { signal }))).toString()
  } finally {
    opened.release()
  }
}
