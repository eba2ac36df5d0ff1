import { z } from 'zod'
import { accountRoute, given, isoTime, shortText, time } from '#api/accounts/route'
import { requireUser } from '#identity/actor'
import type { Invitation } from '#identity/registration'

const path = '/auth/invitations'
const answers = { 403: 'You are no administrator' }

const newInvitation = z.strictObject({
  email: shortText.optional().describe('whom it is for; anybody who has the code when left out'),
  expires_in_days: z.int().min(1).optional().describe('a week when left out'),
})
const invitation = z.object({
  id: z.string(),
  email: z.string().nullable(),
  created_at: time,
  expires_at: time,
})
const madeInvitation = invitation.extend({
  code: z.string().describe('what whoever registers shows; shown here this once'),
})

function print({ id, email, createdAt, expiresAt }: Invitation): z.infer<typeof invitation> {
  const times = { created_at: isoTime(createdAt), expires_at: isoTime(expiresAt) }
  return { id, email: email ?? null, ...times }
}

export const inviteToRegister = accountRoute<z.infer<typeof newInvitation>>({
  method: 'POST',
  path,
  operation: 'InviteToRegister',
  summary: 'Invite somebody to become a user',
  budget: 'auth',
  body: newInvitation,
  answer: madeInvitation,
  status: 201,
  answers,
  async run({ accounts }, { actor, body: { email, expires_in_days: days } }) {
    const made = await accounts.registration.invite(requireUser(actor), given({ email, days }))
    return { ...print(made), code: made.code }
  },
})

export const listRegistrationInvitations = accountRoute({
  method: 'GET',
  path,
  operation: 'ListRegistrationInvitations',
  summary: 'Invitations to register that nobody has used yet, newest first',
  budget: 'metadata',
  answer: z.object({ invitations: z.array(invitation) }),
  status: 200,
  answers,
  run: async ({ accounts }, { actor }) => ({
    invitations: (await accounts.registration.invitations(requireUser(actor))).map(print),
  }),
})

export const withdrawRegistrationInvitation = accountRoute({
  method: 'DELETE',
  path: `${path}/{id}`,
  operation: 'WithdrawRegistrationInvitation',
  summary: 'Take an invitation to register back',
  budget: 'auth',
  status: 204,
  answers: { ...answers, 404: 'There is none, or it was used' },
  run: ({ accounts }, { actor, names }) =>
    accounts.registration.withdraw(requireUser(actor), names['id'] ?? ''),
})
