/** What words are found by, kept as the rows are. */
import { distinctWords } from '#library/words'
import type { Queryable } from '#sql/sql'

/** From here on are the rows of libraries that not everybody may see: counting what everybody may asks no other table. */
export const firstHiddenRow = 2 ** 40

/** Of the name, the tags and the description, in characters; far more than manifests allow. */
const charsMax = 16_384

export interface Shown {
  readonly id: number
  readonly scope: string
  readonly name: string
  readonly visibility: string
  readonly description: string
  readonly tags: readonly string[]
  /** Words. */
  readonly headings: string
  readonly bodies: string
}

export function searchRowOf({ id, visibility }: Pick<Shown, 'id' | 'visibility'>): number {
  return visibility === 'public' ? id : firstHiddenRow + id
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
  await tx.query`insert into derived_library_text (rowid, name, tags, description, headings, bodies)
    values (${searchRowOf(shown)}, ${names.join(' ')}, ${tags.join(' ')}, ${description.join(' ')},
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
  if (row !== null) await tx.query`delete from derived_library_text where rowid = ${row}`
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
  for (const term of former) {
    if (terms.has(term)) continue
    await tx.query`delete from library_term where term = ${term} and library = ${library}`
    await tx.query`delete from library_trigram where term = ${term}
      and not exists (select 1 from library_term where term = ${term})`
  }
  const added = [...terms].filter((term) => !former.has(term))
  await Promise.all(
    added.flatMap((term) => [
      tx.query`insert into library_term (term, library) values (${term}, ${library})`,
      ...trigramsOf(term).map(
        (
          trigram,
        ) => tx.query`insert into library_trigram (trigram, term) values (${trigram}, ${term})
          on conflict (trigram, term) do nothing`,
      ),
    ]),
  )
}

/** Of short words there are enough to begin with: the ends count as characters. */
export function trigramsOf(word: string): readonly string[] {
  const padded = `\u0001${word}\u0002`
  const characters = [...padded]
  const found = new Set<string>()
  for (let at = 0; at + 2 < characters.length; at += 1)
    found.add(characters.slice(at, at + 3).join(''))
  return [...found]
}
