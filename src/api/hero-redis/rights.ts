/** Who may do what with which database, as the operator says. */
import { toHex } from '#bytes/text'
import { digestOf } from '#crypto/digest'
import { isSameSecret } from '#crypto/hmac'

/** Each has those before it. */
export const rights = ['read', 'write', 'admin'] as const
export type Right = (typeof rights)[number]

/** Both ends belong to it. */
export interface DatabaseRange {
  readonly first: number
  readonly last: number
}

/** Databases by right; none when left out. */
export type Grants = { readonly [Of in Right]?: readonly DatabaseRange[] | undefined }

interface Entry {
  readonly name: string
  readonly grants: Grants
}

export interface SecretEntry extends Entry {
  /** SHA-256 of the secret, 32 bytes. Only what nobody could guess is safe behind a plain hash: the operator is told so. */
  readonly sha256: Uint8Array
}

export interface KeyEntry extends Entry {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
}

export interface RightsList {
  /** Of everybody, also of who has logged in. */
  readonly anonymous: Grants
  readonly secrets: readonly SecretEntry[]
  readonly keys: readonly KeyEntry[]
}

/** Whoever is at the other end of a connection: nobody that is known, or whose entry has that id. */
export type Caller = 'anonymous' | `secret ${string}` | `key ${string}`

/** A list that can be asked. */
export class Rights {
  readonly #list: RightsList
  readonly #entries: ReadonlyMap<string, Entry>

  constructor(list: RightsList) {
    this.#list = list
    this.#entries = new Map<string, Entry>([
      ...list.secrets.map((entry) => [secretId(entry.sha256), entry] as const),
      ...list.keys.map((entry) => [keyId(entry.publicKey), entry] as const),
    ])
  }

  may(caller: Caller, right: Right, db: number): boolean {
    return this.#rangesOf(caller, right).some(({ first, last }) => first <= db && db <= last)
  }

  mayAnywhere(caller: Caller, right: Right): boolean {
    return this.#rangesOf(caller, right).length > 0
  }

  /** Compares with all of them, so that the time it takes does not tell which one it was. */
  findSecret(secret: Uint8Array): Caller | undefined {
    const sha256 = digestOf(secret, 'sha256')
    const found = this.#list.secrets.filter((entry) => isSameSecret(entry.sha256, sha256))
    return found.length > 0 ? secretId(sha256) : undefined
  }

  findKey(publicKey: Uint8Array): Caller | undefined {
    const id = keyId(publicKey)
    return this.isKnown(id) ? id : undefined
  }

  isKnown(caller: Caller): boolean {
    return this.#entries.has(caller)
  }

  /** For logs. */
  nameOf(caller: Caller): string {
    return this.#entries.get(caller)?.name ?? 'anonymous'
  }

  #rangesOf(caller: Caller, right: Right): readonly DatabaseRange[] {
    const grants = this.#entries.get(caller)?.grants ?? {}
    const enough = rights.slice(rights.indexOf(right))
    return enough.flatMap((one) => [...(this.#list.anonymous[one] ?? []), ...(grants[one] ?? [])])
  }
}

function secretId(sha256: Uint8Array): Caller {
  return `secret ${toHex(sha256)}`
}

function keyId(publicKey: Uint8Array): Caller {
  return `key ${toHex(publicKey)}`
}
