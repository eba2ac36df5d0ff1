import { z } from 'zod'
import { given, libraryRoute, refOf, wholeNumber } from '#api/library/route'

const query = z.object({
  q: z.string().min(1).max(256),
  version: z.string().max(128).optional().describe('the latest when left out'),
  limit: wholeNumber(1, 200).optional(),
})

export const searchInside = libraryRoute<undefined, z.infer<typeof query>>({
  method: 'GET',
  path: '/libraries/{scope}/{name}/search',
  operation: 'SearchInside',
  summary: 'Lines of the Markdown files of a library that have all the words',
  budget: 'search',
  query,
  answers: { 404: 'There is none, or none that you may know of' },
  answer: z.object({
    hits: z.array(
      z.object({
        path: z.string(),
        line: z.int().positive(),
        heading: z.string().optional(),
        text: z.string(),
      }),
    ),
  }),
  status: 200,
  async run({ libraries }, { actor, names, query: { q, version, limit }, request: { signal } }) {
    const ref = given({ ...refOf(names), version })
    const hits = await libraries.findInside(actor, ref, given({ text: q, limit }), { signal })
    return { hits }
  },
})
