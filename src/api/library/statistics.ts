import { z } from 'zod'
import { given, libraryRoute, wholeNumber } from '#api/library/route'

const count = z.int().nonnegative()

const ofDownloads = z.object({
  scope: z.string().max(64).optional(),
  library: z.string().max(64).optional().describe('name, together with scope'),
  days: wholeNumber(1, 366).optional().describe('30 when left out'),
})

export const downloadStatistics = libraryRoute<undefined, z.infer<typeof ofDownloads>>({
  method: 'GET',
  path: '/stats/downloads',
  operation: 'DownloadStatistics',
  summary: 'Downloads by day, of libraries that you may read',
  budget: 'search',
  query: ofDownloads,
  answer: z.object({
    total_downloads: count,
    downloads_by_day: z.array(z.object({ date: z.iso.date(), count })),
    top_libraries: z.array(z.object({ scope: z.string(), name: z.string(), downloads: count })),
  }),
  answers: { 404: 'There is no such library, or none that you may know of' },
  status: 200,
  async run({ libraries }, { actor, query: { scope, library: name, days } }) {
    const asked = given({ scope: scope?.replace(/^@/, ''), name, days })
    const statistics = await libraries.downloads(actor, asked)
    return {
      total_downloads: statistics.total,
      downloads_by_day: statistics.days,
      top_libraries: statistics.top,
    }
  },
})

export const libraryStatistics = libraryRoute({
  method: 'GET',
  path: '/stats/libraries',
  operation: 'LibraryStatistics',
  summary: 'How many libraries there are that you may read, and of what',
  budget: 'search',
  answer: z.object({
    total_libraries: count,
    total_versions: count,
    total_size_bytes: count,
    libraries_by_tag: z.array(z.object({ tag: z.string(), count })),
  }),
  status: 200,
  async run({ libraries }, { actor }) {
    const statistics = await libraries.statistics(actor)
    return {
      total_libraries: statistics.libraries,
      total_versions: statistics.versions,
      total_size_bytes: statistics.bytes,
      libraries_by_tag: statistics.tags,
    }
  },
})

const ofUse = z.object({
  handle: z.string().max(64).optional().describe('everybody, for administrators, when left out'),
  days: wholeNumber(1, 366).optional(),
})

export const apiUse = libraryRoute<undefined, z.infer<typeof ofUse>>({
  method: 'GET',
  path: '/stats/use',
  operation: 'ApiUse',
  summary: 'Requests by user and day: your own, or for administrators anybody’s',
  budget: 'search',
  query: ofUse,
  answers: { 403: 'That is somebody else' },
  answer: z.object({
    use: z.array(z.object({ handle: z.string(), date: z.iso.date(), requests: count })),
  }),
  status: 200,
  async run({ libraries }, { actor, query }) {
    return { use: await libraries.use(actor, given(query)) }
  },
})
