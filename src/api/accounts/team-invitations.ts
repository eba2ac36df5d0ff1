import { z } from 'zod'
import { accountRoute, isoTime, time } from '#api/accounts/route'
import { printTeam, team } from '#api/accounts/teams'
import { requireUser, teamRoles } from '#identity/actor'
import type { TeamInvitation } from '#identity/team'

const path = '/invitations/{id}'
const answers = { 404: 'Nobody has asked you so, or it is over' }

const invitation = z.object({
  id: z.string(),
  team: z.object({ id: z.string(), name: z.string(), display_name: z.string() }),
  role: z.enum(teamRoles),
  invited_by: z.string(),
  created_at: time,
  expires_at: time,
})

function print({ id, team: { displayName, ...of }, ...more }: TeamInvitation) {
  return {
    id,
    team: { ...of, display_name: displayName },
    role: more.role,
    invited_by: more.invitedBy,
    created_at: isoTime(more.createdAt),
    expires_at: isoTime(more.expiresAt),
  } satisfies z.infer<typeof invitation>
}

export const listInvitations = accountRoute({
  method: 'GET',
  path: '/invitations',
  operation: 'ListInvitations',
  summary: 'Teams that you are asked to join, newest first',
  budget: 'metadata',
  answer: z.object({ invitations: z.array(invitation) }),
  status: 200,
  run: async ({ accounts }, { actor }) => ({
    invitations: (await accounts.teams.invitations(requireUser(actor))).map(print),
  }),
})

export const acceptInvitation = accountRoute({
  method: 'POST',
  path: `${path}/accept`,
  operation: 'AcceptInvitation',
  summary: 'Join',
  budget: 'auth',
  answer: team,
  status: 200,
  answers,
  async run(parts, call) {
    const actor = requireUser(call.actor)
    const joined = await parts.accounts.teams.accept(actor, call.names['id'] ?? '')
    return await printTeam(parts, actor, joined)
  },
})

export const declineInvitation = accountRoute({
  method: 'POST',
  path: `${path}/decline`,
  operation: 'DeclineInvitation',
  summary: 'Do not join',
  budget: 'auth',
  status: 204,
  answers,
  run: ({ accounts }, { actor, names }) =>
    accounts.teams.decline(requireUser(actor), names['id'] ?? ''),
})
