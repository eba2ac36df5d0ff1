/**
 * Users, teams, roles, policies and providers of accounts, and what hangs on whom. Everything is a change in the change log. Whoever may call this may
 * do everything: doors check first. The store's own account has its principals for users.
 */
import type { CommitTransaction } from '#changelog/change'
import type { Issuers } from '#identity/_issuers'
import type { Ledger } from '#identity/_ledger'
import { withoutTeam, withTeam } from '#identity/_memberships'
import {
  assertBare,
  entityOf,
  findDocument,
  findEntity,
  findNamed,
  findPrincipalRow,
  principalOf,
  readRights,
  requirePrincipal,
} from '#identity/_rows'
import type { OpenedSession, Sessions } from '#identity/_sessions'
import { assertTrusted, assertTrustedIdentity, notAssumable } from '#identity/_trust'
import { claimedProvider, WebIdentities } from '#identity/_web-identities'
import type {
  Administration,
  AssumeRole,
  AssumeRoleWithWebIdentity,
  EntityRef,
  HolderRef,
  Named,
  RoleSession,
  WebIdentitySession,
} from '#identity/administration'
import { parseRoleArn, sessionArn } from '#identity/arn'
import { type Caller, plainStanding } from '#identity/caller'
import type {
  EntityFacts,
  EntityKind,
  EntityRow,
  IdentityChange,
  PrincipalRow,
  RightsJson,
} from '#identity/changes'
import {
  attachedMax,
  clientCharactersMax,
  clientsMax,
  type Entity,
  entitiesMax,
  inlineBytesMax,
  newEntityId,
  ownTeamsMax,
  ownTeamsPerUserMax,
  parseEntityName,
  parsePath,
  parsePolicyName,
  parseSessionSeconds,
  sessionSecondsDefault,
  sessionSecondsMax,
  teamsPerUserMax,
  thumbprintsMax,
} from '#identity/entity'
import { accountFault } from '#identity/faults'
import { type PolicyKind, parseNewPolicy } from '#identity/policy'
import type { KeyInfo, Principal } from '#identity/principal'
import { parseHandle } from '#identity/principal'
import type { SessionTicket } from '#identity/session-token'
import type { Queryable } from '#sql/sql'

/** The store's own users, and everybody's keys. */
export interface Users {
  listPrincipals(): Promise<readonly Principal[]>
  createPrincipal(asked: { readonly handle: string }): Promise<Principal>
  updatePrincipal(name: string, wanted: { readonly handle?: string }): Promise<Principal>
  removePrincipal(name: string, options: { readonly mustBeBare: boolean }): Promise<void>
  listKeys(name: string): Promise<readonly KeyInfo[]>
  createKey(name: string): ReturnType<Administration['createKey']>
  setKeyState(
    accessKeyId: string,
    state: KeyInfo['state'],
    options: { readonly of: string },
  ): Promise<KeyInfo>
  removeKey(accessKeyId: string, options: { readonly of: string }): Promise<void>
  noteKeyUse(accessKeyId: string, now: number): Promise<void>
  key(accessKeyId: string): Promise<KeyInfo>
}

/** A role that was assumed by a session of another one lasts no longer. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html */
const chainedSecondsMax = 3_600
const noPath = "The store's own users have no path but /."

export class Directory implements Administration {
  readonly #ledger: Ledger
  readonly #users: Users
  readonly #sessions: Sessions
  readonly #webIdentities: WebIdentities

  constructor(
    ledger: Ledger,
    {
      users,
      sessions,
      issuers,
    }: { readonly users: Users; readonly sessions: Sessions; readonly issuers: Issuers },
  ) {
    this.#webIdentities = new WebIdentities(issuers)
    this.#ledger = ledger
    this.#users = users
    this.#sessions = sessions
  }

  async listUsers(account: string): Promise<readonly Entity[]> {
    if (account !== '') return await this.list(account, 'user')
    return (await this.#users.listPrincipals()).map(userOf)
  }

  async user(account: string, name: string): Promise<Entity> {
    return await this.#ledger.settled((tx) => requireUser(tx, account, name))
  }

  async createUser(account: string, { name, path = '/' }: Named): Promise<Entity> {
    if (account !== '')
      return await this.create({ account, kind: 'user', name }, { path, facts: {} })
    if (parsePath(path) !== '/') throw accountFault('identity/malformed-path', { reason: noPath })
    return userOf(await this.#users.createPrincipal({ handle: name }))
  }

  async updateUser(account: string, name: string, wanted: Partial<Named>): Promise<Entity> {
    if (account !== '') return await this.update({ account, kind: 'user', name }, wanted)
    const { name: handle, path } = wanted
    if (path !== undefined && path !== '/')
      throw accountFault('identity/malformed-path', { reason: noPath })
    return userOf(await this.#users.updatePrincipal(name, handle === undefined ? {} : { handle }))
  }

  async removeUser(account: string, name: string): Promise<void> {
    if (account !== '') return await this.remove({ account, kind: 'user', name })
    await this.#users.removePrincipal(name, { mustBeBare: true })
  }

  async listKeys(id: string): Promise<readonly KeyInfo[]> {
    return await this.#users.listKeys(id)
  }

  async createKey(id: string): ReturnType<Administration['createKey']> {
    return await this.#users.createKey(id)
  }

  async setKeyState(id: string, accessKeyId: string, state: KeyInfo['state']): Promise<KeyInfo> {
    return await this.#users.setKeyState(accessKeyId, state, { of: id })
  }

  async removeKey(id: string, accessKeyId: string): Promise<void> {
    await this.#users.removeKey(accessKeyId, { of: id })
  }

  async noteKeyUse(accessKeyId: string, now: number): Promise<void> {
    await this.#users.noteKeyUse(accessKeyId, now)
  }

  async key(accessKeyId: string): Promise<KeyInfo> {
    return await this.#users.key(accessKeyId)
  }

  async list(account: string, kind: EntityKind): Promise<readonly Entity[]> {
    const rows = await this.#ledger.settled(
      (tx) => tx.query<EntityRow>`
        select * from iam_entity where account = ${account} and kind = ${kind} order by name_key`,
    )
    return rows.map(entityOf)
  }

  async entity(ref: EntityRef): Promise<Entity> {
    return await this.#ledger.settled((tx) => requireNamed(tx, ref))
  }

  async create(
    { account, kind, name }: Ref,
    { path = '/', facts }: { readonly path?: string; readonly facts: EntityFacts },
  ): Promise<Entity> {
    const id = newEntityId(kind, this.#ledger.parts.world)
    const fields = {
      account,
      name: parseEntityName(name, { kind, account }),
      path: parsePath(path),
    }
    checkFacts(facts)
    return await this.#ledger.change(async (tx) => {
      await assertNameFree(tx, { ...fields, kind, id })
      await assertRoom(tx, { account, kind })
      await recordEntity(tx, { ...fields, id, entity: kind, facts })
      return await requireNamed(tx, { account, kind, name })
    })
  }

  async update(
    ref: Ref,
    wanted: Partial<Named> & { readonly facts?: EntityFacts },
  ): Promise<Entity> {
    const { account, kind } = ref
    if (wanted.facts !== undefined) checkFacts(wanted.facts)
    return await this.#ledger.change(async (tx) => {
      const former = await requireNamed(tx, ref)
      const name = parseEntityName(wanted.name ?? former.name, { kind, account })
      const path = parsePath(wanted.path ?? former.path)
      const facts = { ...former.facts, ...wanted.facts }
      await assertNameFree(tx, { account, kind, name, id: former.id })
      await recordEntity(tx, { id: former.id, account, entity: kind, name, path, facts })
      return await requireNamed(tx, { account, kind, name })
    })
  }

  async remove(ref: Ref): Promise<void> {
    await this.#ledger.change(async (tx) => {
      const { id, name, arn } = await requireNamed(tx, ref)
      await assertBare(tx, { id, name })
      const [member] = await tx.query`select 1 as found from iam_membership where team = ${id}`
      const isAttached = ref.kind === 'policy' && (await isAttachedAnywhere(tx, arn))
      if (member !== undefined || isAttached) throw accountFault('identity/still-in-use', { name })
      const change: IdentityChange = { kind: 'identity/entity-removed', id }
      await tx.record(change)
    })
  }

  async rights(holder: HolderRef): Promise<RightsJson> {
    return await this.#ledger.settled(async (tx) =>
      readRights(tx, await requireHolderId(tx, holder)),
    )
  }

  async putInline(holder: HolderRef, policy: string, document: string): Promise<void> {
    const name = parsePolicyName(policy)
    checkDocument(document, 'identity')
    await this.#changeRights(holder, (rights) => {
      const others = rights.inline.filter(([other]) => other !== name)
      const inline = [...others, [name, document] as const].sort(byName)
      const bytes = inline.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)
      if (bytes > inlineBytesMax) throw tooMany('bytes of inline policies', inlineBytesMax)
      return { ...rights, inline }
    })
  }

  async removeInline(holder: HolderRef, policy: string): Promise<void> {
    await this.#changeRights(holder, (rights) => {
      const inline = rights.inline.filter(([name]) => name !== policy)
      if (inline.length === rights.inline.length) throw noSuchPolicy(policy)
      return { ...rights, inline }
    })
  }

  async attach(holder: HolderRef, policyArn: string): Promise<void> {
    await this.#changeRights(holder, async (rights, tx) => {
      const isOfAccount = policyArn.startsWith(`arn:aws:iam::${holder.account}:`)
      const isBuiltIn = policyArn.startsWith('arn:aws:iam::aws:')
      const document = isOfAccount || isBuiltIn ? await findDocument(tx, policyArn) : undefined
      if (document === undefined) throw noSuchPolicy(policyArn)
      if (rights.attached.includes(policyArn)) return rights
      if (rights.attached.length >= attachedMax) throw tooMany('attached policies', attachedMax)
      return { ...rights, attached: [...rights.attached, policyArn] }
    })
  }

  async detach(holder: HolderRef, policyArn: string): Promise<void> {
    await this.#changeRights(holder, (rights) => {
      if (!rights.attached.includes(policyArn)) throw noSuchPolicy(policyArn)
      return { ...rights, attached: rights.attached.filter((arn) => arn !== policyArn) }
    })
  }

  async addMember(account: string, team: string, user: string): Promise<void> {
    await this.#changeRights({ account, kind: 'user', name: user }, async (rights, tx) => {
      const { id } = await requireNamed(tx, { account, kind: 'team', name: team })
      if (rights.teams.includes(id)) return rights
      const max = account === '' ? ownTeamsPerUserMax : teamsPerUserMax
      if (rights.teams.length >= max) throw tooMany('teams of a user', max)
      if (account !== '') return { ...rights, teams: [...rights.teams, id] }
      return withTeam(rights, id, { role: 'member', joinedAt: tx.at })
    })
  }

  async removeMember(account: string, team: string, user: string): Promise<void> {
    await this.#changeRights({ account, kind: 'user', name: user }, async (rights, tx) => {
      const { id } = await requireNamed(tx, { account, kind: 'team', name: team })
      if (!rights.teams.includes(id))
        throw accountFault('identity/no-such-principal', { name: user.slice(0, 140) })
      return withoutTeam(rights, id)
    })
  }

  async members(account: string, team: string): Promise<readonly Entity[]> {
    return await this.#ledger.settled(async (tx) => {
      const { id } = await requireNamed(tx, { account, kind: 'team', name: team })
      const rows = await tx.query<{ member: string }>`
        select member from iam_membership where team = ${id}`
      const found: Entity[] = []
      for (const { member } of rows) {
        const row = await findPrincipalRow(tx, member)
        const user = row === undefined ? await findEntity(tx, member) : userOf(principalOf(row))
        if (user !== undefined) found.push(user)
      }
      return found.sort(byEntityName)
    })
  }

  async teamsOf(account: string, user: string): Promise<readonly Entity[]> {
    return await this.#ledger.settled(async (tx) => {
      const { id } = await requireUser(tx, account, user)
      const teams: Entity[] = []
      for (const team of (await readRights(tx, id)).teams) {
        const found = await findEntity(tx, team)
        if (found !== undefined) teams.push(found)
      }
      return teams.sort(byEntityName)
    })
  }

  async assumeRole(caller: Caller, asked: AssumeRole): Promise<RoleSession> {
    checkNarrowing(asked)
    return await this.#ledger.settled(async (tx) => {
      const role = await findRole(tx, asked)
      if (role === undefined) throw notAssumable(asked)
      assertTrusted(role, caller, asked)
      const isChained = caller.standing?.session?.role !== undefined
      return this.#openRole(role, asked, {
        secondsMax: isChained ? chainedSecondsMax : undefined,
        ticket: { by: await askedBy(tx, caller) },
      })
    })
  }

  async assumeRoleWithWebIdentity(asked: AssumeRoleWithWebIdentity): Promise<WebIdentitySession> {
    checkNarrowing(asked)
    const { token } = asked
    const name = claimedProvider(token)
    const { role, provider } = await this.#ledger.settled(async (tx) => {
      const role = await findRole(tx, asked)
      const { account = '' } = role ?? {}
      return { role, provider: await findNamed(tx, { account, kind: 'provider', name }) }
    })
    if (role === undefined || provider === undefined) throw notAssumable(asked)
    const { subject, audience, known } = await this.#webIdentities.verify(token, provider)
    assertTrustedIdentity(role, { provider: provider.arn, known }, asked)
    const session = this.#openRole(role, asked, { ticket: { known } })
    return { ...session, subject, audience, provider: provider.arn }
  }

  async openSession(caller: Caller, accessKeyId: string, seconds: number): Promise<OpenedSession> {
    const { standing = plainStanding(caller) } = caller
    if (standing.session !== undefined) throw accountFault('identity/not-by-session')
    const of = standing.userId
    return this.#sessions.open({ of, by: of, key: accessKeyId }, parseSessionSeconds(seconds))
  }

  #openRole(
    role: Entity,
    { session: name, seconds, policy }: RoleAsked,
    {
      ticket,
      secondsMax,
    }: {
      readonly ticket: Pick<SessionTicket, 'by' | 'known'>
      readonly secondsMax?: number | undefined
    },
  ): RoleSession {
    const opened = this.#sessions.open(
      { of: role.id, name, ...ticket, ...(policy === undefined ? {} : { policy }) },
      roleSeconds(role, seconds, secondsMax),
    )
    return { ...opened, arn: sessionArn(role, name), userId: `${role.id}:${name}` }
  }

  async #changeRights(
    holder: HolderRef,
    work: (rights: RightsJson, tx: CommitTransaction) => RightsJson | Promise<RightsJson>,
  ): Promise<void> {
    await this.#ledger.change(async (tx) => {
      const id = await requireHolderId(tx, holder)
      const former = await readRights(tx, id)
      const rights = await work(former, tx)
      if (rights === former) return
      const change: IdentityChange = { kind: 'identity/rights-put', holder: id, ...rights }
      await tx.record(change)
    })
  }
}

interface Ref {
  readonly account: string
  readonly kind: EntityKind
  readonly name: string
}

type RoleAsked = Pick<AssumeRole, 'roleArn' | 'session' | 'seconds' | 'policy'>

async function findRole(
  tx: Queryable,
  { roleArn }: Pick<RoleAsked, 'roleArn'>,
): Promise<Entity | undefined> {
  const named = parseRoleArn(roleArn)
  return named && (await findNamed(tx, { ...named, kind: 'role' }))
}

/** A principal of the store as its own account has it. */
function userOf(principal: Principal): Entity {
  const { id, handle: name, createdAt } = principal
  const { arn } = plainStanding(principal)
  return { id, account: '', kind: 'user', name, path: '/', arn, createdAt, facts: {} }
}

async function requireUser(tx: Queryable, account: string, name: string): Promise<Entity> {
  if (account === '') return userOf(principalOf(await requirePrincipal(tx, name)))
  const found = await findNamed(tx, { account, kind: 'user', name })
  if (found === undefined)
    throw accountFault('identity/no-such-principal', { name: name.slice(0, 140) })
  return found
}

async function requireNamed(tx: Queryable, ref: Ref): Promise<Entity> {
  if (ref.kind === 'user') return await requireUser(tx, ref.account, ref.name)
  const found = await findNamed(tx, ref)
  if (found === undefined)
    throw accountFault('identity/no-such-entity', { name: ref.name.slice(0, 140), kind: ref.kind })
  return found
}

async function requireHolderId(tx: Queryable, holder: HolderRef): Promise<string> {
  return (await requireNamed(tx, holder)).id
}

/** Users and teams of the store share their names. */
async function assertNameFree(
  tx: Queryable,
  { account, kind, name, id }: Ref & { readonly id: string },
): Promise<void> {
  const found = await findNamed(tx, { account, kind, name })
  if (found !== undefined && found.id !== id)
    throw accountFault('identity/entity-exists', { name, kind })
  if (account !== '' || kind !== 'team') return
  const handle = parseHandle(name)
  const [taken] = await tx.query<PrincipalRow>`select * from principal where handle = ${handle}`
  if (taken !== undefined) throw accountFault('identity/handle-taken', { handle })
}

async function assertRoom(
  tx: Queryable,
  { account, kind }: Pick<Ref, 'account' | 'kind'>,
): Promise<void> {
  const [row] = await tx.query<{ count: number }>`
    select count(*) as count from iam_entity where account = ${account} and kind = ${kind}`
  const max = account === '' && kind === 'team' ? ownTeamsMax : entitiesMax[kind]
  if ((row?.count ?? 0) >= max) throw tooMany(`${kind}s`, max)
}

async function recordEntity(
  tx: CommitTransaction,
  fields: Omit<Extract<IdentityChange, { kind: 'identity/entity-put' }>, 'kind'>,
): Promise<void> {
  const change = { kind: 'identity/entity-put', ...fields } as IdentityChange // all of its fields
  await tx.record(change)
}

async function isAttachedAnywhere(tx: Queryable, arn: string): Promise<boolean> {
  const rows = await tx.query<{ body: string }>`
    select body from iam_rights where body like ${`%${arn}%`}`
  return rows.some(({ body }) => (JSON.parse(body) as RightsJson).attached.includes(arn))
}

/** `identity/malformed-duration` for more than the role allows. */
function roleSeconds({ facts }: Entity, seconds = sessionSecondsDefault, most?: number): number {
  return parseSessionSeconds(seconds, most ?? facts.sessionSecondsMax ?? sessionSecondsDefault)
}

/** Whose end ends the session, too: of a session of another role, whoever has that role. */
async function askedBy(tx: Queryable, { standing, id }: Caller): Promise<string> {
  if (standing === undefined) return id
  const [roleId = ''] = standing.userId.split(':')
  const isRole = (await findEntity(tx, roleId))?.kind === 'role'
  return isRole ? id : standing.userId
}

function checkFacts({ trust, document, sessionSecondsMax: seconds, ...facts }: EntityFacts): void {
  if (trust !== undefined) checkDocument(trust, 'trust')
  if (document !== undefined) checkDocument(document, 'identity')
  if (seconds !== undefined && (seconds < sessionSecondsDefault || seconds > sessionSecondsMax))
    throw accountFault('identity/malformed-duration', {
      secondsMin: sessionSecondsDefault,
      secondsMax: sessionSecondsMax,
    })
  const { description = '', clientIds = [], thumbprints = [] } = facts
  if (description.length > 1_000) throw tooMany('characters of a description', 1_000)
  if (clientIds.length > clientsMax) throw tooMany('clients of a provider', clientsMax)
  if (thumbprints.length > thumbprintsMax) throw tooMany('thumbprints', thumbprintsMax)
  if ([...clientIds, ...thumbprints].some(({ length }) => length > clientCharactersMax))
    throw tooMany('characters of a client', clientCharactersMax)
}

/** `identity/malformed-policy` */
function checkNarrowing({ policy }: Pick<RoleAsked, 'policy'>): void {
  if (policy !== undefined) checkDocument(policy, 'identity')
}

function checkDocument(text: string, kind: PolicyKind): void {
  parseNewPolicy(text, kind)
}

function noSuchPolicy(policy: string): Error {
  return accountFault('identity/no-such-policy', { policy: policy.slice(0, 200) })
}

function tooMany(what: string, max: number): Error {
  return accountFault('identity/too-many', { what, max })
}

function byName([one]: readonly [string, string], [other]: readonly [string, string]): number {
  return one < other ? -1 : 1
}

function byEntityName(one: Entity, other: Entity): number {
  return one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1
}
