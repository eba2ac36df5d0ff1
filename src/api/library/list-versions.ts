import { z } from 'zod'
import { deletedVersion, printVersions, shortVersion } from '#api/library/print'
import { field, libraryRoute, refOf } from '#api/library/route'

export const listVersions = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/versions',
  operation: 'ListVersions',
  summary: 'All versions, highest first; deleted ones by their numbers alone',
  budget: 'metadata',
  answers: { 404: 'There is none, or none that you may know of' },
  answer: z.object({
    scope: z.string(),
    name: z.string(),
    deprecated: z.string().optional().describe('the library as a whole'),
    versions: z.array(z.union([shortVersion, deletedVersion])),
  }),
  status: 200,
  async run(parts, { actor, names }) {
    const facts = await parts.libraries.versions(actor, refOf(names))
    return {
      scope: facts.scope,
      name: facts.name,
      ...field('deprecated', facts.deprecated),
      versions: printVersions(facts, parts),
    }
  },
})
