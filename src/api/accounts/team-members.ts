import { z } from 'zod'
import { accountRoute, isoTime, isoTimeOrNull, shortText, time } from '#api/accounts/route'
import { idOf } from '#api/accounts/teams'
import { requireUser, teamRoles } from '#identity/actor'
import type { Member, TeamInvitation } from '#identity/team'

const path = '/teams/{id}/members'
const ofMember = `${path}/{uid}`
const answers = {
  403: 'You do not manage the team, or the token does not allow it',
  404: 'There is no such team that you are in, or nobody of that name',
}

const role = z.enum(teamRoles)
const member = z.object({
  user_id: z.string(),
  username: z.string(),
  display_name: z.string(),
  role,
  joined_at: time.nullable(),
})
const invited = z.object({
  invitation_id: z.string(),
  user_id: z.string(),
  username: z.string(),
  role,
  state: z.literal('invited'),
  joined_at: z.null().describe('when the invitation is accepted'),
  invited_by: z.string(),
  expires_at: time,
})

function printMember({ id, handle, displayName, ...found }: Member): z.infer<typeof member> {
  return {
    user_id: id,
    username: handle,
    display_name: displayName,
    role: found.role,
    joined_at: isoTimeOrNull(found.joinedAt),
  }
}

function printInvited(invitation: TeamInvitation): z.infer<typeof invited> {
  return {
    invitation_id: invitation.id,
    user_id: invitation.user.id,
    username: invitation.user.handle,
    role: invitation.role,
    state: 'invited',
    joined_at: null,
    invited_by: invitation.invitedBy,
    expires_at: isoTime(invitation.expiresAt),
  }
}

export const listMembers = accountRoute({
  method: 'GET',
  path,
  operation: 'ListMembers',
  summary: 'Who is in a team of yours; for its admins also who was asked',
  budget: 'metadata',
  answer: z.object({ members: z.array(member), invitations: z.array(invited).optional() }),
  status: 200,
  answers: { 404: answers[404] },
  async run({ accounts: { teams } }, call) {
    const roster = await teams.roster(requireUser(call.actor), idOf(call.names))
    const members = roster.members.map(printMember)
    if (roster.invitations === undefined) return { members }
    return { members, invitations: roster.invitations.map(printInvited) }
  },
})

const newMember = z.strictObject({ username: shortText, role: role.optional() })

export const inviteMember = accountRoute<z.infer<typeof newMember>>({
  method: 'POST',
  path,
  operation: 'InviteMember',
  summary: 'Ask somebody to join; they are in once they accept',
  budget: 'auth',
  body: newMember,
  answer: invited,
  status: 201,
  answers: { ...answers, 409: 'They are in already' },
  async run({ accounts }, { actor, names, body: { username, role = 'member' } }) {
    const asked = { username: username.replace(/^@/, ''), role }
    return printInvited(await accounts.teams.invite(requireUser(actor), idOf(names), asked))
  },
})

const changedMember = z.strictObject({ role })

export const updateMember = accountRoute<z.infer<typeof changedMember>>({
  method: 'PATCH',
  path: ofMember,
  operation: 'UpdateMember',
  summary: "Change somebody's role; by id or name",
  budget: 'auth',
  body: changedMember,
  answer: member,
  status: 200,
  answers: { ...answers, 409: 'A team keeps an admin' },
  async run({ accounts }, { actor, names, body }) {
    const change = { member: names['uid'] ?? '', role: body.role }
    return printMember(await accounts.teams.setRole(requireUser(actor), idOf(names), change))
  },
})

export const removeMember = accountRoute({
  method: 'DELETE',
  path: ofMember,
  operation: 'RemoveMember',
  summary: 'Take somebody out of a team, or leave it; tokens for this team alone end with it',
  budget: 'auth',
  status: 204,
  answers: { ...answers, 409: 'A team keeps an admin' },
  run: ({ accounts }, { actor, names }) =>
    accounts.teams.removeMember(requireUser(actor), idOf(names), names['uid'] ?? ''),
})
