/** `mdlibs team`: teams, their members, and who is asked to be one. */
import { z } from 'zod'
import type { MdlibsContext } from '#cli/mdlibs/context'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { openOwnRegistry } from '#cli/mdlibs/open-registry'
import { give } from '#cli/mdlibs/say'
import { plural } from '#cli/units'

export const teamRoles = ['reader', 'member', 'admin'] as const

const team = z.looseObject({
  id: z.string(),
  name: z.string(),
  display_name: z.string().nullish(),
  role: z.string().nullish(),
  members_count: z.number().optional(),
  libraries_count: z.number().optional(),
})
const teamList = z.looseObject({ teams: z.array(team) })
const member = z.looseObject({ user_id: z.string(), username: z.string(), role: z.string() })
const memberList = z.looseObject({ members: z.array(member) })
const invitation = z.looseObject({
  id: z.string(),
  team: z.unknown(),
  role: z.string().nullish(),
})
const invitationList = z.looseObject({ invitations: z.array(invitation) })

/** Teams are addressed by their names. */
function pathOf(name: string, ...more: readonly string[]): string {
  return ['', 'teams', name.replace(/^@/, ''), ...more].map(encodeURIComponent).join('/')
}

export async function listTeams(context: MdlibsContext): Promise<void> {
  const api = await openOwnRegistry(context)
  const { teams } = await api.json('/teams', { schema: teamList })
  const lines = teams.map(
    ({ name, role, members_count: members, libraries_count: libraries }) =>
      `@${name}  ${role ?? ''}  ${plural(members ?? 0, 'member')}, ${libraries === 1 ? '1 library' : `${libraries ?? 0} libraries`}`,
  )
  give(
    context,
    { teams },
    lines.length > 0 ? lines : ['You are in no team. mdlibs team create NAME makes one.'],
  )
}

export async function createTeam(
  context: MdlibsContext,
  { name, displayName }: { readonly name: string; readonly displayName: string | undefined },
): Promise<void> {
  const api = await openOwnRegistry(context)
  const handle = name.replace(/^@/, '')
  const body = { name: handle, display_name: displayName ?? handle }
  const facts = await api.json('/teams', { method: 'POST', body, schema: team })
  const lines = [
    `✓ Created the team @${facts.name}`,
    `Publish for it with name = "@${facts.name}/…" in .mdlibs.toml.`,
  ]
  give(context, facts, lines)
}

export async function teamInfo(context: MdlibsContext, name: string): Promise<void> {
  const api = await openOwnRegistry(context)
  const facts = await api.json(pathOf(name), { schema: team })
  const { members } = await api.json(pathOf(name, 'members'), { schema: memberList })
  give(context, { ...facts, members }, [
    `@${facts.name}${facts.display_name ? `: ${facts.display_name}` : ''}`,
    ...members.map(({ username, role }) => `  ${username}  ${role}`),
  ])
}

export async function changeTeam(
  context: MdlibsContext,
  name: string,
  { displayName }: { readonly displayName: string },
): Promise<void> {
  const api = await openOwnRegistry(context)
  const body = { display_name: displayName }
  const facts = await api.json(pathOf(name), { method: 'PATCH', body, schema: team })
  give(context, facts, [`✓ Changed @${facts.name}`])
}

export async function deleteTeam(context: MdlibsContext, name: string): Promise<void> {
  const api = await openOwnRegistry(context)
  await api.done(pathOf(name), { method: 'DELETE' })
  give(context, { name, deleted: true }, [`✓ Deleted the team ${name}`])
}

/** They have to accept. */
export async function inviteMember(
  context: MdlibsContext,
  name: string,
  { username, role }: { readonly username: string; readonly role: string },
): Promise<void> {
  const api = await openOwnRegistry(context)
  await api.done(pathOf(name, 'members'), { method: 'POST', body: { username, role } })
  const lines = [
    `✓ ${username} is asked to join as ${role}. They accept with: mdlibs team accept ${name}`,
  ]
  give(context, { team: name, username, role }, lines)
}

export async function changeMember(
  context: MdlibsContext,
  name: string,
  { username, role }: { readonly username: string; readonly role: string },
): Promise<void> {
  const api = await openOwnRegistry(context)
  await api.done(pathOf(name, 'members', username), { method: 'PATCH', body: { role } })
  give(context, { team: name, username, role }, [`✓ ${username} is ${role} of ${name} now`])
}

export async function removeMember(
  context: MdlibsContext,
  name: string,
  username: string,
): Promise<void> {
  const api = await openOwnRegistry(context)
  await api.done(pathOf(name, 'members', username), { method: 'DELETE' })
  give(context, { team: name, removed: username }, [`✓ ${username} is not in ${name} any more`])
}

export async function listTeamInvitations(context: MdlibsContext): Promise<void> {
  const api = await openOwnRegistry(context)
  const { invitations } = await api.json('/invitations', { schema: invitationList })
  const lines = invitations.map(
    (one) => `@${teamOf(one)}  as ${one.role ?? 'member'}  (id: ${one.id})`,
  )
  give(context, { invitations }, lines.length > 0 ? lines : ['No team asks you to join.'])
}

/** By the team's name, or the invitation's id. `mdlibs/no-such-invitation` */
export async function answerTeam(
  context: MdlibsContext,
  wanted: string,
  { accepts }: { readonly accepts: boolean },
): Promise<void> {
  const api = await openOwnRegistry(context)
  const { invitations } = await api.json('/invitations', { schema: invitationList })
  const name = wanted.replace(/^@/, '')
  const found = invitations.find((one) => one.id === wanted || teamOf(one) === name)
  if (found === undefined) throw mdlibsFault('mdlibs/no-such-invitation', { team: wanted })
  const path = `/invitations/${encodeURIComponent(found.id)}/${accepts ? 'accept' : 'decline'}`
  await api.done(path, { method: 'POST' })
  const team = teamOf(found)
  const done = accepts ? `✓ You are in @${team} now` : `✓ You do not join @${team}`
  give(context, { team, accepted: accepts }, [done])
}

function teamOf({ team }: z.infer<typeof invitation>): string {
  if (typeof team === 'string') return team
  const named = z.looseObject({ name: z.string() }).safeParse(team)
  return named.success ? named.data.name : ''
}
