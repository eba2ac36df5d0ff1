/** How people come: by themselves where that is open, with an invitation, or by what the operator sets up. */
import { toBase64url, toHex } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { sha256HexOf } from '#crypto/digest'
import { isFault } from '#fault/fault'
import type { Ledger } from '#identity/_ledger'
import { assertFree, recordPrincipal } from '#identity/_people'
import { invitationJson } from '#identity/_personal-tables'
import { principalOf } from '#identity/_rows'
import { assertAdmin, type UserActor } from '#identity/actor'
import { drawLetters } from '#identity/base32'
import type { IdentityChange, InvitationJson, InvitationRow, PrincipalRow } from '#identity/changes'
import { accountFault, personFault } from '#identity/faults'
import { assertUncommon, hashPassword, type PasswordJson, parsePassword } from '#identity/password'
import {
  type Handle,
  type Principal,
  parseDisplayName,
  parseEmail,
  parseHandle,
  parsePrincipalId,
} from '#identity/principal'
import { requireFreeName } from '#identity/scopes'
import type { AccountSettings } from '#identity/settings'
import type { Queryable } from '#sql/sql'

const dayMs = 24 * 3_600_000
export const invitationDaysDefault = 7
export const invitationDaysMax = 90
/** That nobody has answered yet. */
const invitationsMax = 1_000
/** Each takes memory and a thread. */
const hashedAtOnceMax = 16
const codePrefix = 'mdi_'
const codeBytes = 24
/** Of whoever sets a server up and leaves the samples as they are. */
const samplePasswords: ReadonlySet<string> = new Set(
  `admin changeme change-me change_me changethis changemenow password secret example your-password yourpassword your-secure-password
  your_secure_password admin123 administrator please-change mdlibs mycelium`.split(/\s+/),
)

export interface NewPerson {
  readonly username: string
  readonly email: string
  readonly password: string
  /** The code of an invitation. */
  readonly invitation?: string
}

/** To register. */
export interface Invitation {
  readonly id: string
  readonly email?: string
  readonly invitedBy: string
  /** Milliseconds since 1970, both. */
  readonly createdAt: number
  readonly expiresAt: number
}

export interface MadeInvitation extends Invitation {
  /** Shown this once. */
  readonly code: string
}

export class Registration {
  readonly #ledger: Ledger
  readonly #settings: AccountSettings
  #hashing = 0

  constructor(ledger: Ledger, settings: AccountSettings) {
    this.#ledger = ledger
    this.#settings = settings
  }

  get mode(): AccountSettings['registration'] {
    return this.#settings.registration
  }

  /**
   * `identity/registration-closed`, `identity/invitation-needed`, `identity/no-such-invitation`, `identity/malformed-username`,
   * `identity/malformed-email`, `identity/malformed-password`, `identity/common-password`, `identity/name-reserved`, `identity/handle-taken`,
   * `identity/name-confusable`, `identity/email-taken`
   */
  async register({ username, email, password, invitation }: NewPerson): Promise<Principal> {
    const address = parseEmail(email)
    const look = async (tx: Queryable) => {
      const invited = await this.#admit(tx, { email: address, code: invitation })
      return { invited, handle: await requireFreeName(tx, username, this.#settings) }
    }
    const { handle } = await this.#ledger.settled(look) // before a hash is paid for
    const hashed = await this.hash(password, [handle, address])
    return await this.#ledger.change(async (tx) => {
      const { invited } = await look(tx)
      if (invited !== undefined) await recordAnswered(tx, invited.id)
      const isVerified = invited?.email === address
      const person = { handle, email: address, isVerified, password: hashed }
      return await this.#record(tx, person)
    })
  }

  /** Somebody for whom a provider vouches: the first of the names that is free. The faults of `register`. */
  async registerVouched(
    tx: CommitTransaction,
    {
      usernames,
      invitation: code,
      isAlwaysAdmitted,
      ...person
    }: {
      /** At least one. */
      readonly usernames: readonly string[]
      /** That the provider has made sure of. */
      readonly email?: string
      readonly displayName?: string
      readonly invitation?: string
      readonly isAlwaysAdmitted: boolean
    },
  ): Promise<Principal> {
    const admitted = { email: person.email ?? '', code }
    const invited = isAlwaysAdmitted ? undefined : await this.#admit(tx, admitted)
    if (invited !== undefined) await recordAnswered(tx, invited.id)
    const handle = await this.#firstFree(tx, usernames)
    return await this.#record(tx, { handle, ...person, isVerified: true })
  }

  async #firstFree(tx: Queryable, names: readonly string[]): Promise<Handle> {
    let refusal: unknown
    for (const name of names) {
      try {
        return await requireFreeName(tx, name, this.#settings)
      } catch (error) {
        if (!isFault(error)) throw error
        refusal = error
      }
    }
    throw refusal
  }

  /** By an administrator, who may give any name that is free. The faults of `register`. */
  async add(
    actor: UserActor,
    { username, email, password }: Omit<NewPerson, 'invitation'>,
  ): Promise<Principal> {
    assertAdmin(actor)
    return await this.#add({ username, email, password })
  }

  /**
   * The administrator that an operator names in the settings: made when nobody has the name; whoever has it already becomes an administrator and
   * keeps the password. `identity/sample-password` for what stands in every example, and the faults of `register`.
   */
  async ensureAdmin({
    username,
    email,
    password,
  }: Omit<NewPerson, 'invitation'>): Promise<Principal> {
    if (samplePasswords.has(password.toLowerCase())) throw personFault('identity/sample-password')
    const handle = parseHandle(username.toLowerCase())
    const principal =
      (await this.#find(handle)) ??
      (await this.#add({ username: handle, email, password }, true).catch(
        async (error: unknown) => {
          const meanwhile = await this.#find(handle) // another instance began at the same moment
          if (meanwhile === undefined) throw error
          return meanwhile
        },
      ))
    if (principal.isRoot || principal.isAdmin === true) return principal
    return await this.#ledger.change(async (tx) => {
      const admin = { ...principal, isAdmin: true as const }
      await recordPrincipal(tx, admin)
      return admin
    })
  }

  async #find(handle: Handle): Promise<Principal | undefined> {
    const [row] = await this.#ledger.settled(
      (tx) => tx.query<PrincipalRow>`select * from principal where handle = ${handle}`,
    )
    return row && principalOf(row)
  }

  async #add(
    { username, email, password }: Omit<NewPerson, 'invitation'>,
    isAdmin = false,
  ): Promise<Principal> {
    const handle = parseHandle(username.toLowerCase())
    const address = parseEmail(email)
    const hashed = await this.hash(password, [handle, address])
    return await this.#ledger.change(async (tx) => {
      const person = { handle, email: address, isVerified: true, password: hashed }
      return await this.#record(tx, { ...person, isAdmin })
    })
  }

  /**
   * What people choose: long enough, and not what everybody tries. `identity/malformed-password`, `identity/common-password`,
   * `identity/login-throttled` while many others are at it
   */
  async hash(password: string, names: readonly string[]): Promise<PasswordJson> {
    const text = parsePassword(password, this.#settings.passwordCharactersMin)
    assertUncommon(text, names)
    if (this.#hashing >= hashedAtOnceMax)
      throw accountFault('identity/login-throttled', { seconds: 1 })
    this.#hashing += 1
    try {
      return await hashPassword(text, this.#ledger.parts.world)
    } finally {
      this.#hashing -= 1
    }
  }

  /** `identity/admins-only`, `identity/malformed-email`, `identity/malformed-expiry`, `identity/too-many` */
  async invite(
    actor: UserActor,
    { email, days = invitationDaysDefault }: { readonly email?: string; readonly days?: number },
  ): Promise<MadeInvitation> {
    assertAdmin(actor)
    if (!Number.isSafeInteger(days) || days < 1 || days > invitationDaysMax)
      throw personFault('identity/malformed-expiry', { daysMax: invitationDaysMax })
    const address = email === undefined ? {} : { email: parseEmail(email) }
    const { world } = this.#ledger.parts
    const code = codePrefix + toBase64url(world.randomBytes(codeBytes))
    return await this.#ledger.note(async (tx) => {
      await forgetExpired(tx)
      const [row] = await tx.query<{ count: number }>`
        select count(*) as count from invitation where hash is not null`
      if ((row?.count ?? 0) >= invitationsMax)
        throw accountFault('identity/too-many', { what: 'invitations', max: invitationsMax })
      const invitation: InvitationJson = {
        id: drawLetters(20, world).toLowerCase(),
        by: actor.id,
        expiresAt: tx.at + days * dayMs,
        hash: sha256HexOf(Buffer.from(code)),
        ...address,
      }
      const change: IdentityChange = { kind: 'identity/invitation-put', ...invitation }
      const { at } = await tx.record(change)
      return { ...printed(invitation, at), code }
    })
  }

  /** That nobody has used yet, newest first. `identity/admins-only` */
  async invitations(actor: UserActor): Promise<readonly Invitation[]> {
    assertAdmin(actor)
    const now = this.#ledger.parts.world.now()
    const rows = await this.#ledger.settled(
      (tx) => tx.query<InvitationRow>`
        select * from invitation where hash is not null and expires_at > ${now} order by sequence desc`,
    )
    return rows.map((row) => printed(invitationJson(row), row.at))
  }

  /** `identity/admins-only`, `identity/no-such-invitation` */
  async withdraw(actor: UserActor, id: string): Promise<void> {
    assertAdmin(actor)
    await this.#ledger.note(async (tx) => {
      const [row] = await tx.query`
        select 1 as found from invitation where id = ${id} and hash is not null`
      if (row === undefined) throw personFault('identity/no-such-invitation')
      await recordAnswered(tx, id)
    })
  }

  /** The invitation that lets them in, when they have one. */
  async #admit(
    tx: Queryable,
    { email, code }: { readonly email: string; readonly code: string | undefined },
  ): Promise<InvitationJson | undefined> {
    const { registration } = this.#settings
    if (registration === 'closed') throw personFault('identity/registration-closed')
    if (code === undefined) {
      if (registration === 'open') return undefined
      throw personFault('identity/invitation-needed')
    }
    const hash = sha256HexOf(Buffer.from(code))
    const [row] = await tx.query<InvitationRow>`select * from invitation where hash = ${hash}`
    const invitation = row && invitationJson(row)
    const isOver = (invitation?.expiresAt ?? 0) <= this.#ledger.parts.world.now()
    const isForAnother = invitation?.email !== undefined && invitation.email !== email
    if (invitation === undefined || isOver || isForAnother)
      throw personFault('identity/no-such-invitation')
    return invitation
  }

  async #record(
    tx: CommitTransaction,
    {
      handle,
      email,
      displayName = handle,
      isVerified,
      isAdmin = false,
      password,
    }: {
      readonly handle: Handle
      readonly email?: string
      readonly displayName?: string
      readonly isVerified: boolean
      readonly isAdmin?: boolean
      readonly password?: PasswordJson
    },
  ): Promise<Principal> {
    const id = parsePrincipalId(toHex(this.#ledger.parts.world.randomBytes(32)))
    const fields = {
      id,
      handle,
      displayName: parseDisplayName(displayName),
      ...(email === undefined ? {} : { email }),
      ...(isAdmin ? { isAdmin: true as const } : {}),
      ...(isVerified && email !== undefined ? { emailVerifiedAt: tx.at } : {}),
      isRoot: false,
    }
    await assertFree(tx, fields)
    const createdAt = await recordPrincipal(tx, fields)
    if (password !== undefined) {
      const login: IdentityChange = {
        kind: 'identity/login-put',
        principal: id,
        recovery: [],
        password,
      }
      await tx.record(login)
    }
    return { ...fields, createdAt }
  }
}

/** Those of teams as well. */
export async function forgetExpired(tx: CommitTransaction): Promise<void> {
  const rows = await tx.query<InvitationRow>`
    select * from invitation where expires_at <= ${tx.at} order by sequence limit 20`
  for (const { id } of rows) await recordAnswered(tx, id)
}

export async function recordAnswered(tx: CommitTransaction, id: string): Promise<void> {
  const change: IdentityChange = { kind: 'identity/invitation-removed', id }
  await tx.record(change)
}

function printed({ id, email, by, expiresAt }: InvitationJson, createdAt: number): Invitation {
  return { id, ...(email === undefined ? {} : { email }), invitedBy: by, createdAt, expiresAt }
}
