import { hmacSha256 } from '#crypto/hmac'

/** What a SigV4 key is good for: one key id, one day, one region, one service. */
export interface Scope {
  readonly accessKeyId: string
  /** `YYYYMMDD` */
  readonly day: string
  readonly region: string
  /** `s3`, `iam` or `sts` */
  readonly service: string
}

/** Day, region and service, as written in the string to sign. */
export function scopeText({ day, region, service }: Scope): string {
  return `${day}/${region}/${service}/aws4_request`
}

/** Derived keys kept so that a request costs one HMAC instead of five. */
export class SigningKeys {
  readonly #keys = new Map<string, { readonly secret: string; readonly key: Uint8Array }>()

  /** The day's key. A changed secret under the same id gives the new secret's key. */
  derive(secret: string, scope: Scope): Uint8Array {
    const name = `${scope.accessKeyId}/${scopeText(scope)}`
    const known = this.#keys.get(name)
    if (known !== undefined && known.secret === secret) return known.key
    const key = deriveSigningKey(secret, scope)
    if (this.#keys.size >= keysMax) this.#keys.clear()
    this.#keys.set(name, { secret, key })
    return key
  }
}

/** A key is about 200 bytes and each known key id needs one a day: room for hundreds of users, and a bound for liars. */
const keysMax = 1024

function deriveSigningKey(secret: string, { day, region, service }: Scope): Uint8Array {
  return [day, region, service, 'aws4_request'].reduce(
    (key: Uint8Array, word) => hmacSha256(key, Buffer.from(word)),
    Buffer.from(`AWS4${secret}`),
  )
}
