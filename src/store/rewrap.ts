/**
 * Moving data to the newest generation key: every data key is unwrapped and wrapped again, no data is touched. A background command:
 * what a crash interrupts is done by the next run.
 */
import { toBase64url } from '#bytes/text'
import type { ChangeLog } from '#changelog/change'
import type { Keyring } from '#keyring/keyring'
import type { Queryable } from '#sql/sql'
import { findOlderKeys, findOlderObjectKeys, type StoreChange } from '#store/tables'

/** Data keys rewrapped by one commit. */
const keysPerCommit = 500

/** Returns how many data keys moved: those of chunks, and of objects in packs. Durable on return. */
export async function rewrapKeys(
  {
    sql,
    changelog,
    keyring,
  }: { readonly sql: Queryable; readonly changelog: ChangeLog; readonly keyring: Keyring },
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  const { generation } = keyring
  const older = { generation, limit: keysPerCommit }
  const rewrap = (former: number, key: Uint8Array): string =>
    toBase64url(keyring.wrap(keyring.unwrap(former, key)).wrapped)
  for (let moved = 0; ; ) {
    signal.throwIfAborted()
    const keys = (await findOlderKeys(sql, older)).map(
      (chunk) => [toBase64url(chunk.id), rewrap(chunk.generation, chunk.wrappedKey)] as const,
    )
    const objects = (await findOlderObjectKeys(sql, older)).map(
      ({ chunkId, offset, key }) =>
        [toBase64url(chunkId), offset, rewrap(key.generation, key.wrapped)] as const,
    )
    if (keys.length + objects.length === 0) return moved
    const change: StoreChange = { kind: 'store/keys-rewrapped', generation, keys, objects }
    await changelog.commit((tx) => tx.record(change))
    moved += keys.length + objects.length
  }
}
