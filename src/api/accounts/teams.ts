import { z } from 'zod'
import {
  type AccountParts,
  accountRoute,
  given,
  isoTime,
  shortText,
  time,
} from '#api/accounts/route'
import { type Actor, requireUser, teamRoles, type UserActor } from '#identity/actor'
import { personFault } from '#identity/faults'
import type { Team } from '#identity/team'

const visibilities = ['public', 'internal', 'private'] as const

export const team = z.object({
  id: z.string(),
  name: z.string(),
  display_name: z.string(),
  role: z.enum(teamRoles).nullable().describe('yours; an administrator may have none'),
  created_at: time,
  members_count: z.int(),
  libraries_count: z.int(),
  total_downloads: z.int(),
  default_visibility: z.enum(visibilities).nullable(),
  needs_totp: z.boolean().describe('members without codes that change may read, and nothing else'),
})

export async function printTeam(
  { figures }: Pick<AccountParts, 'figures'>,
  actor: UserActor,
  found: Team,
): Promise<z.infer<typeof team>> {
  const { libraries, downloads } = await figures(actor, found.name)
  return {
    id: found.id,
    name: found.name,
    display_name: found.displayName,
    role: found.role ?? null,
    created_at: isoTime(found.createdAt),
    members_count: found.members,
    libraries_count: libraries,
    total_downloads: downloads,
    default_visibility: found.defaultVisibility ?? null,
    needs_totp: found.needsTotp,
  }
}

const scopeQuery = z.object({
  all: z.enum(['true', 'false']).optional().describe('also those you are not in; administrators'),
})

export const listTeams = accountRoute<undefined, z.infer<typeof scopeQuery>>({
  method: 'GET',
  path: '/teams',
  operation: 'ListTeams',
  summary: 'Your teams, by name',
  budget: 'metadata',
  query: scopeQuery,
  answer: z.object({ teams: z.array(team) }),
  status: 200,
  async run(parts, call) {
    const actor = requireUser(call.actor)
    const found = await parts.accounts.teams.list(actor, { all: call.query.all === 'true' })
    const teams: z.infer<typeof team>[] = []
    for (const one of found) teams.push(await printTeam(parts, actor, one))
    return { teams }
  },
})

const newTeam = z.strictObject({ name: shortText, display_name: shortText.optional() })

export const createTeam = accountRoute<z.infer<typeof newTeam>>({
  method: 'POST',
  path: '/teams',
  operation: 'CreateTeam',
  summary: 'Make a team, and be its admin',
  budget: 'auth',
  body: newTeam,
  answer: team,
  status: 201,
  answers: {
    403: 'Only administrators make teams here, or the token does not allow it',
    409: 'The name is taken by a user or a team, or looks like one that is',
  },
  async run(parts, call) {
    const actor = requireUser(call.actor)
    const { name, display_name: displayName } = call.body
    const made = await parts.accounts.teams.create(actor, given({ name, displayName }))
    return await printTeam(parts, actor, made)
  },
})

const path = '/teams/{id}'
const answers = {
  403: 'You do not manage the team, or the token does not allow it',
  404: 'There is none, or you are not in it',
}

export const getTeam = accountRoute({
  method: 'GET',
  path,
  operation: 'GetTeam',
  summary: 'A team of yours, by id or name',
  budget: 'metadata',
  answer: team,
  status: 200,
  answers: { 404: answers[404] },
  async run(parts, call) {
    const actor = requireUser(call.actor)
    return await printTeam(parts, actor, await parts.accounts.teams.team(actor, idOf(call.names)))
  },
})

const changedTeam = z.strictObject({
  name: shortText.optional().describe('stays as it is: names are never changed'),
  display_name: shortText.optional(),
  default_visibility: z.enum(visibilities).nullable().optional(),
  needs_totp: z.boolean().optional(),
})

async function update(
  parts: AccountParts,
  call: { readonly actor: Actor; readonly names: Readonly<Record<string, string>> },
  body: z.infer<typeof changedTeam>,
): Promise<z.infer<typeof team>> {
  const actor = requireUser(call.actor)
  const { teams } = parts.accounts
  const id = idOf(call.names)
  const { display_name: displayName, default_visibility: visibility, needs_totp: needsTotp } = body
  if (body.name !== undefined && body.name !== (await teams.team(actor, id)).name)
    throw personFault('identity/name-stays')
  const changed = await teams.update(actor, id, {
    ...given({ displayName, needsTotp }),
    ...(visibility === undefined ? {} : { defaultVisibility: visibility ?? undefined }),
  })
  return await printTeam(parts, actor, changed)
}

export const updateTeam = accountRoute<z.infer<typeof changedTeam>>({
  method: 'PATCH',
  path,
  operation: 'UpdateTeam',
  summary: 'Change what is given of a team',
  budget: 'metadata',
  body: changedTeam,
  answer: team,
  status: 200,
  answers,
  run: (parts, call) => update(parts, call, call.body),
})

const wholeTeam = changedTeam.extend({ display_name: shortText })

export const replaceTeam = accountRoute<z.infer<typeof wholeTeam>>({
  method: 'PUT',
  path,
  operation: 'ReplaceTeam',
  summary: 'Replace what a team is: what is left out is as in a new one',
  budget: 'metadata',
  body: wholeTeam,
  answer: team,
  status: 200,
  answers,
  run: (parts, call) =>
    update(parts, call, { default_visibility: null, needs_totp: false, ...call.body }),
})

export const deleteTeam = accountRoute({
  method: 'DELETE',
  path,
  operation: 'DeleteTeam',
  summary: 'Remove a team that has no libraries; nobody gets its name again',
  budget: 'auth',
  status: 204,
  answers: { ...answers, 409: 'It has libraries' },
  run: ({ accounts, mayRemoveTeam }, { actor, names }) =>
    accounts.teams.remove(requireUser(actor), idOf(names), { mayRemove: mayRemoveTeam }),
})

export function idOf(names: Readonly<Record<string, string>>): string {
  return (names['id'] ?? '').replace(/^@/, '')
}
