/**
 * How people prove who they are: a password, and, once they have confirmed one, a code that changes, or one of a few codes for when the device is lost.
 * Everything is a change in the change log; passwords and recovery codes are hashed, the secret of codes is sealed.
 */
import { fromBase64url, toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { sha256HexOf } from '#crypto/digest'
import { isFault } from '#fault/fault'
import type { Ledger } from '#identity/_ledger'
import { principalOf, readLogin, requirePrincipal } from '#identity/_rows'
import type { Attempts } from '#identity/attempts'
import { toBase32 } from '#identity/base32'
import type { IdentityChange, LoginJson, PrincipalRow } from '#identity/changes'
import { accountFault, personFault } from '#identity/faults'
import { hashPassword, isPassword, type PasswordJson, parsePassword } from '#identity/password'
import type { Principal } from '#identity/principal'
import { openSecret, sealedFromJson, sealedToJson, sealSecret } from '#identity/sealed-secret'
import { findTotpStep, totpSecretBytes, totpUri } from '#identity/totp'
import type { Queryable } from '#sql/sql'

const recoveryCodes = 10
/** 80 bits each: as good as a key, so that a plain hash keeps them. */
const recoveryCodeBytes = 10

/** Passwords that are checked at a time: each takes memory and a thread. */
const checkedAtOnceMax = 4

export interface NewTotp {
  /** Base32, and as a link; the only time they are shown. */
  readonly secret: string
  readonly uri: string
  readonly recoveryCodes: readonly string[]
}

export interface LoginState {
  readonly hasPassword: boolean
  readonly totp: 'none' | 'pending' | 'active'
  readonly recoveryCodes: number
}

export interface Credentials {
  /** Handle or id. */
  readonly name: string
  readonly password: string
  /** Six digits, or a recovery code. */
  readonly code?: string
}

export class Logins {
  readonly #ledger: Ledger
  readonly #attempts: Attempts
  #checking = 0
  /** Compared with when there is nothing to compare with, so that it takes as long. */
  #nobodys: Promise<PasswordJson> | undefined

  constructor(ledger: Ledger, attempts: Attempts) {
    this.#ledger = ledger
    this.#attempts = attempts
  }

  /** `identity/no-such-principal` */
  async state(name: string): Promise<LoginState> {
    return await this.#ledger.settled(async (tx) => {
      const { id } = await requirePrincipal(tx, name)
      const { password, totp, recovery } = await readLogin(tx, id)
      return {
        hasPassword: password !== undefined,
        totp: totp?.state ?? 'none',
        recoveryCodes: recovery.length,
      }
    })
  }

  /** `undefined` takes it away. `identity/no-such-principal`, `identity/malformed-password` */
  async setPassword(name: string, text: string | undefined): Promise<void> {
    const password =
      text === undefined
        ? undefined
        : await hashPassword(parsePassword(text), this.#ledger.parts.world)
    await this.putPassword(name, password)
  }

  /** One that was hashed already. `also`: in the same commit. `identity/no-such-principal` */
  async putPassword(
    name: string,
    password: PasswordJson | undefined,
    also?: (tx: CommitTransaction, principal: Principal) => Promise<void>,
  ): Promise<void> {
    await this.#change(
      name,
      ({ password: _, ...login }) => (password === undefined ? login : { ...login, password }),
      also,
    )
  }

  /**
   * Counts from `confirmTotp` on, in place of a former one; with `mustBeNew` only where there is none that counts. `identity/no-such-principal`,
   * `identity/totp-active`
   */
  async beginTotp(
    name: string,
    { mustBeNew = false }: { readonly mustBeNew?: boolean } = {},
  ): Promise<NewTotp> {
    const { keyring, world } = this.#ledger.parts
    const secret = world.randomBytes(totpSecretBytes)
    const codes = Array.from({ length: recoveryCodes }, () =>
      toBase32(world.randomBytes(recoveryCodeBytes)),
    )
    const { handle } = await this.#change(name, (login, { id }) => {
      if (mustBeNew && login.totp?.state === 'active') throw personFault('identity/totp-active')
      const sealed = sealSecret(toBase64url(secret), { owner: ownerOf(id), keyring, world })
      const totp = { secret: sealedToJson(sealed), state: 'pending', step: 0 } as const
      return { ...login, totp, recovery: codes.map(hashCode) }
    })
    return {
      secret: toBase32(secret),
      uri: totpUri(secret, { name: handle }),
      recoveryCodes: codes,
    }
  }

  /** With a code of it. `identity/no-such-principal`, `identity/no-totp`, `identity/login-refused` */
  async confirmTotp(name: string, code: string): Promise<void> {
    await this.#change(name, (login, principal) => {
      if (login.totp?.state !== 'pending') throw accountFault('identity/no-totp')
      const step = this.#findStep(login, { code, id: principal.id })
      if (step === undefined) throw accountFault('identity/login-refused')
      return { ...login, totp: { ...login.totp, state: 'active', step } }
    })
  }

  /** With its recovery codes. `identity/no-such-principal` */
  async removeTotp(name: string): Promise<void> {
    await this.#change(name, ({ totp: _, ...login }) => ({ ...login, recovery: [] }))
  }

  /** With one of its codes, or a recovery code. `identity/totp-missing`, `identity/login-refused`, `identity/login-throttled` */
  async giveUpTotp(name: string, code: string): Promise<void> {
    const { id } = await this.#ledger.settled((tx) => requirePrincipal(tx, name))
    await this.#count(id)
    await this.#change(id, (login) => {
      if (login.totp === undefined) throw personFault('identity/totp-missing')
      if (login.totp.state === 'active') this.#useCode(login, { code, id })
      const { totp: _, ...rest } = login
      return { ...rest, recovery: [] }
    })
    await this.#attempts.forget(id)
  }

  /**
   * Who it is. `identity/login-refused` tells nothing of what was wrong; `identity/login-throttled` after too many attempts in a row, until its time is
   * over. With `asksForCode`, whoever gave the right password and no code is told so: `identity/code-missing`. No code is good twice.
   */
  async login(
    { name, password, code }: Credentials,
    { asksForCode = false }: { readonly asksForCode?: boolean } = {},
  ): Promise<Principal> {
    const { row, login, counted } = await this.#provePassword(name, password)
    if (login.totp?.state === 'active') {
      if (code === undefined)
        throw asksForCode
          ? personFault('identity/code-missing')
          : accountFault('identity/login-refused')
      await this.#change(row.id, (current) => this.#useCode(current, { code, id: row.id }))
    }
    await this.#attempts.forget(counted)
    return principalOf(row)
  }

  /** Of somebody who has shown all else already. `identity/login-refused`, `identity/login-throttled` */
  async prove(name: string, password: string): Promise<void> {
    const { counted } = await this.#provePassword(name, password)
    await this.#attempts.forget(counted)
  }

  async #provePassword(
    name: string,
    password: string,
  ): Promise<{
    readonly row: PrincipalRow
    readonly login: LoginJson
    readonly counted: string
  }> {
    const { row, login } = await this.#ledger.settled(async (tx) => {
      const found = await findByName(tx, name)
      return { row: found, login: await readLogin(tx, found?.id ?? '') }
    })
    const counted = row?.id ?? name
    if (this.#checking >= checkedAtOnceMax)
      throw accountFault('identity/login-throttled', { seconds: 1 })
    this.#checking += 1
    let isRight: boolean
    try {
      await this.#count(counted)
      isRight = await this.#check(password, login.password)
    } finally {
      this.#checking -= 1
    }
    if (row === undefined || !isRight || row.disabled_at !== null)
      throw accountFault('identity/login-refused')
    return { row, login, counted }
  }

  /** As it is inside the commit: of two who use one code at the same time, one is refused. */
  #useCode(
    login: LoginJson,
    { code, id }: { readonly code: string; readonly id: string },
  ): LoginJson {
    if (login.totp?.state !== 'active') return login // taken away meanwhile
    const step = this.#findStep(login, { code, id })
    if (step !== undefined) return { ...login, totp: { ...login.totp, step } }
    const hash = hashCode(code)
    const recovery = login.recovery.filter((one) => one !== hash)
    if (recovery.length === login.recovery.length) throw accountFault('identity/login-refused')
    return { ...login, recovery }
  }

  #findStep(
    { totp }: LoginJson,
    { code, id }: { readonly code: string; readonly id: string },
  ): number | undefined {
    if (totp === undefined) return undefined
    const { keyring, world } = this.#ledger.parts
    const secret = openSecret(sealedFromJson(totp.secret), { owner: ownerOf(id), keyring })
    return findTotpStep(fromBase64url(secret), code, { now: world.now(), after: totp.step })
  }

  async #check(text: string, password: PasswordJson | undefined): Promise<boolean> {
    this.#nobodys ??= hashPassword('nobody has this', this.#ledger.parts.world)
    const isRight = await isPassword(text, password ?? (await this.#nobodys))
    return isRight && password !== undefined
  }

  /** `identity/login-throttled` */
  async #count(name: string): Promise<void> {
    const waitMs = await this.#attempts.begin(name)
    const seconds = Math.ceil(waitMs / 1000)
    if (waitMs > 0) throw accountFault('identity/login-throttled', { seconds })
  }

  async #change(
    name: string,
    work: (login: LoginJson, principal: Principal) => LoginJson,
    also?: (tx: CommitTransaction, principal: Principal) => Promise<void>,
  ): Promise<Principal> {
    return await this.#ledger.change(async (tx) => {
      const principal = principalOf(await requirePrincipal(tx, name))
      const former = await readLogin(tx, principal.id)
      const login = work(former, principal)
      const change: IdentityChange = {
        kind: 'identity/login-put',
        principal: principal.id,
        ...login,
      }
      if (login !== former) await tx.record(change)
      await also?.(tx, principal)
      return principal
    })
  }
}

/** What the secret of codes is bound to; no access key has such an id. */
function ownerOf(principal: string): string {
  return `totp:${principal}`
}

function hashCode(code: string): string {
  return sha256HexOf(Buffer.from(code.replaceAll(/[\s-]/g, '').toUpperCase()))
}

async function findByName(tx: Queryable, name: string): Promise<PrincipalRow | undefined> {
  return await requirePrincipal(tx, name).catch((error: unknown) => {
    if (isFault(error, 'identity/no-such-principal')) return undefined
    throw error
  })
}
