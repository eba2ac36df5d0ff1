/** Reads of teams, of who is in them, and of who was asked. */
import type { CommitTransaction } from '#changelog/change'
import { readMembers } from '#identity/_memberships'
import { invitationJson } from '#identity/_personal-tables'
import { entityOf, findEntity } from '#identity/_rows'
import { assertMayManage, isAllowed, type TeamRole, type UserActor } from '#identity/actor'
import type {
  EntityFacts,
  EntityRow,
  InvitationJson,
  InvitationRow,
  MembershipRow,
  PrincipalRow,
} from '#identity/changes'
import type { Entity } from '#identity/entity'
import { accountFault, personFault } from '#identity/faults'
import type { Member, Team, TeamInvitation } from '#identity/team'
import type { Queryable, SqlRow } from '#sql/sql'

export interface TeamOfRow extends EntityRow {
  readonly role: string | null
  readonly members: number
}

export function teamOf(row: TeamOfRow): Team {
  const { id, name, createdAt, facts } = entityOf(row)
  const { displayName = name, defaultVisibility, needsTotp = false } = facts
  return {
    id,
    name,
    displayName,
    createdAt,
    members: row.members,
    role: (row.role as TeamRole | null) ?? undefined, // put there by us
    ...(defaultVisibility === undefined ? {} : { defaultVisibility }),
    needsTotp,
  }
}

/** Outsiders learn nothing. */
export async function requireTeam(tx: Queryable, actor: UserActor, name: string): Promise<Team> {
  const [row] = await tx.query<TeamOfRow>`
    select e.*, m.role, (select count(*) from iam_membership c where c.team = e.id) as members
    from iam_entity e left join iam_membership m on m.team = e.id and m.member = ${actor.id}
    where e.account = '' and e.kind = 'team' and (e.id = ${name} or e.name_key = ${name.toLowerCase()})`
  if (row === undefined || (row.role === null && !actor.isAdmin))
    throw personFault('identity/no-such-team', { name: name.slice(0, 80) })
  return teamOf(row)
}

/** As the table has it, for a role may have been taken away since the request began. */
export async function requireManaged(tx: Queryable, actor: UserActor, name: string): Promise<Team> {
  const team = await requireTeam(tx, actor, name)
  assertMayManage(actor, team.name)
  if (!isManager(actor, team)) throw personFault('identity/not-team-admin', { name: team.name })
  return team
}

export function isManager(actor: UserActor, { name, role, needsTotp }: Team): boolean {
  const isHeldBack = needsTotp && actor.teams.get(name) === 'reader'
  const isInCharge = actor.isAdmin || (role === 'admin' && !isHeldBack)
  return isInCharge && isAllowed(actor.token, 'admin:team', `@${name}/*`)
}

export async function requireEntity(tx: Queryable, id: string): Promise<Entity> {
  const found = await findEntity(tx, id)
  if (found === undefined) throw personFault('identity/no-such-team', { name: id })
  return found
}

interface FoundUser {
  readonly id: string
  readonly handle: string
}

export async function findUser(tx: Queryable, name: string): Promise<FoundUser | undefined> {
  const [row] = await tx.query<PrincipalRow>`
    select * from principal where (handle = ${name.toLowerCase()} or id = ${name}) and disabled_at is null`
  return row && { id: row.id, handle: row.handle }
}

export async function requireUser(tx: Queryable, name: string): Promise<FoundUser> {
  const found = await findUser(tx, name)
  if (found === undefined)
    throw accountFault('identity/no-such-principal', { name: name.slice(0, 80) })
  return found
}

export async function findMembership(
  tx: Queryable,
  team: string,
  member: string,
): Promise<MembershipRow | undefined> {
  const [row] = await tx.query<MembershipRow>`
    select * from iam_membership where team = ${team} and member = ${member}`
  return row
}

interface FoundMember {
  readonly id: string
  readonly row: MembershipRow
  readonly shown: Member
}

/** By handle or id, and also when disabled. */
export async function requireMember(
  tx: Queryable,
  team: string,
  name: string,
): Promise<FoundMember> {
  const shown = (await readMembers(tx, team)).find(
    ({ id, handle }) => id === name || handle === name.toLowerCase(),
  )
  const row = shown && (await findMembership(tx, team, shown.id))
  if (shown === undefined || row === undefined)
    throw personFault('identity/no-such-member', { name: name.slice(0, 80) })
  return { id: shown.id, row, shown }
}

export async function assertNotLast(
  tx: Queryable,
  team: string,
  { row }: FoundMember,
): Promise<void> {
  if (row.role !== 'admin') return
  const [count] = await tx.query<{ admins: number }>`
    select count(*) as admins from iam_membership m join principal p on p.id = m.member
    where m.team = ${team} and m.role = 'admin' and p.disabled_at is null and m.member <> ${row.member}`
  if ((count?.admins ?? 0) === 0) throw personFault('identity/last-admin')
}

export async function requireInvitation(
  tx: CommitTransaction,
  actor: UserActor,
  id: string,
): Promise<Required<Pick<InvitationJson, 'team' | 'role' | 'by'>>> {
  const [row] = await tx.query<InvitationRow>`
    select * from invitation where id = ${id} and principal = ${actor.id} and expires_at > ${tx.at}`
  const { team, role, by } = row === undefined ? {} : invitationJson(row)
  if (team === undefined || role === undefined || by === undefined)
    throw personFault('identity/no-such-invitation')
  return { team, role, by }
}

interface ShownInvitationRow extends SqlRow {
  readonly id: string
  readonly body: string
  readonly at: number
  readonly expires_at: number
  readonly team: string
  readonly name: string
  readonly facts: string
  readonly principal: string
  readonly handle: string
  readonly inviter: string | null
}

/** Into teams; of one person, or of all. */
export async function readInvitations(
  tx: Queryable,
  principal?: string,
): Promise<readonly TeamInvitation[]> {
  const whose = principal ?? ''
  const rows = await tx.query<ShownInvitationRow>`
    select i.id, i.body, i.at, i.expires_at, i.team, e.name, e.facts, i.principal, p.handle, b.handle as inviter
    from invitation i join iam_entity e on e.id = i.team join principal p on p.id = i.principal
    left join principal b on b.id = i.invited_by
    where i.principal = ${whose} or ${whose} = '' order by i.sequence desc`
  return rows.map((row) => ({
    id: row.id,
    team: {
      id: row.team,
      name: row.name,
      displayName: (JSON.parse(row.facts) as EntityFacts).displayName ?? row.name, // put there by us
    },
    user: { id: row.principal, handle: row.handle },
    role: (JSON.parse(row.body) as { readonly role?: TeamRole }).role ?? 'member', // as above
    invitedBy: row.inviter ?? '',
    createdAt: row.at,
    expiresAt: row.expires_at,
  }))
}
