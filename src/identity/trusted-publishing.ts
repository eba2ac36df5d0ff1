/**
 * Publishing without a stored secret: a system that builds and publishes shows a token of an issuer that the operator trusts, self-hosted ones included,
 * and gets a token of ours for a quarter of an hour, good for one library, if that library trusts whoever the token is of.
 */
import { decodeJwt, type JWTPayload } from 'jose'
import { sha256HexOf } from '#crypto/digest'
import { type Issuers, invalidToken, namesOf } from '#identity/_issuers'
import type { Ledger } from '#identity/_ledger'
import { findPrincipalRow } from '#identity/_rows'
import { claimedIssuer } from '#identity/_web-identities'
import { personFault } from '#identity/faults'
import type { AccountSettings, TrustedIssuer } from '#identity/settings'
import type { MadeToken, Tokens, Whence } from '#identity/tokens'
import { wildcard } from '#identity/wildcard'

export const ciTokenSeconds = 900
/** Tokens of such systems are made for the moment; an older one was kept somewhere. */
const issuedSecondsMax = 3_600
export const trustedClaimsMax = 10
const valueCharactersMax = 255

/** Whom a library trusts to publish it. The library keeps the record. */
export interface TrustedPublisher {
  readonly id: string
  /** `@scope/name` */
  readonly library: string
  /** URL of the issuer. */
  readonly issuer: string
  /** What the token must say: by name of the claim, with `*` for any characters. */
  readonly claims: Readonly<Record<string, string>>
  /** Id of the principal who trusts it: in whose name it is published. */
  readonly trustedBy: string
}

/** All records of an issuer, or of one library. */
export type FindTrustedPublishers = (asked: {
  readonly issuer: string
  readonly library?: string
}) => Promise<readonly TrustedPublisher[]>

export interface Exchanged {
  readonly token: MadeToken
  readonly publisher: TrustedPublisher
}

interface TrustedPublishingParts {
  readonly tokens: Tokens
  readonly issuers: Issuers
  readonly settings: AccountSettings
}

/**
 * What a record may ask of a token: one to ten claims, of which at least one has a value of its own, lest everybody who uses the same issuer be
 * trusted. `identity/malformed-claims`
 */
export function checkTrustedClaims(claims: Readonly<Record<string, string>>): void {
  const entries = Object.entries(claims)
  const refuse = (reason: string): never => {
    throw personFault('identity/malformed-claims', { reason })
  }
  if (entries.length === 0 || entries.length > trustedClaimsMax)
    refuse(`there are 1 to ${trustedClaimsMax}`)
  for (const [name, value] of entries) {
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) refuse(`"${name.slice(0, 64)}" is no claim`)
    if (['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'].includes(name))
      refuse(`${name} is checked anyway`)
    if (value === '' || value.length > valueCharactersMax)
      refuse(`${name} has no value to compare with`)
  }
  if (!entries.some(([, value]) => !value.includes('*')))
    refuse('one of them must be given without *')
}

export class TrustedPublishing {
  readonly #ledger: Ledger
  readonly #parts: TrustedPublishingParts

  constructor(ledger: Ledger, parts: TrustedPublishingParts) {
    this.#ledger = ledger
    this.#parts = parts
  }

  /** Whether an issuer is one that the operator has named. */
  isIssuer(url: string): boolean {
    return this.#issuer(url) !== undefined
  }

  /**
   * `library` may be left out when only one trusts the token. `identity/invalid-web-identity`, `identity/expired-web-identity`,
   * `identity/issuer-unknown`, `identity/provider-unreachable`, `identity/no-trusted-publisher`, `identity/library-ambiguous`,
   * `identity/token-used-up` for one that was exchanged before
   */
  async exchange(
    { token, library }: { readonly token: string; readonly library?: string },
    { find, from = {} }: { readonly find: FindTrustedPublishers; readonly from?: Whence },
  ): Promise<Exchanged> {
    const configured = this.#issuer(claimedIssuer(token))
    if (configured === undefined) throw personFault('identity/issuer-unknown')
    const { url, audiences = [] } = configured
    const issuer = { id: `trusted ${url}`, url, isPrivate: true } // the operator named it
    const audience = [...this.#parts.settings.audiences, ...audiences]
    const checks = { audience, secondsMax: issuedSecondsMax }
    const claims = await this.#parts.issuers.verify(token, issuer, checks)
    const [named = url] = namesOf(issuer)
    const asked = { issuer: named, ...(library === undefined ? {} : { library }) }
    const trusting = (await find(asked)).filter((record) => isTrusted(record, claims))
    const [publisher] = trusting
    if (publisher === undefined) throw personFault('identity/no-trusted-publisher')
    if (trusting.some((other) => other.library !== publisher.library))
      throw personFault('identity/library-ambiguous')
    return { token: await this.#open(publisher, { claims, token, from }), publisher }
  }

  async #open(
    { id, library, issuer, trustedBy }: TrustedPublisher,
    {
      claims,
      token,
      from,
    }: { readonly claims: JWTPayload; readonly token: string; readonly from: Whence },
  ): Promise<MadeToken> {
    const { sub: subject = '' } = claims // it is required
    const asked = {
      principal: trustedBy,
      library,
      via: { issuer, subject, publisher: id },
      given: sha256HexOf(Buffer.from(`${issuer} ${nameOf(token)}`)),
      seconds: ciTokenSeconds,
    }
    return await this.#ledger.note(async (tx) => {
      const row = await findPrincipalRow(tx, trustedBy)
      if (row === undefined || row.disabled_at !== null)
        throw personFault('identity/no-trusted-publisher')
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

function isTrusted({ claims: wanted }: TrustedPublisher, claims: JWTPayload): boolean {
  return Object.entries(wanted).every(([name, pattern]) => {
    const isMeant = wildcard(pattern)
    return [claims[name]].flat().some((value) => {
      const isPlain =
        typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      return isPlain && isMeant(String(value))
    })
  })
}
