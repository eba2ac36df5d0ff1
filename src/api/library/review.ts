import { z } from 'zod'
import { printVersion, version } from '#api/library/print'
import { libraryRoute, versionRefOf } from '#api/library/route'

const answers = {
  403: 'You may know of it, but the word is not yours',
  404: 'There is none, or none that you may know of',
  409: 'It does not wait for anybody',
  410: 'It was deleted',
}

export const approveVersion = libraryRoute({
  method: 'POST',
  path: '/libraries/{scope}/{name}/{version}/approve',
  operation: 'ApproveVersion',
  summary: 'Let a version that is staged or in quarantine go live',
  budget: 'metadata',
  answers,
  answer: version,
  status: 200,
  run: async (parts, { actor, names }) =>
    printVersion(await parts.libraries.approve(actor, versionRefOf(names)), parts),
})

const reason = z.strictObject({ reason: z.string().min(1).max(500) })

export const rejectVersion = libraryRoute<z.infer<typeof reason>>({
  method: 'POST',
  path: '/libraries/{scope}/{name}/{version}/reject',
  operation: 'RejectVersion',
  summary: 'Block a version that is staged or in quarantine',
  budget: 'metadata',
  body: reason,
  answers,
  answer: version,
  status: 200,
  run: async (parts, { actor, names, body }) =>
    printVersion(await parts.libraries.reject(actor, versionRefOf(names), body.reason), parts),
})

export const listModeration = libraryRoute({
  method: 'GET',
  path: '/moderation',
  operation: 'ListModeration',
  summary: 'Versions that wait for your word; all that wait, for administrators',
  budget: 'metadata',
  answer: z.object({ versions: z.array(version) }),
  status: 200,
  async run(parts, { actor }) {
    const waiting = await parts.libraries.moderation(actor)
    return { versions: waiting.map((facts) => printVersion(facts, parts)) }
  },
})
