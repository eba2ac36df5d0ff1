/** The one namespace of people and teams: what stands behind the `@` of a library. */
import { isReserved, parseAccountName, skeletonOf } from '#identity/account-name'
import type { EntityFacts, EntityRow, ScopeRow, Visibility } from '#identity/changes'
import { accountFault, personFault } from '#identity/faults'
import type { Handle } from '#identity/principal'
import type { Queryable } from '#sql/sql'

export interface Scope {
  readonly kind: 'user' | 'team'
  /** Of the principal, or of the team. */
  readonly id: string
  readonly name: string
  /** Of a team, when it has said so. */
  readonly defaultVisibility?: Visibility
}

/** `undefined` where nobody has that name now. Other rooms may ask inside a commit of theirs. */
export async function readScope(tx: Queryable, name: string): Promise<Scope | undefined> {
  const [row] = await tx.query<ScopeRow>`select * from account_scope where name = ${name}`
  if (row === undefined || row.kind === 'former') return undefined
  const { holder: id } = row
  if (row.kind === 'user') return { kind: 'user', id, name }
  const [team] = await tx.query<EntityRow>`select * from iam_entity where id = ${id}`
  const { defaultVisibility } = JSON.parse(team?.facts ?? '{}') as EntityFacts // put there by us
  return {
    kind: 'team',
    id,
    name,
    ...(defaultVisibility === undefined ? {} : { defaultVisibility }),
  }
}

/**
 * A name that somebody wants to have: nobody has it or had it, and it cannot be mistaken for anybody's. `identity/malformed-username`,
 * `identity/name-reserved`, `identity/handle-taken`, `identity/name-confusable`
 */
export async function requireFreeName(
  tx: Queryable,
  text: string,
  { reservedNames }: { readonly reservedNames: readonly string[] },
): Promise<Handle> {
  const name = parseAccountName(text)
  if (isReserved(name) || reservedNames.includes(name))
    throw personFault('identity/name-reserved', { name })
  const rows = await tx.query<ScopeRow>`
    select * from account_scope where skeleton = ${skeletonOf(name)} order by name`
  if (rows.some((row) => row.name === name))
    throw accountFault('identity/handle-taken', { handle: name })
  const [alike] = rows
  if (alike !== undefined)
    throw personFault('identity/name-confusable', { name, other: alike.name })
  return name
}
