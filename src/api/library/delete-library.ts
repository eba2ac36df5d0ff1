import { libraryRoute, refOf } from '#api/library/route'

export const deleteLibrary = libraryRoute({
  method: 'DELETE',
  path: '/libraries/{scope}/{name}',
  operation: 'DeleteLibrary',
  summary: 'Delete all versions of a library; their numbers are never given again',
  budget: 'metadata',
  answers: {
    403: 'You may read it, but not delete it',
    404: 'There is none, or none that you may know of',
    409: 'A version is older than 72 hours: an administrator can',
  },
  status: 204,
  run: ({ libraries }, { actor, names }) => libraries.removeLibrary(actor, refOf(names)),
})
