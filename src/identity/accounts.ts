/**
 * Principals and their access keys: who there is, and how they prove it. Everything is a change in the change log, so it survives the
 * database; secrets are sealed wherever they rest. Whoever may call this may do everything: doors check first.
 */
import { toHex } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { findCaller, findMember } from '#identity/_callers'
import { Issuers } from '#identity/_issuers'
import { Ledger, type LedgerParts } from '#identity/_ledger'
import { assertFree, recordPrincipal } from '#identity/_people'
import {
  assertBare,
  findEntity,
  findPrincipalRow,
  principalOf,
  requirePrincipal,
} from '#identity/_rows'
import { Sessions } from '#identity/_sessions'
import type { AccessKey } from '#identity/access-keys'
import type { Administration } from '#identity/administration'
import { type Attempts, OwnAttempts } from '#identity/attempts'
import type { IdentityChange, KeyRow, LoginJson, LoginRow, PrincipalRow } from '#identity/changes'
import { Directory } from '#identity/directory'
import { keysPerPrincipalMax } from '#identity/entity'
import { accountFault } from '#identity/faults'
import { Logins } from '#identity/logins'
import { newCredentials } from '#identity/new-credentials'
import { People } from '#identity/people'
import {
  type Handle,
  type KeyInfo,
  type MadeKey,
  type Principal,
  type PrincipalId,
  parseAccessKeyId,
  parseDisplayName,
  parseEmail,
  parseHandle,
  parsePrincipalId,
  parseSecret,
  parseTenant,
} from '#identity/principal'
import { Registration } from '#identity/registration'
import {
  openSecret,
  rewrapSecret,
  sealedFromJson,
  sealedToJson,
  sealSecret,
} from '#identity/sealed-secret'
import { type AccountSettings, defaultAccountSettings } from '#identity/settings'
import { SignIns } from '#identity/sign-ins'
import { SignOn } from '#identity/sign-on'
import { keyJson } from '#identity/tables'
import { Teams } from '#identity/teams'
import { Tokens } from '#identity/tokens'
import { TrustedPublishing } from '#identity/trusted-publishing'
import type { Keyring } from '#keyring/keyring'
import type { Queryable } from '#sql/sql'

const dayMs = 24 * 3600 * 1000

/** Secrets rewrapped by one commit. */
const secretsPerCommit = 500

export interface NewPrincipal {
  readonly handle: string
  /** Drawn when left out; given when somebody moves in from another system. */
  readonly id?: string
  readonly displayName?: string
  readonly email?: string
  readonly tenant?: string
  /** Has users, groups and roles of its own. */
  readonly isAccount?: boolean
}

export interface NewKey {
  /** Both drawn when left out. */
  readonly accessKeyId?: string
  readonly secret?: string
  readonly expiresAt?: number
}

interface KeyOf {
  /** Id of whoever must have the key. */
  readonly of?: string
}

/** What doors ask for at every request, and may keep until they are told to forget it. */
export interface IdentitySource {
  /** `undefined` for a key that does not exist or is disabled; with a session's token, for one that does not open or whose user or role is no more. */
  findKey(accessKeyId: string, token?: string): Promise<AccessKey | undefined>
  readonly administration: Administration
  /** By canonical id, or by e-mail address. */
  findPrincipal(name: string): Promise<Principal | undefined>
  /** Calls `listener` whenever something has changed that may have been kept. */
  onChange(listener: () => void): void
}

export class Accounts implements IdentitySource {
  readonly #ledger: Ledger
  readonly administration: Administration
  readonly logins: Logins
  readonly tokens: Tokens
  readonly registration: Registration
  readonly signIns: SignIns
  readonly people: People
  readonly teams: Teams
  readonly signOn: SignOn
  readonly trustedPublishing: TrustedPublishing
  readonly #sessions: Sessions

  constructor(
    {
      attempts,
      ...parts
    }: LedgerParts & {
      /** Where attempts to sign in are counted: here, unless several count together. */
      readonly attempts?: Attempts | undefined
    },
    settings: AccountSettings = defaultAccountSettings,
  ) {
    this.#ledger = new Ledger(parts)
    this.#sessions = new Sessions(parts)
    this.logins = new Logins(this.#ledger, attempts ?? new OwnAttempts(parts.world))
    this.tokens = new Tokens(this.#ledger, settings)
    this.registration = new Registration(this.#ledger, settings)
    const { logins, tokens, registration } = this
    this.signIns = new SignIns(this.#ledger, { logins, tokens, registration })
    this.people = new People(this.#ledger, { logins, registration })
    this.teams = new Teams(this.#ledger, settings)
    const issuers = new Issuers(parts.world)
    this.signOn = new SignOn(this.#ledger, { tokens, registration, issuers, settings })
    this.trustedPublishing = new TrustedPublishing(this.#ledger, { tokens, issuers, settings })
    this.administration = new Directory(this.#ledger, {
      users: this,
      sessions: this.#sessions,
      issuers,
    })
  }

  onChange(listener: () => void): void {
    this.#ledger.onChange(listener)
  }

  async findKey(accessKeyId: string, token?: string): Promise<AccessKey | undefined> {
    return await this.#ledger.settled((sql) =>
      token === undefined
        ? this.#findKey(sql, accessKeyId)
        : this.#sessions.find(sql, { accessKeyId, token }),
    )
  }

  async findPrincipal(name: string): Promise<Principal | undefined> {
    return await this.#ledger.settled(async (tx) => {
      const row = (await findPrincipalRow(tx, name)) ?? (await findByEmail(tx, name.toLowerCase()))
      return row === undefined ? await findMember(tx, name) : principalOf(row)
    })
  }

  /** By handle. */
  async listPrincipals(): Promise<readonly Principal[]> {
    const rows = await this.#ledger.settled(
      (tx) => tx.query<PrincipalRow>`select * from principal order by handle`,
    )
    return rows.map(principalOf)
  }

  /** By handle or id. `identity/no-such-principal` */
  async principal(name: string): Promise<Principal> {
    return principalOf(await this.#ledger.settled((tx) => requirePrincipal(tx, name)))
  }

  /** `identity/handle-taken`, `identity/email-taken`, `identity/principal-exists`, and the faults of malformed fields. */
  async createPrincipal(asked: NewPrincipal): Promise<Principal> {
    const { world } = this.#ledger.parts
    const id = parsePrincipalId(asked.id ?? toHex(world.randomBytes(32)))
    const handle = parseHandle(asked.handle)
    const fields = {
      id,
      handle,
      displayName: parseDisplayName(asked.displayName ?? handle),
      ...(asked.email === undefined ? {} : { email: parseEmail(asked.email) }),
      ...(asked.tenant === undefined ? {} : { tenant: parseTenant(asked.tenant) }),
      ...(asked.isAccount === true ? { isAccount: true as const } : {}),
    }
    return await this.#ledger.change(async (tx) => {
      if ((await findPrincipalRow(tx, id)) !== undefined)
        throw accountFault('identity/principal-exists', { id })
      await assertFree(tx, fields)
      const principal = { ...fields, isRoot: false }
      return { ...principal, createdAt: await recordPrincipal(tx, principal) }
    })
  }

  /** What is left out stays; an empty e-mail takes it away. The faults of `createPrincipal`, and `identity/no-such-principal`. */
  async updatePrincipal(
    name: string,
    wanted: Pick<Partial<NewPrincipal>, 'handle' | 'displayName' | 'email'>,
  ): Promise<Principal> {
    return await this.#ledger.change(async (tx) => {
      const {
        email: formerEmail,
        emailVerifiedAt,
        ...former
      } = principalOf(await requirePrincipal(tx, name))
      const { handle, displayName, email = formerEmail ?? '' } = wanted
      const address = email === '' ? undefined : parseEmail(email)
      const isSame = address === formerEmail && emailVerifiedAt !== undefined
      const principal: Principal = {
        ...former,
        ...(handle === undefined ? {} : { handle: parseHandle(handle) }),
        ...(displayName === undefined ? {} : { displayName: parseDisplayName(displayName) }),
        ...(address === undefined ? {} : { email: address }),
        ...(isSame ? { emailVerifiedAt } : {}),
      }
      await assertFree(tx, principal)
      await recordPrincipal(tx, principal)
      return principal
    })
  }

  /**
   * With all its keys and policies; what it owns stays. `identity/no-such-principal`, `identity/root-stays`; `identity/still-in-use` for an account that
   * has users, groups, roles or policies, and with `mustBeBare` for somebody who has keys or policies.
   */
  async removePrincipal(
    name: string,
    { mustBeBare = false }: { readonly mustBeBare?: boolean } = {},
  ): Promise<void> {
    await this.#ledger.change(async (tx) => {
      const { id, is_root } = await requirePrincipal(tx, name)
      if (is_root === 1) throw accountFault('identity/root-stays')
      if (mustBeBare) await assertBare(tx, { id, name })
      const [used] = await tx.query`select 1 as found from iam_entity where account = ${id}`
      if (used !== undefined) throw accountFault('identity/still-in-use', { name })
      const change: IdentityChange = { kind: 'identity/principal-removed', id }
      await tx.record(change)
    })
  }

  /** Oldest first. `identity/no-such-principal` */
  async listKeys(name: string): Promise<readonly KeyInfo[]> {
    return await this.#ledger.settled(async (tx) => {
      const { id } = await requireHolder(tx, name)
      const rows = await tx.query<KeyRow>`
        select * from access_key where principal = ${id} order by sequence`
      return rows.map(keyInfo)
    })
  }

  /** `identity/no-such-principal`, `identity/key-exists`, `identity/too-many-keys`, and the faults of malformed fields. */
  async createKey(name: string, asked: NewKey = {}): Promise<MadeKey> {
    const drawn = newCredentials(this.#ledger.parts.world)
    const accessKeyId = parseAccessKeyId(asked.accessKeyId ?? drawn.accessKeyId)
    const secret = parseSecret(asked.secret ?? drawn.secret)
    const expiry = asked.expiresAt === undefined ? {} : { expiresAt: asked.expiresAt }
    return await this.#ledger.change(async (tx) => {
      const { id } = await requireHolder(tx, name)
      if ((await findKeyRow(tx, accessKeyId)) !== undefined)
        throw accountFault('identity/key-exists', { accessKeyId })
      await assertRoom(tx, id)
      return await this.#recordKey(tx, { accessKeyId, secret, principal: id, ...expiry })
    })
  }

  async #recordKey(
    tx: CommitTransaction,
    {
      accessKeyId,
      secret,
      principal,
      ...expiry
    }: Required<Pick<NewKey, 'accessKeyId' | 'secret'>> &
      Pick<NewKey, 'expiresAt'> & { readonly principal: string },
  ): Promise<MadeKey> {
    const { keyring, world } = this.#ledger.parts
    const change: IdentityChange = {
      kind: 'identity/key-put',
      accessKeyId,
      principal,
      secret: sealedToJson(sealSecret(secret, { owner: accessKeyId, keyring, world })),
      state: 'active',
      ...expiry,
    }
    const { at: createdAt } = await tx.record(change)
    const id = principal as PrincipalId // only valid ones are created
    return { accessKeyId, principal: id, state: 'active', createdAt, ...expiry, secret }
  }

  /** `identity/no-such-key` */
  async key(accessKeyId: string): Promise<KeyInfo> {
    return keyInfo(await this.#ledger.settled((tx) => requireKey(tx, accessKeyId, undefined)))
  }

  /** `of`: whose it must be. `identity/no-such-key` */
  async setKeyState(
    accessKeyId: string,
    state: KeyInfo['state'],
    { of }: KeyOf = {},
  ): Promise<KeyInfo> {
    return await this.#ledger.change(async (tx) => {
      const row = await requireKey(tx, accessKeyId, of)
      const change: IdentityChange = { kind: 'identity/key-put', ...keyJson(row), state }
      await tx.record(change)
      return { ...keyInfo(row), state }
    })
  }

  /** Refused from then on, in ms since 1970; `undefined`: it stays good. `identity/no-such-key` */
  async expireKey(accessKeyId: string, expiresAt: number | undefined): Promise<KeyInfo> {
    return await this.#ledger.change(async (tx) => {
      const row = await requireKey(tx, accessKeyId, undefined)
      const { expiresAt: _, ...former } = keyJson(row)
      const expiry = expiresAt === undefined ? {} : { expiresAt }
      const change: IdentityChange = { kind: 'identity/key-put', ...former, ...expiry }
      await tx.record(change)
      return keyInfo({ ...row, expires_at: expiresAt ?? null })
    })
  }

  /** To the day, so that a key costs one change a day. Nobody is told: what may be done with a key is as before. */
  async noteKeyUse(accessKeyId: string, now: number): Promise<void> {
    const { sql, changelog } = this.#ledger.parts
    const day = Math.floor(now / dayMs)
    const isNews = (row: KeyRow | undefined): boolean =>
      row !== undefined && (row.used_on ?? 0) < day
    if (!isNews(await findKeyRow(sql, accessKeyId))) return
    await changelog.commit(async (tx) => {
      if (!isNews(await findKeyRow(tx, accessKeyId))) return // somebody was faster
      const change: IdentityChange = { kind: 'identity/key-used', accessKeyId, day }
      await tx.record(change)
    })
  }

  /**
   * A new key for whoever has this one, which is refused `graceMs` from now, or when it would have ended anyway. Both in one commit.
   * `identity/no-such-key`, `identity/too-many-keys`
   */
  async rotateKey(
    accessKeyId: string,
    { graceMs }: { readonly graceMs: number },
  ): Promise<MadeKey> {
    const { world } = this.#ledger.parts
    const drawn = newCredentials(world)
    return await this.#ledger.change(async (tx) => {
      const row = await requireKey(tx, accessKeyId, undefined)
      await assertRoom(tx, row.principal)
      const expiresAt = Math.min(world.now() + graceMs, row.expires_at ?? Infinity)
      const former: IdentityChange = { kind: 'identity/key-put', ...keyJson(row), expiresAt }
      await tx.record(former)
      return await this.#recordKey(tx, { ...drawn, principal: row.principal })
    })
  }

  /** `of`: whose it must be. `identity/no-such-key` */
  async removeKey(accessKeyId: string, { of }: KeyOf = {}): Promise<void> {
    await this.#ledger.change(async (tx) => {
      await requireKey(tx, accessKeyId, of)
      const change: IdentityChange = { kind: 'identity/key-removed', accessKeyId }
      await tx.record(change)
    })
  }

  /**
   * Makes the root principal if there is none, and gives it this key: whoever can write the file that the key stands in has the store's
   * master key as well. Needs no node when all is so already. `identity/key-exists` when somebody else has it.
   */
  async ensureRoot(
    { accessKeyId, secret }: { readonly accessKeyId: string; readonly secret: string },
    newId: PrincipalId,
  ): Promise<Principal> {
    const known = await this.#findKey(this.#ledger.parts.sql, accessKeyId)
    if (known?.principal.isRoot === true && known.secret === secret) return known.principal
    return await this.#ledger.change(async (tx) => {
      const [found] = await tx.query<PrincipalRow>`select * from principal where is_root = 1`
      const root = found === undefined ? await makeRoot(tx, newId) : principalOf(found)
      const key = await findKeyRow(tx, accessKeyId)
      if (key !== undefined && key.principal !== root.id)
        throw accountFault('identity/key-exists', { accessKeyId })
      await this.#recordKey(tx, { accessKeyId, secret, principal: root.id })
      return root
    })
  }

  /** Wraps the secrets' data keys under the newest generation key; returns how many were under older ones. Durable on return. */
  async rewrapSecrets(): Promise<number> {
    for (let moved = 0; ; ) {
      const now = await this.#rewrapSome()
      if (now === 0) return moved
      moved += now
    }
  }

  async #rewrapSome(): Promise<number> {
    const { keyring } = this.#ledger.parts
    return await this.#ledger.change(async (tx) => {
      const rows = await tx.query<KeyRow>`
        select * from access_key where generation < ${keyring.generation} order by sequence limit ${secretsPerCommit}`
      for (const row of rows) {
        const former = keyJson(row)
        const secret = sealedToJson(rewrapSecret(sealedFromJson(former.secret), keyring))
        const change: IdentityChange = { kind: 'identity/key-put', ...former, secret }
        await tx.record(change)
      }
      return rows.length + (await rewrapLogins(tx, keyring))
    })
  }

  async #findKey(tx: Queryable, accessKeyId: string): Promise<AccessKey | undefined> {
    const { keyring } = this.#ledger.parts
    const key = await findKeyRow(tx, accessKeyId)
    if (key === undefined || key.state !== 'active') return undefined
    const principal = await findCaller(tx, key.principal)
    if (principal === undefined) return undefined
    const { generation, wrapped_key: wrapped, sealed } = key
    const secret = openSecret({ generation, wrapped, sealed }, { owner: accessKeyId, keyring })
    return {
      secret,
      principal,
      ...(key.expires_at === null ? {} : { expiresAt: key.expires_at }),
    }
  }
}

/** How many there were. */
async function rewrapLogins(tx: CommitTransaction, keyring: Keyring): Promise<number> {
  const rows = await tx.query<LoginRow>`
    select * from login where generation < ${keyring.generation} order by sequence limit ${secretsPerCommit}`
  for (const { principal, body } of rows) {
    const { totp, ...login } = JSON.parse(body) as LoginJson // put there by us
    if (totp === undefined) continue // then it has no generation
    const secret = sealedToJson(rewrapSecret(sealedFromJson(totp.secret), keyring))
    const change: IdentityChange = {
      kind: 'identity/login-put',
      principal,
      ...login,
      totp: { ...totp, secret },
    }
    await tx.record(change)
  }
  return rows.length
}

async function makeRoot(tx: CommitTransaction, id: PrincipalId): Promise<Principal> {
  const root = { id, handle: 'root' as Handle, displayName: 'root', isRoot: true } as const
  return { ...root, createdAt: await recordPrincipal(tx, root) }
}

async function assertRoom(tx: Queryable, principal: string): Promise<void> {
  const [row] = await tx.query<{ keys: number }>`
    select count(*) as keys from access_key where principal = ${principal}`
  if ((row?.keys ?? 0) >= keysPerPrincipalMax)
    throw accountFault('identity/too-many-keys', { keysMax: keysPerPrincipalMax })
}

async function findByEmail(tx: Queryable, email: string): Promise<PrincipalRow | undefined> {
  const [row] = await tx.query<PrincipalRow>`select * from principal where email = ${email}`
  return row
}

/** A user by handle or id, or a member of an account by id. `identity/no-such-principal` */
async function requireHolder(tx: Queryable, name: string): Promise<{ readonly id: string }> {
  const member = await findEntity(tx, name)
  return member?.kind === 'user' ? member : await requirePrincipal(tx, name)
}

async function findKeyRow(tx: Queryable, accessKeyId: string): Promise<KeyRow | undefined> {
  const [row] = await tx.query<KeyRow>`select * from access_key where id = ${accessKeyId}`
  return row
}

async function requireKey(
  tx: Queryable,
  accessKeyId: string,
  of: string | undefined,
): Promise<KeyRow> {
  const row = await findKeyRow(tx, accessKeyId)
  if (row === undefined || (of !== undefined && row.principal !== of))
    throw accountFault('identity/no-such-key', { accessKeyId: accessKeyId.slice(0, 140) })
  return row
}

function keyInfo(row: KeyRow): KeyInfo {
  return {
    accessKeyId: row.id,
    principal: row.principal as PrincipalId, // as above
    state: row.state as KeyInfo['state'], // put there by us
    createdAt: row.at,
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.used_on === null ? {} : { usedAt: row.used_on * dayMs }),
  }
}
