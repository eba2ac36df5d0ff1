import { libraryRoute, versionRefOf } from '#api/library/route'

export const deleteVersion = libraryRoute({
  method: 'DELETE',
  path: '/libraries/{scope}/{name}/{version}',
  operation: 'DeleteVersion',
  summary: 'Delete a version within 72 hours; its number is never given again. Later, yank it',
  budget: 'metadata',
  answers: {
    403: 'You may read it, but not delete it',
    404: 'There is none, or none that you may know of',
    409: 'It is older than 72 hours',
    410: 'It was deleted before',
  },
  status: 204,
  run: ({ libraries }, { actor, names }) => libraries.remove(actor, versionRefOf(names)),
})
