/** Writing principals down: what several parts of this room do. */
import type { CommitTransaction } from '#changelog/change'
import type { IdentityChange } from '#identity/changes'
import { accountFault } from '#identity/faults'
import type { Principal } from '#identity/principal'
import type { Queryable } from '#sql/sql'

/** All of it, in place of what was there. When it was made. */
export async function recordPrincipal(
  tx: CommitTransaction,
  { isRoot, createdAt: _, ...fields }: Omit<Principal, 'createdAt'> & Partial<Principal>,
): Promise<number> {
  const change: IdentityChange = {
    kind: 'identity/principal-put',
    ...fields,
    ...(isRoot ? { isRoot } : {}),
  }
  return (await tx.record(change)).at
}

/** Handles of users and names of teams are one namespace. `identity/handle-taken`, `identity/email-taken` */
export async function assertFree(
  tx: Queryable,
  { id, handle, email }: Pick<Principal, 'id' | 'handle' | 'email'>,
): Promise<void> {
  const [sameHandle] = await tx.query`
    select 1 as found from account_scope where name = ${handle} and kind <> 'former' and holder <> ${id}`
  if (sameHandle !== undefined) throw accountFault('identity/handle-taken', { handle })
  if (email === undefined) return
  const [sameEmail] = await tx.query`
    select 1 as found from principal where email = ${email} and id <> ${id}`
  if (sameEmail !== undefined) throw accountFault('identity/email-taken', { email })
}
