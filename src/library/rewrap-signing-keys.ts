import { rewrapSecret, sealedFromJson, sealedToJson } from '#identity/sealed-secret'
import { type KeyRow, keyPut } from '#library/_signing'
import type { LibraryParts } from '#library/parts'

/** Wraps the keys that sign under the newest generation key; returns how many were wrapped under older ones. There are few. Durable on return. */
export async function rewrapSigningKeys({
  changelog,
  keyring,
}: Pick<LibraryParts, 'changelog' | 'keyring'>): Promise<number> {
  return await changelog.commit(async (tx) => {
    const rows = await tx.query<KeyRow>`
      select * from library_key where generation < ${keyring.generation} order by sequence`
    for (const row of rows) {
      const sealed = sealedFromJson(JSON.parse(row.secret)) // put there by us
      const secret = JSON.stringify(sealedToJson(rewrapSecret(sealed, keyring)))
      await tx.record(keyPut({ ...row, secret }))
    }
    return rows.length
  })
}
