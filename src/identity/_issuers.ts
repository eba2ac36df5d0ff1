/**
 * Issuers of identities, as OpenID Connect has them: what they say of themselves, the keys they publish, and whether a token is theirs.
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
import type { JWTPayload } from 'jose'
import { JOSEError, JWKSNoMatchingKey, JWTExpired } from 'jose/errors'
import { createLocalJWKSet } from 'jose/jwks/local'
import { jwtVerify } from 'jose/jwt/verify'
import { fetchDocument } from '#http/fetch-document'
import { accountFault } from '#identity/faults'
import type { World } from '#world/world'

const documentBytesMax = 256 * 1024
const fetchMs = 5_000
const keptMs = 10 * 60_000
/** Unknown keys make us ask again, but tokens come from anybody: not more often than this. */
const askAgainMs = 30_000
/** Nor is an issuer that does not answer asked at each token. */
const failedKeptMs = 5_000
const issuersMax = 1_000
/** Clocks differ. */
const skewSeconds = 60

/** Signatures alone: a key that both sides know proves nothing about who signed. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
]

export interface Issuer {
  /** What is known of it is kept under this. */
  readonly id: string
  /** With or without a slash at its end. */
  readonly url: string
  /** It may be in a private network, and speak in clear. */
  readonly isPrivate: boolean
}

/** What it says of itself at `/.well-known/openid-configuration`; nothing of it is checked yet. */
export type IssuerFacts = Readonly<Record<string, unknown>>

type FindKey = ReturnType<typeof createLocalJWKSet>

interface Known {
  readonly facts: IssuerFacts
  readonly find: FindKey
}

interface Asked {
  readonly at: number
  keepMs: number
  readonly known: Promise<Known>
}

export class Issuers {
  readonly #world: World
  /** By id. */
  readonly #asked = new Map<string, Asked>()

  constructor(world: World) {
    this.#world = world
  }

  /** `identity/provider-unreachable` */
  async facts(issuer: Issuer): Promise<IssuerFacts> {
    return (await this.#ask(issuer, keptMs)).facts
  }

  /**
   * What a token says that this issuer has signed for one of that audience, and that is good now; with `secondsMax`, made no longer ago than that.
   * `identity/invalid-web-identity`, `identity/expired-web-identity`, `identity/provider-unreachable`
   */
  async verify(
    token: string,
    issuer: Issuer,
    {
      audience,
      secondsMax,
    }: { readonly audience: readonly string[]; readonly secondsMax?: number },
  ): Promise<JWTPayload> {
    if (audience.length === 0) throw invalidToken('its audience is no client of the provider')
    const check = async (find: FindKey): Promise<JWTPayload> => {
      const { payload } = await jwtVerify(token, find, {
        algorithms,
        issuer: namesOf(issuer),
        audience: [...audience],
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: skewSeconds,
        currentDate: new Date(this.#world.now()),
        ...(secondsMax === undefined ? {} : { maxTokenAge: secondsMax }),
      })
      return payload
    }
    const { find } = await this.#ask(issuer, keptMs)
    try {
      return await check(find).catch(async (error: unknown) => {
        if (!(error instanceof JWKSNoMatchingKey)) throw error
        return await check((await this.#ask(issuer, askAgainMs)).find)
      })
    } catch (error) {
      if (error instanceof JWTExpired) throw accountFault('identity/expired-web-identity')
      if (error instanceof JOSEError) throw invalidToken(error.message, error)
      throw error
    }
  }

  /** No longer ago than that. Who asks at the same time waits for the same answer. */
  async #ask(issuer: Issuer, ageMaxMs: number): Promise<Known> {
    const now = this.#world.monotonic()
    const last = this.#asked.get(issuer.id)
    if (last !== undefined && now - last.at <= Math.min(ageMaxMs, last.keepMs))
      return await last.known
    const asked: Asked = { at: now, keepMs: keptMs, known: this.#fetch(issuer) }
    if (this.#asked.size >= issuersMax) this.#asked.clear()
    this.#asked.set(issuer.id, asked)
    try {
      return await asked.known
    } catch (error) {
      asked.keepMs = failedKeptMs
      throw error
    }
  }

  async #fetch({ url, isPrivate }: Issuer): Promise<Known> {
    const abort = new AbortController()
    const cancel = this.#world.timer(fetchMs, () => abort.abort(unreachable('it takes too long')))
    const read = async (from: string): Promise<IssuerFacts> => {
      const options = { bytesMax: documentBytesMax, isPrivate, signal: abort.signal }
      return JSON.parse(Buffer.from(await fetchDocument(from, options)).toString())
    }
    try {
      const facts = await read(`${url.replace(/\/$/, '')}/.well-known/openid-configuration`)
      const { jwks_uri: uri } = facts
      if (typeof uri !== 'string' || !URL.canParse(uri)) throw unreachable('it names no keys')
      const set = await read(uri)
      const find = createLocalJWKSet(set as unknown as Parameters<typeof createLocalJWKSet>[0]) // which looks at it
      return { facts, find }
    } catch (cause) {
      throw unreachable(cause instanceof Error ? cause.message : 'it does not answer', cause)
    } finally {
      cancel()
    }
  }
}

/** Some end in a slash. */
export function namesOf({ url }: Pick<Issuer, 'url'>): string[] {
  const base = url.replace(/\/$/, '')
  return [base, `${base}/`]
}

export function invalidToken(reason: string, cause?: unknown): Error {
  return accountFault('identity/invalid-web-identity', { reason }, cause)
}

export function unreachable(reason: string, cause?: unknown): Error {
  return accountFault('identity/provider-unreachable', { reason }, cause)
}
