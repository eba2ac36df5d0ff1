/**
 * What rows of `derived_library_…` a query takes, in the words of each database: FTS5's, or those of `tsquery`. Words are `words.ts`'s, so there is nothing to
 * escape.
 */
import { type Clause, clause } from '#library/_clauses'
import type { SearchField } from '#library/model'

export type Dialect = 'sqlite' | 'postgresql'

/** By weight. A library's tier is the least of these that, with those before it, has all words. */
export const searchFields: readonly SearchField[] = [
  'name',
  'tags',
  'description',
  'headings',
  'bodies',
]

export const weights: Readonly<Record<SearchField, number>> = {
  name: 16,
  tags: 8,
  description: 4,
  headings: 2,
  bodies: 1,
}

/** A word as it stands, the beginning of one, or one that is spelled nearly so. */
export interface Alternative {
  readonly word: string
  readonly match: 'whole' | 'beginning' | 'near'
}
/** A word that was asked for, and what will do: one of these. */
export interface Term {
  readonly word: string
  readonly anyOf: readonly Alternative[]
}
/** All of these. */
export type Terms = readonly Term[]

/** All terms within the first `fields` fields. */
export interface Match {
  readonly terms: Terms
  readonly fields: number
}

/** Fields that have a table of their own, with far fewer words. */
const headFields = 3

/** Where `matching` looks, as `f`. */
export function tableOf({ fields }: Match): Clause {
  return fields <= headFields ? clause`derived_library_head f` : clause`derived_library_text f`
}

/** What `match` takes and none of `but` does, as a condition on rows of `tableOf(match)`. Those of `but` look no further than `match`. */
export function matching(dialect: Dialect, match: Match, but: readonly Match[]): Clause {
  if (dialect === 'postgresql')
    return but.reduce((before, one) => clause`${before} and not ${vectors(one)}`, vectors(match))
  const fieldsOf = match.fields <= headFields ? headFields : searchFields.length
  const text = [match, ...but].map((one) => `(${fts5(one, fieldsOf)})`).join(' NOT ')
  return match.fields <= headFields
    ? clause`derived_library_head match ${text}`
    : clause`derived_library_text match ${text}`
}

function fts5({ terms, fields }: Match, fieldsOf: number): string {
  const text = terms
    .map((term) => {
      const words = enough(term).map(
        ({ word, match }) => `"${word}"${match === 'beginning' ? ' *' : ''}`,
      )
      return words.length === 1 ? words[0] : `(${words.join(' OR ')})`
    })
    .join(' AND ')
  if (fields >= fieldsOf) return text
  return `{${searchFields.slice(0, fields).join(' ')}} : (${text})`
}

/** Without those that a beginning takes anyway. */
function enough({ anyOf }: Term): readonly Alternative[] {
  const beginning = anyOf.find(({ match }) => match === 'beginning')
  if (beginning === undefined) return anyOf
  return anyOf.filter((one) => one === beginning || !one.word.startsWith(beginning.word))
}

/** The texts are those of the indexes: `_search-tables.ts`. */
function vectors({ terms, fields }: Match): Clause {
  const query = terms
    .map((term) => {
      const words = enough(term).map(
        ({ word, match }) => `'${word}'${match === 'beginning' ? ':*' : ''}`,
      )
      return words.length === 1 ? words[0] : `(${words.join(' | ')})`
    })
    .join(' & ')
  switch (fields) {
    case 1:
      return clause`f.name @@ ${query}::tsquery`
    case 2:
      return clause`(f.name || f.tags) @@ ${query}::tsquery`
    case 3:
      return clause`(f.name || f.tags || f.description) @@ ${query}::tsquery`
    case 4:
      return clause`(f.name || f.tags || f.description || f.headings) @@ ${query}::tsquery`
    default:
      return clause`(f.name || f.tags || f.description || f.headings || f.bodies) @@ ${query}::tsquery`
  }
}
