import { libraryWithVersions, printLibraryWithVersions } from '#api/library/print'
import { libraryRoute, refOf } from '#api/library/route'

export const getLibrary = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}',
  operation: 'GetLibrary',
  summary: 'A library with its versions, highest first',
  budget: 'metadata',
  answers: { 404: 'There is none, or none that you may know of' },
  answer: libraryWithVersions,
  status: 200,
  run: async (parts, { actor, names }) =>
    printLibraryWithVersions(await parts.libraries.versions(actor, refOf(names)), parts),
})
