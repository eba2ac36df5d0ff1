import { z } from 'zod'
import { field, isoTime, libraryRoute, wholeNumber } from '#api/library/route'

const query = z.object({
  after: wholeNumber(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('`next` of the page before; from the beginning when left out'),
  limit: wholeNumber(1, 1_000).optional().describe('100 when left out'),
})

const limitDefault = 100

export const getFeed = libraryRoute<undefined, z.infer<typeof query>>({
  method: 'GET',
  path: '/feed',
  operation: 'GetFeed',
  summary: 'What happened to libraries that you may read, in order',
  budget: 'search',
  query,
  answer: z.object({
    entries: z.array(
      z.object({
        sequence: z.int(),
        at: z.iso.datetime(),
        event: z.string(),
        scope: z.string(),
        name: z.string(),
        version: z.string().optional(),
        by: z.string(),
      }),
    ),
    next: z.int().describe('where to go on'),
  }),
  status: 200,
  async run({ libraries }, { actor, query: { after = 0, limit = limitDefault } }) {
    const { entries, next } = await libraries.feed(actor, { after, limit })
    return {
      entries: entries.map(({ sequence, at, event, scope, name, version, by }) => ({
        ...{ sequence, at: isoTime(at), event, scope, name },
        ...field('version', version),
        by,
      })),
      next,
    }
  },
})
