import { printVersion, version } from '#api/library/print'
import { libraryRoute, versionRefOf } from '#api/library/route'

export const getVersion = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/{version}',
  operation: 'GetVersion',
  summary: 'One version, with its manifest, digests, findings of the scanner and signature',
  budget: 'metadata',
  answers: { 404: 'There is none, or none that you may know of', 410: 'It was deleted' },
  answer: version,
  status: 200,
  run: async (parts, { actor, names }) =>
    printVersion(await parts.libraries.version(actor, versionRefOf(names)), parts),
})
