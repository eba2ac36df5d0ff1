/** What people see of themselves and of each other, and what an administrator changes of them. */
import type { Ledger } from '#identity/_ledger'
import { assertFree, recordPrincipal } from '#identity/_people'
import { principalOf, readLogin, requirePrincipal } from '#identity/_rows'
import { assertAdmin, assertSignedIn, type UserActor } from '#identity/actor'
import type { PrincipalRow } from '#identity/changes'
import { accountFault, personFault } from '#identity/faults'
import type { Logins } from '#identity/logins'
import { type Principal, parseDisplayName, parseEmail } from '#identity/principal'
import type { Registration } from '#identity/registration'
import { revokeTokens } from '#identity/tokens'

export const peoplePerPageMax = 100

export interface Profile extends Principal {
  readonly hasPassword: boolean
  readonly hasTotp: boolean
  readonly recoveryCodes: number
}

export interface PeoplePage {
  readonly people: readonly Principal[]
  readonly total: number
}

export interface PersonChange {
  readonly isAdmin?: boolean
  readonly isDisabled?: boolean
  readonly displayName?: string
  readonly email?: string
  /** In place of one that was forgotten. */
  readonly password?: string
  /** Takes the codes away from somebody who has lost the device. */
  readonly hasTotp?: false
}

interface PeopleParts {
  readonly logins: Logins
  readonly registration: Registration
}

export class People {
  readonly #ledger: Ledger
  readonly #parts: PeopleParts

  constructor(ledger: Ledger, parts: PeopleParts) {
    this.#ledger = ledger
    this.#parts = parts
  }

  /** Of whoever has that id. `identity/no-such-principal` */
  async profile(id: string): Promise<Profile> {
    return await this.#ledger.settled(async (tx) => {
      const principal = principalOf(await requirePrincipal(tx, id))
      const { password, totp, recovery } = await readLogin(tx, id)
      return {
        ...principal,
        hasPassword: password !== undefined,
        hasTotp: totp?.state === 'active',
        recoveryCodes: recovery.length,
      }
    })
  }

  /** `undefined` also for who is disabled. */
  async find(handle: string): Promise<Principal | undefined> {
    const [row] = await this.#ledger.settled(
      (tx) => tx.query<PrincipalRow>`
        select * from principal where handle = ${handle} and disabled_at is null`,
    )
    return row && principalOf(row)
  }

  /** By id or handle. `identity/admins-only`, `identity/no-such-principal` */
  async person(actor: UserActor, name: string): Promise<Principal> {
    assertAdmin(actor)
    return await this.#require(name)
  }

  /** By handle; those whose handle or e-mail address has `text` in it. `page` counts from 1. `identity/admins-only` */
  async list(
    actor: UserActor,
    {
      text = '',
      page,
      perPage,
    }: { readonly text?: string; readonly page: number; readonly perPage: number },
  ): Promise<PeoplePage> {
    assertAdmin(actor)
    const like = `%${text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`
    return await this.#ledger.settled(async (tx) => {
      const rows = await tx.query<PrincipalRow>`
        select * from principal where handle like ${like} escape '\\' or email like ${like} escape '\\'
        order by handle limit ${perPage} offset ${(page - 1) * perPage}`
      const [row] = await tx.query<{ count: number }>`
        select count(*) as count from principal where handle like ${like} escape '\\' or email like ${like} escape '\\'`
      return { people: rows.map(principalOf), total: row?.count ?? 0 }
    })
  }

  /**
   * All of somebody's tokens end with being disabled, and those of sign-ins with a new password. `identity/admins-only`,
   * `identity/no-such-principal`, `identity/root-stays`, `identity/not-oneself`, and the faults of malformed fields.
   */
  async update(actor: UserActor, name: string, wanted: PersonChange): Promise<Principal> {
    assertAdmin(actor)
    const { id, handle, email } = await this.#require(name)
    if (id === actor.id && (wanted.isDisabled === true || wanted.isAdmin === false))
      throw personFault('identity/not-oneself')
    const { password, hasTotp } = wanted
    if (password !== undefined) {
      const hashed = await this.#parts.registration.hash(password, [handle, email ?? ''])
      await this.#parts.logins.putPassword(id, hashed, (tx) =>
        revokeTokens(tx, id, { isMeant: ({ kind }) => kind === 'login' }),
      )
    }
    if (hasTotp === false) await this.#parts.logins.removeTotp(id)
    return await this.#ledger.change(async (tx) => {
      const former = principalOf(await requirePrincipal(tx, id))
      if (former.isRoot && (wanted.isDisabled === true || wanted.isAdmin === false))
        throw accountFault('identity/root-stays')
      const principal = changed(former, wanted, tx.at)
      await assertFree(tx, principal)
      await recordPrincipal(tx, principal)
      if (principal.disabledAt !== undefined) await revokeTokens(tx, id)
      return principal
    })
  }

  /** What somebody may change of themselves. `identity/login-needed`, `identity/malformed-name` */
  async rename(actor: UserActor, displayName: string): Promise<Principal> {
    assertSignedIn(actor)
    return await this.#ledger.change(async (tx) => {
      const former = principalOf(await requirePrincipal(tx, actor.id))
      const principal = changed(former, { displayName }, tx.at)
      await recordPrincipal(tx, principal)
      return principal
    })
  }

  async #require(name: string): Promise<Principal> {
    return principalOf(await this.#ledger.settled((tx) => requirePrincipal(tx, name)))
  }
}

function changed(former: Principal, wanted: PersonChange, now: number): Principal {
  const { isAdmin, disabledAt, emailVerifiedAt, email: formerEmail, ...rest } = former
  const email = wanted.email === undefined ? formerEmail : parseEmail(wanted.email)
  const isDisabled = wanted.isDisabled ?? disabledAt !== undefined
  const isVerified = email === formerEmail && emailVerifiedAt !== undefined
  return {
    ...rest,
    ...(wanted.displayName === undefined
      ? {}
      : { displayName: parseDisplayName(wanted.displayName) }),
    ...(email === undefined ? {} : { email }),
    ...(isVerified ? { emailVerifiedAt } : {}),
    ...((wanted.isAdmin ?? isAdmin === true) ? { isAdmin: true } : {}),
    ...(isDisabled ? { disabledAt: disabledAt ?? now } : {}),
  }
}
