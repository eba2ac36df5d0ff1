/** Words of names and tags that are spelled nearly as one that nobody uses: those that share trigrams with it, and are a slip or two away. */
import { clause, joined, run } from '#library/_clauses'
import { mayBeMeant, trigramsOf } from '#library/_search-index'
import { slipsBetween } from '#library/name'
import type { Queryable } from '#sql/sql'

const twoSlipsCharsMin = 8
const candidatesMax = 50
const nearMax = 3

/** The nearest first, of those as near the more used; none for a word that is used itself. */
export async function nearWords(sql: Queryable, word: string): Promise<readonly string[]> {
  if (!mayBeMeant(word)) return []
  const [used] = await sql.query`select 1 from library_term where term = ${word} limit 1`
  if (used !== undefined) return []
  const trigrams = joined(
    trigramsOf(word).map((trigram) => clause`${trigram}`),
    clause`, `,
    clause`''`,
  )
  const rows = await run<{ term: string }>(
    sql,
    clause`select term from library_trigram where trigram in (${trigrams})
      group by term order by count(*) desc, length(term), term limit ${candidatesMax}`,
  )
  const slipsMax = word.length < twoSlipsCharsMin ? 1 : 2
  return rows
    .map(({ term }) => ({ term, slips: slipsBetween(word, term) }))
    .filter(({ slips }) => slips <= slipsMax)
    .sort((one, other) => one.slips - other.slips)
    .slice(0, nearMax)
    .map(({ term }) => term)
}
