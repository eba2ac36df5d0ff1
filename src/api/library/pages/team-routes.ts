/** Managing who is in a team. */
import { type FormState, untouched } from '#api/library/pages/form-fields'
import { mistakenForm } from '#api/library/pages/form-mistakes'
import { membersPath, scopePath } from '#api/library/pages/paths'
import {
  answerForm,
  done,
  fieldOf,
  type PageCall,
  type PageRoute,
  requireUser,
  seeOther,
} from '#api/library/pages/route'
import { renderTeamMembersPage } from '#api/library/pages/team-page'
import type { HttpResponse } from '#http/message'
import { type TeamRole, teamRoles } from '#identity/actor'

function teamName({ names }: PageCall): string {
  return names['team'] ?? ''
}

async function answerMembers(call: PageCall, form: FormState = untouched): Promise<HttpResponse> {
  const { teams } = call.parts.accounts
  const actor = requireUser(call)
  const team = await teams.team(actor, teamName(call))
  const { members, invitations } = await teams.roster(actor, team.name)
  const main = renderTeamMembersPage({
    team: team.name,
    displayName: team.displayName,
    members,
    invitations: (invitations ?? []).map(({ id, user, role, expiresAt }) => ({
      id,
      to: user.handle,
      role,
      expiresAt,
    })),
    handle: actor.handle,
    isAdmin: invitations !== undefined,
    form,
  })
  return answerForm(call, { title: `Members of ${team.displayName}`, main }, form)
}

const members: PageRoute = {
  method: 'GET',
  path: '/@{team}/-/members',
  operation: 'TeamMembersPage',
  budget: 'metadata',
  run: (call) => answerMembers(call),
}

function roleOf(call: PageCall): TeamRole {
  const wanted = fieldOf(call, 'role')
  return teamRoles.find((role) => role === wanted) ?? 'reader'
}

/** A form of the members' page: leads back to it, or shows it again with what was wrong. */
function memberForm(
  name: string,
  operation: string,
  work: (call: PageCall) => Promise<string>,
): PageRoute {
  return {
    method: 'POST',
    path: `/@{team}/-/members/${name}`,
    operation,
    budget: 'auth',
    async run(call) {
      try {
        return seeOther(await work(call))
      } catch (error) {
        return await answerMembers(call, mistakenForm(error, call.form))
      }
    },
  }
}

const invite = memberForm('invite', 'InviteMember', async (call) => {
  const team = teamName(call)
  const wanted = { username: fieldOf(call, 'username').replace(/^@/, ''), role: roleOf(call) }
  await call.parts.accounts.teams.invite(requireUser(call), team, wanted)
  return done(membersPath(team), 'invited')
})

const withdraw = memberForm('withdraw', 'WithdrawInvitation', async (call) => {
  const team = teamName(call)
  const actor = requireUser(call)
  const { invitations = [] } = await call.parts.accounts.teams.roster(actor, team)
  const asked = invitations.find(({ id }) => id === fieldOf(call, 'id'))
  if (asked !== undefined) await call.parts.accounts.teams.removeMember(actor, team, asked.user.id)
  return done(membersPath(team), 'withdrawn')
})

const setRole = memberForm('role', 'SetRole', async (call) => {
  const team = teamName(call)
  const wanted = { member: fieldOf(call, 'id'), role: roleOf(call) }
  await call.parts.accounts.teams.setRole(requireUser(call), team, wanted)
  return done(membersPath(team), 'role-set')
})

const remove = memberForm('remove', 'RemoveMember', async (call) => {
  const team = teamName(call)
  const actor = requireUser(call)
  const member = fieldOf(call, 'id')
  await call.parts.accounts.teams.removeMember(actor, team, member)
  return member === actor.id
    ? done(scopePath(actor.handle), 'left')
    : done(membersPath(team), 'removed')
})

export const teamRoutes: readonly PageRoute[] = [members, invite, withdraw, setRole, remove]
