/**
 * Tokens of providers of identities, as OpenID Connect has them: signed by a key that the provider publishes, for one of the clients it is trusted with.
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
import { JOSEError, JWKSNoMatchingKey, JWTExpired } from 'jose/errors'
import { createLocalJWKSet } from 'jose/jwks/local'
import { decodeJwt } from 'jose/jwt/decode'
import { jwtVerify } from 'jose/jwt/verify'
import { fetchDocument } from '#http/fetch-document'
import type { Entity } from '#identity/entity'
import { accountFault } from '#identity/faults'
import { parseProviderUrl } from '#identity/provider'
import type { World } from '#world/world'

const tokenCharactersMax = 20_000
const documentBytesMax = 256 * 1024
const fetchMs = 5_000
const keptMs = 10 * 60_000
/** Unknown keys make us ask again, but tokens come from anybody: not more often than this. */
const askAgainMs = 30_000
/** Nor is a provider that does not answer asked at each token. */
const failedKeptMs = 5_000
const providersMax = 1_000
/** Clocks differ. */
const skewSeconds = 60

/** Signatures alone: a key that both sides know proves nothing about who signed. */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
]

export interface WebIdentity {
  readonly subject: string
  readonly audience: string
  /** What conditions may ask about it, by lower-case key. */
  readonly known: Readonly<Record<string, readonly string[]>>
}

type FindKey = ReturnType<typeof createLocalJWKSet>
type JWTPayload = ReturnType<typeof decodeJwt>

interface Asked {
  readonly at: number
  keepMs: number
  readonly keys: Promise<FindKey>
}

/** Name of the provider that a token says it is of; nothing of it is believed yet. `identity/invalid-web-identity` */
export function claimedProvider(token: string): string {
  if (token.length > tokenCharactersMax) throw invalid('it is too long')
  try {
    return parseProviderUrl(decodeJwt(token).iss ?? '').name
  } catch (cause) {
    throw invalid('it names no issuer', cause)
  }
}

export class WebIdentities {
  readonly #world: World
  /** By id of the provider. */
  readonly #asked = new Map<string, Asked>()

  constructor(world: World) {
    this.#world = world
  }

  /** `identity/invalid-web-identity`, `identity/expired-web-identity`, `identity/provider-unreachable` */
  async verify(token: string, provider: Entity): Promise<WebIdentity> {
    const { clientIds: audience = [] } = provider.facts
    if (audience.length === 0) throw invalid('its audience is no client of the provider')
    const payload = await this.#payload(token, { provider, audience })
    const { sub, aud = [] } = payload
    const audiences = [aud].flat().filter((one) => audience.includes(one))
    if (sub === undefined) throw invalid('it names nobody')
    return {
      subject: sub,
      audience: audiences[0] ?? '',
      known: {
        ...knownOf(provider.name, { ...payload, aud: audiences }),
        'aws:federatedprovider': [provider.arn],
      },
    }
  }

  async #payload(
    token: string,
    { provider, audience }: { readonly provider: Entity; readonly audience: readonly string[] },
  ): Promise<JWTPayload> {
    const check = async (find: FindKey): Promise<JWTPayload> => {
      const issuer = issuersOf(provider)
      const { payload } = await jwtVerify(token, find, {
        algorithms,
        issuer,
        audience: [...audience],
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: skewSeconds,
        currentDate: new Date(this.#world.now()),
      })
      return payload
    }
    const keys = await this.#keysOf(provider, keptMs)
    try {
      return await check(keys).catch(async (error: unknown) => {
        if (!(error instanceof JWKSNoMatchingKey)) throw error
        return await check(await this.#keysOf(provider, askAgainMs))
      })
    } catch (error) {
      if (error instanceof JWTExpired) throw accountFault('identity/expired-web-identity')
      if (error instanceof JOSEError) throw invalid(error.message, error)
      throw error
    }
  }

  /** Asked for no longer ago than that. Who asks at the same time waits for the same answer. */
  async #keysOf(provider: Entity, ageMaxMs: number): Promise<FindKey> {
    const now = this.#world.monotonic()
    const known = this.#asked.get(provider.id)
    if (known !== undefined && now - known.at <= Math.min(ageMaxMs, known.keepMs))
      return await known.keys
    const asked: Asked = { at: now, keepMs: keptMs, keys: this.#fetch(provider) }
    if (this.#asked.size >= providersMax) this.#asked.clear()
    this.#asked.set(provider.id, asked)
    try {
      return await asked.keys
    } catch (error) {
      asked.keepMs = failedKeptMs
      throw error
    }
  }

  async #fetch({ facts, account }: Entity): Promise<FindKey> {
    const abort = new AbortController()
    const cancel = this.#world.timer(fetchMs, () => abort.abort(unreachable('it takes too long')))
    /** Of an account: whoever has one must not reach through us what only we can reach. */
    const isPrivate = account === ''
    const read = async (url: string): Promise<Readonly<Record<string, unknown>>> => {
      const options = { bytesMax: documentBytesMax, isPrivate, signal: abort.signal }
      return JSON.parse(Buffer.from(await fetchDocument(url, options)).toString())
    }
    try {
      const base = (facts.url ?? '').replace(/\/$/, '')
      const { jwks_uri: uri } = await read(`${base}/.well-known/openid-configuration`)
      if (typeof uri !== 'string' || !URL.canParse(uri)) throw unreachable('it names no keys')
      const set = await read(uri)
      return createLocalJWKSet(set as unknown as Parameters<typeof createLocalJWKSet>[0]) // which looks at it
    } catch (cause) {
      throw unreachable(cause instanceof Error ? cause.message : 'it does not answer', cause)
    } finally {
      cancel()
    }
  }
}

/** Some end in a slash. */
function issuersOf({ facts: { url = '' } }: Entity): string[] {
  const base = url.replace(/\/$/, '')
  return [base, `${base}/`]
}

function knownOf(
  provider: string,
  payload: JWTPayload,
): Readonly<Record<string, readonly string[]>> {
  const claims = ['aud', 'sub', 'azp', 'amr'].flatMap((claim) => {
    const values = [payload[claim]].flat().filter((value) => typeof value === 'string')
    return values.length === 0 ? [] : [[`${provider}:${claim}`.toLowerCase(), values] as const]
  })
  return Object.fromEntries(claims)
}

function invalid(reason: string, cause?: unknown): Error {
  return accountFault('identity/invalid-web-identity', { reason }, cause)
}

function unreachable(reason: string, cause?: unknown): Error {
  return accountFault('identity/provider-unreachable', { reason }, cause)
}
