/** Why a hit is one, worked out for those that are shown: the same words, the same fields, as the search itself. */
import type { FoundFacts } from '#library/_hits'
import { searchFields, type Terms, weights } from '#library/_matching'
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
    words: terms.map((alternatives) => wordOf(fields, alternatives)),
  }
}

function isWithin(fields: Fields, terms: Terms, count: number): boolean {
  const some = searchFields.slice(0, count)
  return terms.every((alternatives) =>
    some.some((field) => foundIn(fields[field], alternatives) !== undefined),
  )
}

function foundIn(
  words: readonly string[],
  alternatives: Terms[number],
): { readonly found: string; readonly index: number } | undefined {
  for (const [index, { word, isBeginning }] of alternatives.entries()) {
    const found = words.includes(word)
      ? word
      : isBeginning
        ? words.find((one) => one.startsWith(word))
        : undefined
    if (found !== undefined) return { found, index }
  }
  return undefined
}

/** The first alternative is what was asked for. */
function wordOf(fields: Fields, alternatives: Terms[number]): Explanation['words'][number] {
  const word = alternatives[0]?.word ?? ''
  const places = searchFields.flatMap((field) => {
    const place = foundIn(fields[field], alternatives)
    return place === undefined ? [] : [{ field, ...place }]
  })
  const best = places.find(({ found }) => found === word) ?? places[0]
  const match =
    best === undefined || best.found === word ? 'whole' : best.index === 0 ? 'beginning' : 'near'
  return {
    word,
    match,
    ...(match === 'whole' ? {} : { found: best?.found ?? word }),
    fields: places.map(({ field }) => field),
  }
}
