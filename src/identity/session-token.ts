/**
 * What a session shows beside its key: everything about it, sealed under the store's keys, so that every gateway can read it and nobody has to keep it.
 * docs/formats/identity.md
 */
import { isFault } from '#fault/fault'
import {
  openSecret,
  type SealedSecretJson,
  sealedFromJson,
  sealedToJson,
  sealSecret,
} from '#identity/sealed-secret'
import type { Keyring } from '#keyring/keyring'
import type { World } from '#world/world'

export interface SessionTicket {
  readonly secret: string
  /** Id of the role, or of the user whose session it is. */
  readonly of: string
  /** Of a role's session: its name. */
  readonly name?: string
  /** Id of the user who asked for it; nobody's when a provider of identities vouched. */
  readonly by?: string
  /** Of a user's session: the key it was asked for with. */
  readonly key?: string
  /** The policy it was narrowed to. */
  readonly policy?: string
  /** What conditions may ask about it, by lower-case key. */
  readonly known?: Readonly<Record<string, readonly string[]>>
  /** Milliseconds since 1970, both. */
  readonly openedAt: number
  readonly expiresAt: number
}

interface Sealing {
  /** Of the session's key; the token opens under no other. */
  readonly accessKeyId: string
  readonly keyring: Keyring
}

const prefix = 'MYS1'

/** `MYS1.GENERATION.KEY.SEALED` */
export function printToken(
  ticket: SessionTicket,
  { accessKeyId, keyring, world }: Sealing & { readonly world: World },
): string {
  const sealed = sealSecret(JSON.stringify(ticket), { owner: ownerOf(accessKeyId), keyring, world })
  return [prefix, ...sealedToJson(sealed)].join('.')
}

/** `undefined` for text that is no token of this store for this key. */
export function readToken(
  token: string,
  { accessKeyId, keyring }: Sealing,
): SessionTicket | undefined {
  const [, generation, key = '', sealed = ''] =
    /^MYS1\.(\d{1,9})\.([\w-]{54})\.([\w-]{1,8000})$/.exec(token) ?? []
  if (generation === undefined) return undefined
  const json: SealedSecretJson = [Number(generation), key, sealed]
  try {
    const text = openSecret(sealedFromJson(json), { owner: ownerOf(accessKeyId), keyring })
    return JSON.parse(text) as SessionTicket // authentic: we made it
  } catch (error) {
    if (isFault(error)) return undefined // sealed by somebody else, or for another key
    throw error
  }
}

/** Not what the secret of a key of that id is bound to. */
function ownerOf(accessKeyId: string): string {
  return `session:${accessKeyId}`
}
