import { z } from 'zod'
import { libraryRoute, refOf } from '#api/library/route'

const path = '/libraries/{scope}/{name}/grants'
const answers = {
  403: 'You may read it, but do not manage it',
  404: 'There is none, or none that you may know of',
}
const role = z.enum(['read', 'publish'])

export const listGrants = libraryRoute({
  method: 'GET',
  path,
  operation: 'ListGrants',
  summary: 'Who may read or publish a library beside its owners',
  budget: 'metadata',
  answers,
  answer: z.object({ grants: z.array(z.object({ to: z.string(), role })) }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const grants = await libraries.grants(actor, refOf(names))
    return { grants: grants.map((one) => ({ ...one })) }
  },
})

const granted = z.strictObject({ role })

export const setGrant = libraryRoute<z.infer<typeof granted>>({
  method: 'PUT',
  path: `${path}/{handle}`,
  operation: 'SetGrant',
  summary: 'Let a user or team read or publish a library',
  budget: 'metadata',
  body: granted,
  answers,
  status: 204,
  run: ({ libraries }, { actor, names, body }) =>
    libraries.setGrant(actor, refOf(names), names['handle'] ?? '', body.role),
})

export const removeGrant = libraryRoute({
  method: 'DELETE',
  path: `${path}/{handle}`,
  operation: 'RemoveGrant',
  summary: 'Take that back',
  budget: 'metadata',
  answers,
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.removeGrant(actor, refOf(names), names['handle'] ?? ''),
})
