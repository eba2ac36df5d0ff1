/** What words are found by, kept as the rows are. */
import { distinctWords } from '#library/distinct-words'
import type { Queryable } from '#sql/sql'

/**
 * Rows of libraries that not everybody may see are from here on: what everybody may see is counted and found without a look at each library. Below, and
 * again above, rows are in the order in which hits that are found alike are shown, so that an index that gives rows by number gives them in that order.
 */
export const firstHiddenRow = 2 ** 46
const rowsOfPopularity = 2 ** 40
const popularityMax = 31

/** Of the name, the tags and the description, in characters; far more than manifests allow. */
const charsMax = 16_384

export interface Shown {
  readonly id: number
  readonly scope: string
  readonly name: string
  readonly visibility: string
  readonly downloads: number
  readonly description: string
  readonly tags: readonly string[]
  /** Words. */
  readonly headings: string
  readonly bodies: string
}

/** The more downloaded first, in powers of two, so that rows seldom move; of those alike, the newer library. */
export function searchRowOf({
  id,
  visibility,
  downloads,
}: {
  readonly id: number
  readonly visibility: string
  readonly downloads: number
}): number {
  const popularity = Math.min(popularityMax, Math.ceil(Math.log2(downloads + 1)))
  const row = (popularityMax - popularity) * rowsOfPopularity + (rowsOfPopularity - 1 - id)
  return visibility === 'public' ? row : firstHiddenRow + row
}

/** The name counts with its scope: people type `@scope/name`. */
export function nameWords({ scope, name }: Pick<Shown, 'scope' | 'name'>): readonly string[] {
  return distinctWords([name, scope], charsMax)
}

/** Replaces what was there under `before`. */
export async function indexLibrary(
  tx: Queryable,
  shown: Shown,
  before: number | null,
): Promise<void> {
  await unindexRow(tx, before)
  const names = nameWords(shown)
  const tags = distinctWords(shown.tags, charsMax)
  const description = distinctWords([shown.description], charsMax)
  const row = searchRowOf(shown)
  await tx.query`insert into derived_library_head (rowid, name, tags, description)
    values (${row}, ${names.join(' ')}, ${tags.join(' ')}, ${description.join(' ')})`
  await tx.query`insert into derived_library_text (rowid, name, tags, description, headings, bodies)
    values (${row}, ${names.join(' ')}, ${tags.join(' ')}, ${description.join(' ')},
      ${shown.headings}, ${shown.bodies})`
  await replaceTags(tx, shown)
  await replaceTerms(tx, shown.id, new Set([...names, ...tags]))
}

export async function unindexLibrary(
  tx: Queryable,
  { id, before }: { readonly id: number; readonly before: number | null },
): Promise<void> {
  await unindexRow(tx, before)
  await tx.query`delete from library_tag where library = ${id}`
  await replaceTerms(tx, id, new Set())
}

async function unindexRow(tx: Queryable, row: number | null): Promise<void> {
  if (row === null) return
  await tx.query`delete from derived_library_head where rowid = ${row}`
  await tx.query`delete from derived_library_text where rowid = ${row}`
}

async function replaceTags(tx: Queryable, { id, tags }: Shown): Promise<void> {
  await tx.query`delete from library_tag where library = ${id}`
  await Promise.all(
    [...new Set(tags)].map(
      (tag) => tx.query`insert into library_tag (tag, library) values (${tag}, ${id})`,
    ),
  )
}

/** A word's trigrams are there for as long as some library has it in its name or tags. */
async function replaceTerms(
  tx: Queryable,
  library: number,
  terms: ReadonlySet<string>,
): Promise<void> {
  const rows = await tx.query<{ term: string }>`
    select term from library_term where library = ${library}`
  const former = new Set(rows.map(({ term }) => term))
  await Promise.all([
    ...[...former].filter((term) => !terms.has(term)).map((term) => dropTerm(tx, term, library)),
    ...[...terms].filter((term) => !former.has(term)).map((term) => addTerm(tx, term, library)),
  ])
}

async function dropTerm(tx: Queryable, term: string, library: number): Promise<void> {
  await tx.query`delete from library_term where term = ${term} and library = ${library}`
  if (!(await isUsed(tx, term))) await tx.query`delete from library_trigram where term = ${term}`
}

async function addTerm(tx: Queryable, term: string, library: number): Promise<void> {
  const isKnown = await isUsed(tx, term)
  await tx.query`insert into library_term (term, library) values (${term}, ${library})`
  if (isKnown || !mayBeMeant(term)) return
  await Promise.all(
    trigramsOf(term).map(
      (trigram) =>
        tx.query`insert into library_trigram (trigram, term) values (${trigram}, ${term})`,
    ),
  )
}

async function isUsed(tx: Queryable, term: string): Promise<boolean> {
  return (await tx.query`select 1 from library_term where term = ${term} limit 1`).length > 0
}

/** Of what is short everything is near everything, and numbers are not spelled. */
export function mayBeMeant(term: string): boolean {
  return term.length >= meantCharsMin && /\p{L}/u.test(term)
}

const meantCharsMin = 4

/** The ends count as characters. */
export function trigramsOf(word: string): readonly string[] {
  const characters = ['\u0001', ...word, '\u0002']
  const found = new Set<string>()
  for (let at = 0; at + 2 < characters.length; at += 1)
    found.add(characters.slice(at, at + 3).join(''))
  return [...found]
}
