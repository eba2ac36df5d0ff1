import { z } from 'zod'
import { libraryRoute, refOf, versionRefOf } from '#api/library/route'

const message = z.strictObject({
  message: z.string().min(1).max(500).describe('what people are told who use it'),
})

const ofLibrary = '/libraries/{scope}/{name}/deprecation'
const ofVersion = '/libraries/{scope}/{name}/{version}/deprecation'
const answers = {
  403: 'You may read it, but not deprecate it',
  404: 'There is none, or none that you may know of',
  410: 'It was deleted',
}

export const deprecateVersion = libraryRoute<z.infer<typeof message>>({
  method: 'PUT',
  path: ofVersion,
  operation: 'DeprecateVersion',
  summary: 'Warn whoever uses a version',
  budget: 'metadata',
  body: message,
  answers,
  status: 204,
  run: ({ libraries }, { actor, names, body }) =>
    libraries.deprecate(actor, versionRefOf(names), body.message),
})

export const undeprecateVersion = libraryRoute({
  method: 'DELETE',
  path: ofVersion,
  operation: 'UndeprecateVersion',
  summary: 'Take the warning back',
  budget: 'metadata',
  answers,
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.deprecate(actor, versionRefOf(names), undefined),
})

export const deprecateLibrary = libraryRoute<z.infer<typeof message>>({
  method: 'PUT',
  path: ofLibrary,
  operation: 'DeprecateLibrary',
  summary: 'Warn whoever uses a library',
  budget: 'metadata',
  body: message,
  answers,
  status: 204,
  run: ({ libraries }, { actor, names, body }) =>
    libraries.deprecate(actor, refOf(names), body.message),
})

export const undeprecateLibrary = libraryRoute({
  method: 'DELETE',
  path: ofLibrary,
  operation: 'UndeprecateLibrary',
  summary: 'Take the warning back',
  budget: 'metadata',
  answers,
  status: 204,
  run: ({ libraries }, { actor, names }) => libraries.deprecate(actor, refOf(names), undefined),
})
