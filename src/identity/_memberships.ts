/** Who is in which team of the store's own account, and as what. A team is IAM's group; whoever was put there through IAM is a plain member. */
import type { CommitTransaction } from '#changelog/change'
import { readRights } from '#identity/_rows'
import type { TeamRole } from '#identity/actor'
import type { IdentityChange, MembershipJson, RightsJson } from '#identity/changes'
import type { Member } from '#identity/team'
import type { Queryable, SqlRow } from '#sql/sql'

export function withTeam(rights: RightsJson, team: string, membership: MembershipJson): RightsJson {
  const teams = rights.teams.includes(team) ? rights.teams : [...rights.teams, team]
  return { ...rights, teams, memberships: { ...rights.memberships, [team]: membership } }
}

export function withoutTeam(rights: RightsJson, team: string): RightsJson {
  const { memberships, ...others } = rights
  const { [team]: _, ...rest } = memberships ?? {}
  const teams = rights.teams.filter((other) => other !== team)
  return { ...others, teams, ...(Object.keys(rest).length === 0 ? {} : { memberships: rest }) }
}

/** `undefined` takes it away. */
export async function recordMembership(
  tx: CommitTransaction,
  { team, member }: { readonly team: string; readonly member: string },
  membership: MembershipJson | undefined,
): Promise<void> {
  const former = await readRights(tx, member)
  const rights =
    membership === undefined ? withoutTeam(former, team) : withTeam(former, team, membership)
  const change: IdentityChange = { kind: 'identity/rights-put', holder: member, ...rights }
  await tx.record(change)
}

interface MemberRow extends SqlRow {
  readonly id: string
  readonly handle: string
  readonly display_name: string
  readonly role: string
  readonly joined_at: number | null
}

/** By handle. */
export async function readMembers(tx: Queryable, team: string): Promise<readonly Member[]> {
  const rows = await tx.query<MemberRow>`
    select p.id, p.handle, p.display_name, m.role, m.joined_at from iam_membership m join principal p on p.id = m.member
    where m.team = ${team} order by p.handle`
  return rows.map((row) => ({
    id: row.id,
    handle: row.handle,
    displayName: row.display_name,
    role: row.role as TeamRole, // put there by us
    ...(row.joined_at === null ? {} : { joinedAt: row.joined_at }),
  }))
}
