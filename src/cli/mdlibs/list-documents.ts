/** `mdlibs list`: what the documents of a library are called, and where they lie. */
import type { MdlibsContext } from '#cli/mdlibs/context'
import { findDocuments, readDocument, type Skipped, titleIn } from '#cli/mdlibs/documents'
import { findRoot } from '#cli/mdlibs/library-root'
import { give, note } from '#cli/mdlibs/say'

const kindColumns = 10
const titleColumns = 40
const ruleColumns = 70

export interface ListOptions {
  /** Part of a title or path, in any case. */
  readonly filter: string | undefined
}

interface Listed {
  readonly type: string
  readonly title: string
  readonly path: string
}

export async function listDocuments(
  context: MdlibsContext,
  { filter }: ListOptions,
): Promise<void> {
  const root = (await findRoot(context.directory)) ?? context.directory
  const { files, skipped } = await findDocuments(root)
  const passedOver = [...skipped]
  const all: Listed[] = []
  for (const { kind, path, absolute } of files) {
    context.signal.throwIfAborted()
    const text = await readDocument(absolute)
    if (text === undefined) passedOver.push({ path, reason: 'not UTF-8, so its title is unknown' })
    all.push({ type: kind, title: titleIn(text, path), path })
  }
  const wanted = filter?.toLowerCase() ?? ''
  const documents = all.filter(({ title, path }) =>
    [title, path].some((text) => text.toLowerCase().includes(wanted)),
  )
  noteSkipped(context, passedOver)
  give(context, { documents, skipped: passedOver }, linesFor(all, documents, filter))
}

/** Of what could not be looked into. */
export function noteSkipped(context: MdlibsContext, skipped: readonly Skipped[]): void {
  for (const { path, reason } of skipped) note(context, `Note: ${path}: ${reason}`)
}

function linesFor(
  all: readonly Listed[],
  documents: readonly Listed[],
  filter: string | undefined,
): readonly string[] {
  if (all.length === 0) {
    return [
      'No markdown documents found.',
      "Hint: Run 'mdlibs init' to initialize a library, or add .md files to the docs/ directory.",
    ]
  }
  if (documents.length === 0) return [`No documents match filter: ${filter ?? ''}`]
  const row = (type: string, title: string, path: string): string =>
    `${type.padEnd(kindColumns)} ${title.padEnd(titleColumns)} ${path}`
  return [
    `Found ${documents.length} document(s):`,
    '',
    row('TYPE', 'TITLE', 'PATH'),
    '-'.repeat(ruleColumns),
    ...documents.map(({ type, title, path }) => row(type, title, path)),
  ]
}
