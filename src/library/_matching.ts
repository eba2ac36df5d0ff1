/**
 * What rows of `derived_library_text` a query takes, in the words of each database: FTS5's, or those of `tsquery`. Words are `words.ts`'s, so there is nothing
 * to escape.
 */
import { type Clause, clause } from '#library/_clauses'
import type { SearchField } from '#library/model'

export type Dialect = 'sqlite' | 'postgresql'

/** By weight. A library's tier is the least of these within which, with those before it, all words stand. */
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

/** What `match` takes and none of `but` does, as a condition on rows of `derived_library_text f`. */
export function matching(dialect: Dialect, match: Match, but: readonly Match[]): Clause {
  if (dialect === 'sqlite') {
    const text = [match, ...but].map((one) => `(${fts5(one)})`).join(' NOT ')
    return clause`derived_library_text match ${text}`
  }
  return but.reduce((before, one) => clause`${before} and not ${vectors(one)}`, vectors(match))
}

function fts5({ terms, fields }: Match): string {
  const text = terms
    .map(({ anyOf }) => {
      const words = anyOf.map(({ word, match }) => `"${word}"${match === 'beginning' ? ' *' : ''}`)
      return words.length === 1 ? words[0] : `(${words.join(' OR ')})`
    })
    .join(' AND ')
  if (fields === searchFields.length) return text
  return `{${searchFields.slice(0, fields).join(' ')}} : (${text})`
}

/** The texts are those of the indexes: `_search-tables.ts`. */
function vectors({ terms, fields }: Match): Clause {
  const query = terms
    .map(({ anyOf }) => {
      const words = anyOf.map(({ word, match }) => `'${word}'${match === 'beginning' ? ':*' : ''}`)
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
