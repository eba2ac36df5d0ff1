import { accessOf } from '#api/s3/enter'
import type { MayReplicate } from '#delivery/local-outlet'
import { decide } from '#identity/access'
import type { Accounts } from '#identity/accounts'

/** Asked anew for each copy: who made a rule may have lost the right to, or be no more. */
export function replicationRights({
  accounts,
  root,
}: {
  readonly accounts: Pick<Accounts, 'findPrincipal'>
  /** Canonical id. */
  readonly root: string
}): MayReplicate {
  return async (who, bucket, asked) => {
    const caller = await accounts.findPrincipal(who)
    if (caller?.id !== who) return false // an id may look like another's address
    return decide({ caller, ...asked, context: {} }, accessOf(bucket, root)) === 'yes'
  }
}
