/**
 * Teams of the store's own account, as their members manage them: with roles, by invitation and acceptance. They are IAM's groups, of which root and
 * policies know; whoever was put there through IAM is a plain member. A team has an admin at all times, unless root takes the last one out.
 */
import type { CommitTransaction } from '#changelog/change'
import type { Ledger } from '#identity/_ledger'
import { readMembers, recordMembership } from '#identity/_memberships'
import { assertBare, readRights } from '#identity/_rows'
import {
  assertNotLast,
  findMembership,
  findUser,
  isManager,
  readInvitations,
  requireEntity,
  requireInvitation,
  requireManaged,
  requireMember,
  requireTeam,
  requireUser,
  type TeamOfRow,
  teamOf,
} from '#identity/_team-rows'
import { assertMayManage, type TeamRole, type UserActor } from '#identity/actor'
import { drawLetters } from '#identity/base32'
import type {
  EntityFacts,
  IdentityChange,
  InvitationJson,
  InvitationRow,
  Visibility,
} from '#identity/changes'
import { type Entity, newEntityId, ownTeamsMax, ownTeamsPerUserMax } from '#identity/entity'
import { accountFault, personFault } from '#identity/faults'
import { parseDisplayName } from '#identity/principal'
import { forgetExpired, recordAnswered } from '#identity/registration'
import { requireFreeName } from '#identity/scopes'
import type { AccountSettings } from '#identity/settings'
import type { Member, Team, TeamInvitation } from '#identity/team'
import { isOnlyFor, revokeTokens } from '#identity/tokens'
import type { Queryable } from '#sql/sql'

const invitationMs = 14 * 24 * 3_600_000
/** Into one team, that nobody has answered yet. */
const invitationsPerTeamMax = 200

export interface TeamChange {
  readonly displayName?: string
  /** `undefined` leaves it to each library. */
  readonly defaultVisibility?: Visibility | undefined
  readonly needsTotp?: boolean
}

/** Throws when a team may not go; looks in the same transaction. */
export type MayRemoveTeam = (
  tx: Queryable,
  team: { readonly id: string; readonly name: string },
) => Promise<void>

export interface Roster {
  readonly members: readonly Member[]
  /** That nobody has answered yet, newest first. */
  readonly invitations?: readonly TeamInvitation[]
}

export class Teams {
  readonly #ledger: Ledger
  readonly #settings: AccountSettings

  constructor(ledger: Ledger, settings: AccountSettings) {
    this.#ledger = ledger
    this.#settings = settings
  }

  /** By name. `all`: those one is not in as well, for administrators. */
  async list(actor: UserActor, { all = false } = {}): Promise<readonly Team[]> {
    const isAnyMeant = all && actor.isAdmin ? 1 : 0
    const rows = await this.#ledger.settled(
      (tx) => tx.query<TeamOfRow>`
        select e.*, m.role, (select count(*) from iam_membership c where c.team = e.id) as members
        from iam_entity e left join iam_membership m on m.team = e.id and m.member = ${actor.id}
        where e.account = '' and e.kind = 'team' and (m.member is not null or ${isAnyMeant} = 1) order by e.name`,
    )
    return rows.map(teamOf)
  }

  /** By name or id; only for members and administrators. `identity/no-such-team` */
  async team(actor: UserActor, name: string): Promise<Team> {
    return await this.#ledger.settled((tx) => requireTeam(tx, actor, name))
  }

  /**
   * Whoever makes it is its admin. `identity/teams-by-admins`, `identity/token-lacks-scope`, `identity/too-many`, and the faults of names.
   */
  async create(
    actor: UserActor,
    { name, displayName = name }: { readonly name: string; readonly displayName?: string },
  ): Promise<Team> {
    const { teamsMadeBy, teamsPerMakerMax } = this.#settings
    if (teamsMadeBy === 'admins' && !actor.isAdmin) throw personFault('identity/teams-by-admins')
    const shown = parseDisplayName(displayName)
    return await this.#ledger.change(async (tx) => {
      const free = await requireFreeName(tx, name, this.#settings)
      assertMayManage(actor, free)
      const [all] = await tx.query<{ count: number }>`
        select count(*) as count from iam_entity where account = '' and kind = 'team'`
      const [own] = await tx.query<{ count: number }>`
        select count(*) as count from iam_membership where member = ${actor.id} and role = 'admin'`
      if (!actor.isAdmin && (own?.count ?? 0) >= teamsPerMakerMax)
        throw tooMany('teams that one manages', teamsPerMakerMax)
      if ((all?.count ?? 0) >= ownTeamsMax) throw tooMany('teams', ownTeamsMax)
      const id = newEntityId('team', this.#ledger.parts.world)
      await recordTeam(tx, { id, name: free, path: '/', facts: { displayName: shown } })
      await this.#join(tx, { team: id, member: actor.id }, { role: 'admin' })
      return await requireTeam(tx, actor, free)
    })
  }

  /** What is left out stays. `identity/no-such-team`, `identity/not-team-admin`, `identity/token-lacks-scope`, `identity/malformed-name` */
  async update(actor: UserActor, name: string, wanted: TeamChange): Promise<Team> {
    return await this.#ledger.note(async (tx) => {
      const { id } = await requireManaged(tx, actor, name)
      const former = await requireEntity(tx, id)
      const { displayName, defaultVisibility, needsTotp = false, ...others } = former.facts
      const next = { displayName, defaultVisibility, needsTotp, ...wanted }
      const facts: EntityFacts = {
        ...others,
        ...(next.displayName === undefined
          ? {}
          : { displayName: parseDisplayName(next.displayName) }),
        ...(next.defaultVisibility === undefined
          ? {}
          : { defaultVisibility: next.defaultVisibility }),
        ...(next.needsTotp ? { needsTotp: true } : {}),
      }
      await recordTeam(tx, { id, name: former.name, path: former.path, facts })
      return await requireTeam(tx, actor, id)
    })
  }

  /** With its memberships. `identity/no-such-team`, `identity/not-team-admin`, `identity/still-in-use` while policies hang on it, and what `mayRemove` throws. */
  async remove(
    actor: UserActor,
    name: string,
    { mayRemove }: { readonly mayRemove: MayRemoveTeam },
  ): Promise<void> {
    await this.#ledger.change(async (tx) => {
      const team = await requireManaged(tx, actor, name)
      await mayRemove(tx, team)
      await assertBare(tx, team)
      for (const { id: member } of await readMembers(tx, team.id))
        await this.#leave(tx, team, member)
      const change: IdentityChange = { kind: 'identity/entity-removed', id: team.id }
      await tx.record(change)
    })
  }

  /** By handle; whoever manages the team sees also who was asked. `identity/no-such-team` */
  async roster(actor: UserActor, name: string): Promise<Roster> {
    return await this.#ledger.settled(async (tx) => {
      const team = await requireTeam(tx, actor, name)
      const members = await readMembers(tx, team.id)
      if (!isManager(actor, team)) return { members }
      const invitations = (await readInvitations(tx)).filter((one) => one.team.id === team.id)
      return { members, invitations }
    })
  }

  /**
   * Somebody is asked to join; asking again says anew as what, and begins a new fortnight. `identity/no-such-team`, `identity/not-team-admin`,
   * `identity/no-such-principal`, `identity/member-exists`, `identity/too-many`
   */
  async invite(
    actor: UserActor,
    name: string,
    { username, role }: { readonly username: string; readonly role: TeamRole },
  ): Promise<TeamInvitation> {
    return await this.#ledger.note(async (tx) => {
      const team = await requireManaged(tx, actor, name)
      const user = await requireUser(tx, username)
      if ((await findMembership(tx, team.id, user.id)) !== undefined)
        throw personFault('identity/member-exists', { name: user.handle })
      await forgetExpired(tx)
      const open = await tx.query<InvitationRow>`
        select * from invitation where team = ${team.id} order by sequence`
      for (const { id, principal } of open) if (principal === user.id) await recordAnswered(tx, id)
      if (open.length >= invitationsPerTeamMax) throw tooMany('invitations', invitationsPerTeamMax)
      const invitation: InvitationJson = {
        id: drawLetters(20, this.#ledger.parts.world).toLowerCase(),
        by: actor.id,
        expiresAt: tx.at + invitationMs,
        team: team.id,
        principal: user.id,
        role,
      }
      const change: IdentityChange = { kind: 'identity/invitation-put', ...invitation }
      const { at: createdAt } = await tx.record(change)
      const { id, expiresAt } = invitation
      return { id, team, user, role, invitedBy: actor.handle, createdAt, expiresAt }
    })
  }

  /** To the one who asks, newest first. */
  async invitations(actor: UserActor): Promise<readonly TeamInvitation[]> {
    const now = this.#ledger.parts.world.now()
    const all = await this.#ledger.settled((tx) => readInvitations(tx, actor.id))
    return all.filter(({ expiresAt }) => expiresAt > now)
  }

  /** `identity/no-such-invitation`, `identity/token-lacks-scope`, `identity/too-many` */
  async accept(actor: UserActor, id: string): Promise<Team> {
    return await this.#ledger.change(async (tx) => {
      const { team, role, by } = await requireInvitation(tx, actor, id)
      const { name } = await requireEntity(tx, team)
      assertMayManage(actor, name)
      const { teams } = await readRights(tx, actor.id)
      if (teams.length >= ownTeamsPerUserMax) throw tooMany('teams of a user', ownTeamsPerUserMax)
      await recordAnswered(tx, id)
      if ((await findMembership(tx, team, actor.id)) === undefined)
        await this.#join(tx, { team, member: actor.id }, { role, invitedBy: by })
      return await requireTeam(tx, actor, team)
    })
  }

  /** `identity/no-such-invitation`, `identity/token-lacks-scope` */
  async decline(actor: UserActor, id: string): Promise<void> {
    await this.#ledger.note(async (tx) => {
      const { team } = await requireInvitation(tx, actor, id)
      assertMayManage(actor, (await requireEntity(tx, team)).name)
      await recordAnswered(tx, id)
    })
  }

  /** `identity/no-such-team`, `identity/not-team-admin`, `identity/no-such-member`, `identity/last-admin` */
  async setRole(
    actor: UserActor,
    name: string,
    { member, role }: { readonly member: string; readonly role: TeamRole },
  ): Promise<Member> {
    return await this.#ledger.change(async (tx) => {
      const team = await requireManaged(tx, actor, name)
      const found = await requireMember(tx, team.id, member)
      if (role !== 'admin') await assertNotLast(tx, team.id, found)
      const { joined_at, invited_by } = found.row
      const membership = {
        role,
        joinedAt: joined_at ?? tx.at,
        ...(invited_by === null ? {} : { invitedBy: invited_by }),
      }
      await recordMembership(tx, { team: team.id, member: found.id }, membership)
      return { ...found.shown, role }
    })
  }

  /**
   * By the team's admin, or by oneself. Tokens that are good for this team alone end with it. Of somebody who was only asked, takes the
   * invitation back. `identity/no-such-team`, `identity/not-team-admin`, `identity/no-such-member`, `identity/last-admin`
   */
  async removeMember(actor: UserActor, name: string, member: string): Promise<void> {
    await this.#ledger.change(async (tx) => {
      const team = await requireTeam(tx, actor, name)
      const isOneself = member === actor.id || member.toLowerCase() === actor.handle
      if (isOneself) assertMayManage(actor, team.name)
      else await requireManaged(tx, actor, name)
      const user = await findUser(tx, member)
      const [asked] = await tx.query<InvitationRow>`
        select * from invitation where team = ${team.id} and principal = ${user?.id ?? ''}`
      if (asked !== undefined) return await recordAnswered(tx, asked.id)
      const found = await requireMember(tx, team.id, member)
      await assertNotLast(tx, team.id, found)
      await this.#leave(tx, team, found.id)
    })
  }

  async #join(
    tx: CommitTransaction,
    place: { readonly team: string; readonly member: string },
    { role, invitedBy }: { readonly role: TeamRole; readonly invitedBy?: string },
  ): Promise<void> {
    const by = invitedBy === undefined ? {} : { invitedBy }
    await recordMembership(tx, place, { role, joinedAt: tx.at, ...by })
  }

  async #leave(
    tx: CommitTransaction,
    team: Pick<Team, 'id' | 'name'>,
    member: string,
  ): Promise<void> {
    await recordMembership(tx, { team: team.id, member }, undefined)
    await revokeTokens(tx, member, { isMeant: (token) => isOnlyFor(token, team.name) })
  }
}

async function recordTeam(
  tx: CommitTransaction,
  fields: Pick<Entity, 'id' | 'name' | 'path' | 'facts'>,
): Promise<void> {
  const change: IdentityChange = {
    kind: 'identity/entity-put',
    account: '',
    entity: 'team',
    ...fields,
  }
  await tx.record(change)
}

function tooMany(what: string, max: number): Error {
  return accountFault('identity/too-many', { what, max })
}
