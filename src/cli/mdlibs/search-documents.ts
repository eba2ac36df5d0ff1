/** `mdlibs search` within a library: lines of its documents, or only their titles, that have a text in any case. */
import type { MdlibsContext } from '#cli/mdlibs/context'
import { findDocuments, readDocument, titleIn } from '#cli/mdlibs/documents'
import { findRoot } from '#cli/mdlibs/library-root'
import { noteSkipped } from '#cli/mdlibs/list-documents'
import { give, note } from '#cli/mdlibs/say'
import { linesOf } from '#cli/mdlibs/title'

const previewCharacters = 60

export interface SearchOptions {
  readonly titleOnly: boolean
}

interface Found {
  readonly title: string
  readonly path: string
  /** Lines are counted from 1. */
  readonly matches: readonly { readonly line: number; readonly text: string }[]
}

export async function searchDocuments(
  context: MdlibsContext,
  query: string,
  { titleOnly }: SearchOptions,
): Promise<void> {
  const root = (await findRoot(context.directory)) ?? context.directory
  note(context, `Searching the documents of ${root}`)
  const { files, skipped } = await findDocuments(root)
  const passedOver = [...skipped]
  const wanted = query.toLowerCase()
  const has = (text: string): boolean => text.toLowerCase().includes(wanted)
  const results: Found[] = []
  for (const { path, absolute } of files) {
    context.signal.throwIfAborted()
    const text = await readDocument(absolute)
    if (text === undefined) {
      passedOver.push({ path, reason: 'not UTF-8, so it was not searched' })
      continue
    }
    const title = titleIn(text, path)
    const matches = titleOnly
      ? []
      : linesOf(text).flatMap((line, index) => (has(line) ? [{ line: index + 1, text: line }] : []))
    if (titleOnly ? has(title) : matches.length > 0) results.push({ title, path, matches })
  }
  noteSkipped(context, passedOver)
  const found = { source: 'local', root, query, results, skipped: passedOver }
  give(context, found, linesFor(results, query))
}

function linesFor(results: readonly Found[], query: string): readonly string[] {
  if (results.length === 0) return [`No results found for: ${query}`]
  return [
    `Found ${results.length} result(s) for '${query}':`,
    '',
    ...results.flatMap(({ title, path, matches }) => [
      `📄 ${title} (${path})`,
      ...matches.map(({ line, text }) => `   Line ${line}: ${previewOf(text)}`),
      '',
    ]),
  ]
}

/** Cut between characters as people count them. */
function previewOf(line: string): string {
  const characters = Array.from(new Intl.Segmenter().segment(line.trim()), ({ segment }) => segment)
  if (characters.length <= previewCharacters) return characters.join('')
  return `${characters.slice(0, previewCharacters - 1).join('')}…`
}
