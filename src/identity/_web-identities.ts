/** Tokens of providers that an account trusts: signed by a key that the provider publishes, for one of the clients it is trusted with. */
import type { JWTPayload } from 'jose'
import { decodeJwt } from 'jose/jwt/decode'
import { type Issuers, invalidToken } from '#identity/_issuers'
import type { Entity } from '#identity/entity'
import { parseProviderUrl } from '#identity/provider'

const tokenCharactersMax = 20_000

export interface WebIdentity {
  readonly subject: string
  readonly audience: string
  /** What conditions may ask about it, by lower-case key. */
  readonly known: Readonly<Record<string, readonly string[]>>
}

/** Name of the provider that a token says it is of; nothing of it is believed yet. `identity/invalid-web-identity` */
export function claimedProvider(token: string): string {
  try {
    return parseProviderUrl(claimedIssuer(token)).name
  } catch (cause) {
    throw invalidToken('it names no issuer', cause)
  }
}

/** URL of the issuer, as the token has it; as unbelieved. Empty when there is none. `identity/invalid-web-identity` */
export function claimedIssuer(token: string): string {
  if (token.length > tokenCharactersMax) throw invalidToken('it is too long')
  try {
    return decodeJwt(token).iss ?? ''
  } catch (cause) {
    throw invalidToken('it names no issuer', cause)
  }
}

export class WebIdentities {
  readonly #issuers: Issuers

  constructor(issuers: Issuers) {
    this.#issuers = issuers
  }

  /** `identity/invalid-web-identity`, `identity/expired-web-identity`, `identity/provider-unreachable` */
  async verify(token: string, provider: Entity): Promise<WebIdentity> {
    const { clientIds: audience = [], url = '' } = provider.facts
    const issuer = {
      id: provider.id,
      url,
      /** Of an account: whoever has one must not reach through us what only we can reach. */
      isPrivate: provider.account === '',
    }
    const payload = await this.#issuers.verify(token, issuer, { audience })
    const { sub, aud = [] } = payload
    const audiences = [aud].flat().filter((one) => audience.includes(one))
    if (sub === undefined) throw invalidToken('it names nobody')
    return {
      subject: sub,
      audience: audiences[0] ?? '',
      known: {
        ...knownOf(provider.name, { ...payload, aud: audiences }),
        'aws:federatedprovider': [provider.arn],
      },
    }
  }
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
