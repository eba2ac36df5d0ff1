import { z } from 'zod'
import { library, printLibrary } from '#api/library/print'
import { field, given, libraryRoute, wholeNumber } from '#api/library/route'
import type { Explanation, FindQuery } from '#library/model'

const sorts = ['relevance', 'name', 'downloads', 'updated_at', 'updated'] as const

export const findQuery = z.object({
  q: z.string().max(256).optional().describe('words, all of which must be found'),
  tag: z.string().max(64).optional(),
  scope: z.string().max(64).optional(),
  license: z.string().max(128).optional(),
  updated_since: z.iso
    .datetime({ offset: true, error: 'expected a time such as 2026-11-22T00:00:00Z' })
    .or(z.iso.date())
    .optional(),
  sort: z.enum(sorts).optional().describe('relevance with words, else name'),
  order: z.enum(['asc', 'desc']).optional(),
  page: wholeNumber(1, 1_000_000).optional(),
  per_page: wholeNumber(1, 100).optional().describe('20 when left out'),
  cursor: z.string().max(1024).optional().describe('`next` of the page before'),
})

const explanation = z.object({
  field: z.enum(['name', 'tags', 'description', 'headings', 'bodies']),
  weight: z.number(),
  is_name: z.boolean(),
  words: z.array(
    z.object({
      word: z.string(),
      match: z.enum(['whole', 'beginning', 'near']),
      found: z.string().optional(),
      fields: z.array(z.string()),
    }),
  ),
})

const found = z.object({
  libraries: z.array(library.extend({ why: explanation.optional() })),
  pagination: z.object({
    page: z.int(),
    per_page: z.int(),
    total: z.int(),
    total_pages: z.int(),
    next: z.string().optional().describe('a cursor'),
  }),
  corrected: z.string().optional().describe('what was searched for instead'),
})

export const findLibraries = libraryRoute<undefined, z.infer<typeof findQuery>>({
  method: 'GET',
  path: '/libraries',
  operation: 'FindLibraries',
  summary:
    'Libraries that you may read: all, or those that have the words and are what is asked for',
  budget: 'search',
  query: findQuery,
  answer: found,
  status: 200,
  async run({ libraries }, { actor, query }) {
    const result = await libraries.find(actor, queryOf(query))
    const { total, page, perPage, next, corrected } = result
    return {
      libraries: result.libraries.map(({ why, ...facts }) => ({
        ...printLibrary(facts),
        ...field('why', why && printExplanation(why)),
      })),
      pagination: {
        page,
        per_page: perPage,
        total,
        total_pages: Math.ceil(total / perPage),
        ...field('next', next),
      },
      ...field('corrected', corrected),
    }
  },
})

export function queryOf({
  q,
  per_page: perPage,
  updated_since: since,
  sort,
  ...query
}: z.infer<typeof findQuery>): FindQuery {
  return given({
    ...query,
    text: q === '' ? undefined : q,
    perPage,
    updatedSince: since === undefined ? undefined : Date.parse(since),
    sort: sort === 'updated' ? 'updated_at' : sort, // as the first command line had it
  })
}

function printExplanation({ isName, words, ...why }: Explanation): z.infer<typeof explanation> {
  return {
    ...why,
    is_name: isName,
    words: words.map(({ fields, ...word }) => ({ ...word, fields: [...fields] })),
  }
}
