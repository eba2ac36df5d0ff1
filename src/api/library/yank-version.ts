import { z } from 'zod'
import { printVersion, version } from '#api/library/print'
import { libraryRoute, versionRefOf } from '#api/library/route'

const reason = z.strictObject({ reason: z.string().min(1).max(500) })

const path = '/libraries/{scope}/{name}/{version}/yank'
const answers = {
  403: 'You may read it, but not yank it',
  404: 'There is none, or none that you may know of',
  410: 'It was deleted',
}

export const yankVersion = libraryRoute<z.infer<typeof reason>>({
  method: 'PUT',
  path,
  operation: 'YankVersion',
  summary: 'Take a version out of what is found and resolved; who has it locked still gets it',
  budget: 'metadata',
  body: reason,
  answers,
  answer: version,
  status: 200,
  run: async (parts, { actor, names, body }) =>
    printVersion(await parts.libraries.yank(actor, versionRefOf(names), body.reason), parts),
})

export const unyankVersion = libraryRoute({
  method: 'DELETE',
  path,
  operation: 'UnyankVersion',
  summary: 'Let a version be found again',
  budget: 'metadata',
  answers,
  answer: version,
  status: 200,
  run: async (parts, { actor, names }) =>
    printVersion(await parts.libraries.unyank(actor, versionRefOf(names)), parts),
})
