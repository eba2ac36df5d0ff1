/**
 * Publishing without a stored secret: a system that builds and publishes shows a token of an issuer that the operator trusts, self-hosted ones included,
 * and gets a token of ours for a quarter of an hour, good for one library, if that library trusts whoever the token is of.
 */
import { decodeJwt } from 'jose/jwt/decode'
import { sha256HexOf } from '#crypto/digest'
import { type Issuers, invalidToken, namesOf } from '#identity/_issuers'
import type { Ledger } from '#identity/_ledger'
import { claimedIssuer } from '#identity/_web-identities'
import type { TokenOrigin } from '#identity/actor'
import type { PrincipalRow } from '#identity/changes'
import { personFault } from '#identity/faults'
import type { AccountSettings, TrustedIssuer } from '#identity/settings'
import type { MadeToken, Tokens, Whence } from '#identity/tokens'

export const ciTokenSeconds = 900
/** Tokens of such systems are made for the moment; an older one was kept somewhere. */
const issuedSecondsMax = 3_600

/** A library that trusts whoever a token is of. */
export interface TrustingLibrary {
  readonly scope: string
  readonly name: string
  readonly publisher: {
    readonly id: string
    /** Whoever trusts it, by handle or id: in whose name it is published. */
    readonly by: string
  }
}

/** Which libraries trust whoever this issuer says these claims of. The library room keeps the records. */
export type TrustedBy = (
  issuer: string,
  claims: Readonly<Record<string, unknown>>,
) => Promise<readonly TrustingLibrary[]>

export interface Exchanged {
  readonly token: MadeToken
  /** `@scope/name` */
  readonly library: string
}

interface TrustedPublishingParts {
  readonly tokens: Tokens
  readonly issuers: Issuers
  readonly settings: AccountSettings
}

export class TrustedPublishing {
  readonly #ledger: Ledger
  readonly #parts: TrustedPublishingParts

  constructor(ledger: Ledger, parts: TrustedPublishingParts) {
    this.#ledger = ledger
    this.#parts = parts
  }

  /** Those that the operator has named, as they are named. */
  issuers(): readonly string[] {
    return this.#parts.settings.issuers.map(({ url }) => url)
  }

  /**
   * `library` may be left out when only one trusts the token. `identity/invalid-web-identity`, `identity/expired-web-identity`,
   * `identity/issuer-unknown`, `identity/provider-unreachable`, `identity/no-trusted-publisher`, `identity/library-ambiguous`,
   * `identity/token-used-up` for one that was exchanged before
   */
  async exchange(
    { token, library }: { readonly token: string; readonly library?: string },
    { trustedBy, from = {} }: { readonly trustedBy: TrustedBy; readonly from?: Whence },
  ): Promise<Exchanged> {
    const configured = this.#issuer(claimedIssuer(token))
    if (configured === undefined) throw personFault('identity/issuer-unknown')
    const { url, audiences = [] } = configured
    const issuer = { id: `trusted ${url}`, url, isPrivate: true } // the operator named it
    const claims = await this.#parts.issuers.verify(token, issuer, {
      audience: [...this.#parts.settings.audiences, ...audiences],
      secondsMax: issuedSecondsMax,
    })
    const found = await Promise.all(namesOf(issuer).map((name) => trustedBy(name, claims)))
    const wanted = library?.replace(/^@?/, '@')
    const trusting = found
      .flat()
      .map(({ scope, name, publisher }) => ({ library: `@${scope}/${name}`, publisher }))
      .filter((one) => wanted === undefined || one.library === wanted)
    const [first] = trusting
    if (first === undefined) throw personFault('identity/no-trusted-publisher')
    if (trusting.some((other) => other.library !== first.library))
      throw personFault('identity/library-ambiguous')
    const [named = url] = namesOf(issuer)
    const { sub: subject = '' } = claims // it is required
    const via = { issuer: named, subject, publisher: first.publisher.id }
    const given = sha256HexOf(Buffer.from(`${named} ${nameOf(token)}`))
    return { token: await this.#open(first, { via, given, from }), library: first.library }
  }

  async #open(
    { library, publisher }: { readonly library: string } & Pick<TrustingLibrary, 'publisher'>,
    {
      via,
      given,
      from,
    }: { readonly via: TokenOrigin; readonly given: string; readonly from: Whence },
  ): Promise<MadeToken> {
    return await this.#ledger.note(async (tx) => {
      const [row] = await tx.query<PrincipalRow>`
        select * from principal where (id = ${publisher.by} or handle = ${publisher.by}) and disabled_at is null`
      if (row === undefined) throw personFault('identity/no-trusted-publisher')
      const asked = { principal: row.id, library, via, given, seconds: ciTokenSeconds }
      return await this.#parts.tokens.openCi(tx, asked, from)
    })
  }

  #issuer(url: string): TrustedIssuer | undefined {
    return this.#parts.settings.issuers.find((issuer) => namesOf(issuer).includes(url))
  }
}

/** Of a token that has no name of its own, all that is signed: a signature may be written in several ways. */
function nameOf(token: string): string {
  const { jti } = decodeJwt(token)
  if (jti !== undefined && typeof jti !== 'string') throw invalidToken('its name is no text')
  return jti ?? token.slice(0, token.lastIndexOf('.'))
}
