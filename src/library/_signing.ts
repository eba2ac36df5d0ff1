/** The keys that the registry gives its word with. One signs; the former ones stay known, for what they have signed. */
import { fromBase64url, toBase64url } from '#bytes/text'
import type { CommitTransaction } from '#changelog/change'
import { ed25519KeyBytes, ed25519PublicKey } from '#crypto/ed25519'
import { openSecret, sealedFromJson, sealedToJson, sealSecret } from '#identity/sealed-secret'
import type { LibraryChange } from '#library/changes'
import type { SignatureFacts, SigningKey } from '#library/model'
import type { LibraryParts } from '#library/parts'
import { registryKeyId, type SignedSubject, signSubject } from '#library/registry-signature'
import type { Queryable, SqlRow } from '#sql/sql'

export interface KeyRow extends SqlRow {
  readonly id: string
  readonly public_key: string
  readonly generation: number
  readonly secret: string
  readonly retired_at: number | null
  readonly sequence: number
  readonly at: number
}

export async function keyRows(tx: Queryable): Promise<readonly KeyRow[]> {
  return await tx.query<KeyRow>`select * from library_key order by sequence desc`
}

export function signingKey({ id, public_key: publicKey, at, retired_at }: KeyRow): SigningKey {
  return { id, publicKey, createdAt: at, ...(retired_at === null ? {} : { retiredAt: retired_at }) }
}

/** By the newest key; the first one is made when there is none. */
export async function signVersion(
  tx: CommitTransaction,
  parts: LibraryParts,
  subject: SignedSubject,
): Promise<SignatureFacts> {
  const row = (await keyRows(tx))[0] ?? (await newKey(tx, parts))
  const sealed = sealedFromJson(JSON.parse(row.secret)) // put there by us
  const seed = fromBase64url(openSecret(sealed, { owner: ownerOf(row.id), keyring: parts.keyring }))
  const { keyId, signature } = signSubject(seed, subject)
  return { keyId, value: toBase64url(signature) }
}

/** It signs from now on. */
export async function newKey(
  tx: CommitTransaction,
  { keyring, world }: Pick<LibraryParts, 'keyring' | 'world'>,
): Promise<KeyRow> {
  for (const row of await keyRows(tx)) {
    if (row.retired_at === null) await tx.record(keyPut({ ...row, retired_at: tx.at }))
  }
  const seed = world.randomBytes(ed25519KeyBytes)
  const publicKey = ed25519PublicKey(seed)
  const id = registryKeyId(publicKey)
  const sealed = sealSecret(toBase64url(seed), { owner: ownerOf(id), keyring, world })
  const change: LibraryChange = {
    ...{ kind: 'library/key-put', id, publicKey: toBase64url(publicKey) },
    secret: sealedToJson(sealed),
  }
  await tx.record(change)
  const [row] = await keyRows(tx)
  if (row === undefined) throw new Error('a key was recorded and is not there')
  return row
}

export function keyPut({ id, public_key: publicKey, secret, retired_at }: KeyRow): LibraryChange {
  return {
    ...{ kind: 'library/key-put', id, publicKey, secret: JSON.parse(secret) },
    ...(retired_at === null ? {} : { retiredAt: retired_at }),
  }
}

/** Bound to what is sealed. */
function ownerOf(id: string): string {
  return `library-key ${id}`
}
