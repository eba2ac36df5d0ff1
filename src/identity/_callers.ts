/** Whoever a key speaks for, with what the policies of it say. */
import { findEntity, findPrincipalRow, principalOf, readPolicies } from '#identity/_rows'
import { type Caller, plainStanding } from '#identity/caller'
import type { Entity } from '#identity/entity'
import type { Handle, Principal, PrincipalId } from '#identity/principal'
import type { Queryable } from '#sql/sql'

/** A principal, or a member of an account; `undefined` when there is none of that id, or it is disabled. */
export async function findCaller(tx: Queryable, id: string): Promise<Caller | undefined> {
  const row = await findPrincipalRow(tx, id)
  if (row !== undefined) {
    if (row.disabled_at !== null) return undefined
    const principal = principalOf(row)
    const policies = await readPolicies(tx, id)
    if (policies.length === 0) return principal
    return { ...principal, standing: { ...plainStanding(principal), policies } }
  }
  const member = await findEntity(tx, id)
  if (member?.kind !== 'user') return undefined
  const account = await findPrincipalRow(tx, member.account)
  if (account === undefined || account.disabled_at !== null) return undefined
  return {
    ...principalOf(account),
    handle: member.name as Handle, // what conditions know as the user's name
    standing: {
      arn: member.arn,
      userId: member.id,
      account: member.account,
      isBound: true,
      policies: await readPolicies(tx, id),
      known: {},
    },
  }
}

/** A member as one to whom things may be granted. */
export async function findMember(tx: Queryable, id: string): Promise<Principal | undefined> {
  const member = await findEntity(tx, id)
  return member?.kind === 'user' ? memberPrincipal(member) : undefined
}

function memberPrincipal({ id, name, createdAt }: Entity): Principal {
  return {
    id: id as PrincipalId, // as ids of principals are, and never one of them
    handle: name as Handle,
    displayName: name,
    isRoot: false,
    createdAt,
  }
}
