import { z } from 'zod'
import { isoTime, libraryRoute, refOf } from '#api/library/route'
import type { Invitation } from '#library/model'

const invitation = z.object({
  scope: z.string(),
  name: z.string(),
  kind: z.enum(['co-owner', 'transfer']),
  to: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
})

function printInvitation({ at, ...facts }: Invitation): z.infer<typeof invitation> {
  return { ...facts, at: isoTime(at) }
}

const path = '/libraries/{scope}/{name}'
const answers = {
  403: 'You may read it, but do not manage it',
  404: 'There is none, or none that you may know of',
}

export const listOwners = libraryRoute({
  method: 'GET',
  path: `${path}/owners`,
  operation: 'ListOwners',
  summary: 'Who owns a library, and who is asked to',
  budget: 'metadata',
  answers: { 404: answers[404] },
  answer: z.object({
    owner: z.string(),
    co_owners: z.array(z.string()),
    invitations: z.array(invitation),
  }),
  status: 200,
  async run({ libraries }, { actor, names }) {
    const { owner, coOwners, invitations } = await libraries.owners(actor, refOf(names))
    return { owner, co_owners: [...coOwners], invitations: invitations.map(printInvitation) }
  },
})

const somebody = z.strictObject({ handle: z.string().max(64).describe('of a user or team') })

export const inviteOwner = libraryRoute<z.infer<typeof somebody>>({
  method: 'POST',
  path: `${path}/owners`,
  operation: 'InviteOwner',
  summary: 'Ask somebody to own a library too',
  budget: 'metadata',
  body: somebody,
  answers: { ...answers, 409: 'They own it, or are asked already' },
  answer: invitation,
  status: 202,
  run: async ({ libraries }, { actor, names, body: { handle } }) =>
    printInvitation(await libraries.invite(actor, refOf(names), { handle, kind: 'co-owner' })),
})

export const removeOwner = libraryRoute({
  method: 'DELETE',
  path: `${path}/owners/{handle}`,
  operation: 'RemoveOwner',
  summary: 'Somebody owns it no longer',
  budget: 'metadata',
  answers: { ...answers, 409: 'There must be an owner' },
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.removeOwner(actor, refOf(names), names['handle'] ?? ''),
})

export const transferLibrary = libraryRoute<z.infer<typeof somebody>>({
  method: 'POST',
  path: `${path}/transfer`,
  operation: 'TransferLibrary',
  summary: 'Ask somebody to own a library instead; its name stays what it is',
  budget: 'metadata',
  body: somebody,
  answers: { ...answers, 409: 'They own it, or are asked already' },
  answer: invitation,
  status: 202,
  run: async ({ libraries }, { actor, names, body: { handle } }) =>
    printInvitation(await libraries.invite(actor, refOf(names), { handle, kind: 'transfer' })),
})

export const listOwnerInvitations = libraryRoute({
  method: 'GET',
  path: '/libraries/invitations',
  operation: 'ListOwnerInvitations',
  summary: 'Libraries that you, or teams that you administer, are asked to own',
  budget: 'metadata',
  answer: z.object({ invitations: z.array(invitation) }),
  status: 200,
  async run({ libraries }, { actor }) {
    return { invitations: (await libraries.invitations(actor)).map(printInvitation) }
  },
})

export const acceptOwnership = libraryRoute({
  method: 'POST',
  path: `${path}/owners/{handle}/accept`,
  operation: 'AcceptOwnership',
  summary: 'Take what is offered to you, or to a team that you administer',
  budget: 'metadata',
  answers: { 403: 'You are not who is asked', 404: 'Nobody is asked' },
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.accept(actor, refOf(names), names['handle'] ?? ''),
})

export const declineOwnership = libraryRoute({
  method: 'POST',
  path: `${path}/owners/{handle}/decline`,
  operation: 'DeclineOwnership',
  summary: 'Do not take it; or take the offer back',
  budget: 'metadata',
  answers: { 403: 'You are neither who is asked nor who asked', 404: 'Nobody is asked' },
  status: 204,
  run: ({ libraries }, { actor, names }) =>
    libraries.decline(actor, refOf(names), names['handle'] ?? ''),
})
