/** Search within one version: the lines of its Markdown that have all words of a query, read from the archive itself. */
import type { Actor } from '#identity/actor'
import { reading, requireReadable, requireVersion } from '#library/_rows'
import { readArchive } from '#library/archive-reader'
import { parseBlobDigest } from '#library/archive-store'
import type { VersionRow } from '#library/changes'
import { libraryFault } from '#library/faults'
import type { InnerHit, LibraryRef } from '#library/model'
import { formatLibraryRef } from '#library/name'
import type { LibraryParts } from '#library/parts'
import { markdownLines, otherNumber, wordsOf } from '#library/words'

const limitDefault = 50
const limitMax = 200
const fileBytesMax = 1024 * 1024
const lineCharsMax = 240
const markdown = /\.(md|markdown)$/i

export async function findInside(
  parts: LibraryParts,
  actor: Actor,
  { version, ...ref }: LibraryRef & { readonly version?: string },
  {
    text,
    limit = limitDefault,
    signal,
  }: { readonly text: string; readonly limit?: number; readonly signal: AbortSignal },
): Promise<readonly InnerHit[]> {
  const words = [...new Set(wordsOf(text))]
  if (words.length === 0)
    throw libraryFault('library/malformed-query', { field: 'q', reason: 'at least one word' })
  const row = await reading(parts, async (sql) => {
    const found = await requireReadable(sql, parts, { actor, ref })
    if (version !== undefined) return await requireVersion(sql, found, { actor, version })
    const [latest] = await sql.query<VersionRow>`
      select * from library_version where id = ${found.row.shown}`
    if (latest !== undefined) return latest
    throw libraryFault('library/no-such-version', {
      library: formatLibraryRef(ref),
      version: 'latest',
    })
  })
  return await searchArchive(parts, row, { words, limit: Math.min(limit, limitMax), signal })
}

interface Query {
  readonly words: readonly string[]
  readonly limit: number
  readonly signal: AbortSignal
}

async function searchArchive(
  { archives, rules }: LibraryParts,
  { digest }: VersionRow,
  query: Query,
): Promise<readonly InnerHit[]> {
  const { signal, limit } = query
  const blob = await archives.open(parseBlobDigest(digest), { signal })
  if (blob === undefined) throw libraryFault('library/damaged', { digest })
  const hits: InnerHit[] = []
  try {
    const source = blob.read(undefined, { signal })
    const options = { limits: rules.archiveLimits, allowsScripts: true, signal }
    let pieces: Uint8Array[] | undefined
    for await (const event of readArchive(source, options)) {
      if (event.kind === 'file')
        pieces = markdown.test(event.path) && event.bytes <= fileBytesMax ? [] : undefined
      else if (event.kind === 'bytes') pieces?.push(Uint8Array.from(event.bytes))
      else if (pieces !== undefined) {
        hits.push(...searchText(event.file.path, Buffer.concat(pieces).toString(), query))
        if (hits.length >= limit) break
      }
    }
  } finally {
    blob.release()
  }
  return hits.slice(0, limit)
}

function* searchText(path: string, text: string, { words }: Query): Generator<InnerHit> {
  let heading: string | undefined
  for (const [index, line] of [...markdownLines(text)].entries()) {
    heading = line.heading ?? heading
    if (!hasAll(line.text, words)) continue
    yield {
      path,
      line: index + 1,
      ...(heading === undefined ? {} : { heading }),
      text: line.text.trim().slice(0, lineCharsMax),
    }
  }
}

/** A word may go on: who types the beginning of one finds it. */
function hasAll(line: string, words: readonly string[]): boolean {
  const there = [...wordsOf(line)]
  return words.every((word) =>
    there.some((one) => one.startsWith(word) || one === otherNumber(word)),
  )
}
