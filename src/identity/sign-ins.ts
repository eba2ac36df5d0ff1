/** Signing in with what one knows and has, and changing that. */
import { isFault } from '#fault/fault'
import type { Ledger } from '#identity/_ledger'
import { principalOf, readLogin, requirePrincipal } from '#identity/_rows'
import { assertSignedIn, type UserActor } from '#identity/actor'
import type { TokenRow } from '#identity/changes'
import { accountFault, personFault } from '#identity/faults'
import type { Credentials, Logins, NewTotp } from '#identity/logins'
import type { Principal } from '#identity/principal'
import type { Registration } from '#identity/registration'
import { type MadeToken, revokeTokens, type Tokens, type Whence } from '#identity/tokens'

/** Whoever has no password has signed in elsewhere, and no longer ago than this, to change what they sign in with. */
const freshMs = 15 * 60_000

export interface SignedIn {
  readonly principal: Principal
  readonly token: MadeToken
}

interface SignInParts {
  readonly logins: Logins
  readonly tokens: Tokens
  readonly registration: Registration
}

export class SignIns {
  readonly #ledger: Ledger
  readonly #parts: SignInParts

  constructor(ledger: Ledger, parts: SignInParts) {
    this.#ledger = ledger
    this.#parts = parts
  }

  /** `identity/sign-in-refused`, `identity/code-missing` for whoever needs a code and gave the right password alone, `identity/login-throttled` */
  async login(credentials: Credentials, from: Whence = {}): Promise<SignedIn> {
    const name = credentials.name.toLowerCase()
    const principal = await this.#parts.logins
      .login({ ...credentials, name }, { asksForCode: true })
      .catch((error: unknown) => {
        if (!isFault(error, 'identity/login-refused')) throw error
        throw personFault('identity/sign-in-refused') // which doors count by address
      })
    const token = await this.#ledger.note((tx) =>
      this.#parts.tokens.openLogin(tx, principal.id, from),
    )
    return { principal, token }
  }

  /**
   * Ends all other sessions. `identity/login-needed`, `identity/login-refused`, `identity/login-throttled`, `identity/login-too-old`,
   * `identity/malformed-password`, `identity/common-password`
   */
  async changePassword(
    actor: UserActor,
    { current, next }: { readonly current: string | undefined; readonly next: string },
  ): Promise<void> {
    const { id, handle, email } = await this.#assertSelf(actor, current)
    const hashed = await this.#parts.registration.hash(next, [handle, email ?? ''])
    await this.#parts.logins.putPassword(id, hashed, (tx) =>
      revokeTokens(tx, id, { isMeant: ({ kind }) => kind === 'login', kept: actor.token.id }),
    )
  }

  /** Counts once a code of it was confirmed. As `changePassword`, and `identity/totp-active` */
  async beginTotp(actor: UserActor, password: string | undefined): Promise<NewTotp> {
    await this.#assertSelf(actor, password)
    return await this.#parts.logins.beginTotp(actor.id, { mustBeNew: true })
  }

  /** `identity/login-needed`, `identity/no-totp`, `identity/login-refused` */
  async confirmTotp(actor: UserActor, code: string): Promise<void> {
    assertSignedIn(actor)
    await this.#parts.logins.confirmTotp(actor.id, code)
  }

  /** With one of its codes, or a recovery code. `identity/login-needed`, `identity/totp-missing`, `identity/login-refused`, `identity/login-throttled` */
  async giveUpTotp(actor: UserActor, code: string): Promise<void> {
    assertSignedIn(actor)
    await this.#parts.logins.giveUpTotp(actor.id, code)
  }

  /** That it is still whoever signed in, and not somebody who found the session open. */
  async #assertSelf(actor: UserActor, password: string | undefined): Promise<Principal> {
    assertSignedIn(actor)
    const { principal, hasPassword, signedInAt } = await this.#ledger.settled(async (tx) => {
      const [token] = await tx.query<TokenRow>`
        select * from bearer_token where id = ${actor.token.id}`
      return {
        principal: principalOf(await requirePrincipal(tx, actor.id)),
        hasPassword: (await readLogin(tx, actor.id)).password !== undefined,
        signedInAt: token?.at ?? 0,
      }
    })
    if (hasPassword) {
      if (password === undefined) throw accountFault('identity/login-refused')
      await this.#parts.logins.prove(actor.id, password)
    } else if (this.#ledger.parts.world.now() - signedInAt > freshMs)
      throw personFault('identity/login-too-old')
    return principal
  }
}
