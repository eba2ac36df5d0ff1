/**
 * Moving data to the newest generation key: every data key is unwrapped and wrapped again, no data is touched. A background command:
 * what a crash interrupts is done by the next run.
 */
import { toBase64url } from '#bytes/text'
import type { ChangeLog } from '#changelog/change'
import type { Keyring } from '#keyring/keyring'
import type { Queryable } from '#sql/sql'
import { findOlderKeys, type StoreChange } from '#store/tables'

/** Data keys rewrapped by one commit. */
const keysPerCommit = 500

/** Returns how many chunks moved. Durable on return. */
export async function rewrapKeys(
  {
    sql,
    changelog,
    keyring,
  }: { readonly sql: Queryable; readonly changelog: ChangeLog; readonly keyring: Keyring },
  { signal }: { readonly signal: AbortSignal },
): Promise<number> {
  for (let moved = 0; ; ) {
    signal.throwIfAborted()
    const older = await findOlderKeys(sql, { generation: keyring.generation, limit: keysPerCommit })
    if (older.length === 0) return moved
    const { generation } = keyring
    const keys = older.map(({ id, generation: former, wrappedKey }) => {
      const { wrapped } = keyring.wrap(keyring.unwrap(former, wrappedKey))
      return [toBase64url(id), toBase64url(wrapped)] as const
    })
    const change: StoreChange = { kind: 'store/keys-rewrapped', generation, keys }
    await changelog.commit((tx) => tx.record(change))
    moved += keys.length
  }
}
