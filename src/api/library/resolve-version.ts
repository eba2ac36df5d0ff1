import { z } from 'zod'
import { printVersion, version } from '#api/library/print'
import { libraryRoute, refOf } from '#api/library/route'

const query = z.object({
  range: z
    .string()
    .max(256)
    .default('latest')
    .describe('a range of versions such as ^1.2, a version, or a dist-tag'),
})

export const resolveVersion = libraryRoute<undefined, z.infer<typeof query>>({
  method: 'GET',
  path: '/libraries/{scope}/{name}/resolve',
  operation: 'ResolveVersion',
  summary: 'The highest version that a range takes, or what a dist-tag names',
  budget: 'metadata',
  query,
  answers: { 404: 'No version is in the range, or there is no library that you may know of' },
  answer: version,
  status: 200,
  run: async (parts, { actor, names, query: { range } }) =>
    printVersion(await parts.libraries.resolve(actor, refOf(names), range), parts),
})
