/** Why a hit is one, worked out for those that are shown: the same words, the same fields, as the search itself. */
import type { FoundFacts } from '#library/_hits'
import { type Alternative, searchFields, type Term, type Terms, weights } from '#library/_matching'
import { nameWords } from '#library/_search-index'
import type { Explanation, Hit, SearchField } from '#library/model'
import { wordsOf } from '#library/words'
import type { Queryable } from '#sql/sql'

type Fields = Readonly<Record<SearchField, readonly string[]>>

export async function explain(
  sql: Queryable,
  hits: readonly FoundFacts[],
  asked: { readonly stages: readonly Terms[]; readonly name: string },
): Promise<readonly Hit[]> {
  return await Promise.all(
    hits.map(async ({ shown, facts }) => {
      const [words] = await sql.query<{ headings: string; bodies: string }>`
        select headings, bodies from library_words where version = ${shown}`
      const fields: Fields = {
        name: nameWords(facts),
        tags: facts.tags.flatMap((tag) => [...wordsOf(tag)]),
        description: [...wordsOf(facts.description)],
        headings: (words?.headings ?? '').split(' '),
        bodies: (words?.bodies ?? '').split(' '),
      }
      return { ...facts, why: whyOf(fields, { ...asked, isName: facts.name === asked.name }) }
    }),
  )
}

function whyOf(
  fields: Fields,
  { stages, isName }: { readonly stages: readonly Terms[]; readonly isName: boolean },
): Explanation {
  const stage = stages.findIndex((terms) => isWithin(fields, terms, searchFields.length))
  const terms = stages[stage] ?? stages.at(-1) ?? []
  const least = searchFields.findIndex((_, index) => isWithin(fields, terms, index + 1))
  const field = searchFields[least] ?? 'bodies'
  return {
    field,
    weight: weights[field],
    isName,
    words: terms.map((term) => wordOf(fields, term)),
  }
}

function isWithin(fields: Fields, terms: Terms, count: number): boolean {
  const some = searchFields.slice(0, count)
  return terms.every((term) => some.some((field) => foundIn(fields[field], term) !== undefined))
}

/** The first alternative that is there: they come best first. */
function foundIn(
  words: readonly string[],
  { anyOf }: Term,
): { readonly found: string; readonly match: Alternative['match'] } | undefined {
  for (const { word, match } of anyOf) {
    const found =
      match === 'beginning'
        ? words.find((one) => one.startsWith(word))
        : words.find((one) => one === word)
    if (found !== undefined) return { found, match }
  }
  return undefined
}

const goodness: readonly Alternative['match'][] = ['whole', 'beginning', 'near']

function wordOf(fields: Fields, term: Term): Explanation['words'][number] {
  const places = searchFields.flatMap((field) => {
    const place = foundIn(fields[field], term)
    return place === undefined ? [] : [{ field, ...place }]
  })
  const match = goodness.find((one) => places.some((place) => place.match === one)) ?? 'whole'
  const found = places.find((place) => place.match === match)?.found ?? term.word
  return {
    word: term.word,
    match,
    ...(found === term.word ? {} : { found }),
    fields: places.map(({ field }) => field),
  }
}
