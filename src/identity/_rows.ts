/** Reads of this room's tables that several of its parts need. */
import { arnOf, parsePolicyArn } from '#identity/arn'
import { builtInPolicy } from '#identity/built-in-policies'
import type {
  EntityKind,
  EntityRow,
  LoginJson,
  LoginRow,
  PrincipalRow,
  RightsJson,
  RightsRow,
} from '#identity/changes'
import type { Entity } from '#identity/entity'
import { accountFault } from '#identity/faults'
import type { Handle, Principal, PrincipalId } from '#identity/principal'
import type { Queryable } from '#sql/sql'

export async function findPrincipalRow(
  tx: Queryable,
  id: string,
): Promise<PrincipalRow | undefined> {
  const [row] = await tx.query<PrincipalRow>`select * from principal where id = ${id}`
  return row
}

/** By handle or id. `identity/no-such-principal` */
export async function requirePrincipal(tx: Queryable, name: string): Promise<PrincipalRow> {
  const [row] = await tx.query<PrincipalRow>`
    select * from principal where handle = ${name} or id = ${name}`
  if (row === undefined)
    throw accountFault('identity/no-such-principal', { name: name.slice(0, 140) })
  return row
}

/** Only valid fields were stored. */
export function principalOf(row: PrincipalRow): Principal {
  return {
    id: row.id as PrincipalId,
    handle: row.handle as Handle,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.tenant === null ? {} : { tenant: row.tenant }),
    isRoot: row.is_root === 1,
    ...(row.is_account === 1 ? { isAccount: true } : {}),
    ...(row.is_admin === 1 ? { isAdmin: true } : {}),
    ...(row.disabled_at === null ? {} : { disabledAt: row.disabled_at }),
    ...(row.email_verified_at === null ? {} : { emailVerifiedAt: row.email_verified_at }),
    createdAt: row.at,
  }
}

export async function findEntity(tx: Queryable, id: string): Promise<Entity | undefined> {
  const [row] = await tx.query<EntityRow>`select * from iam_entity where id = ${id}`
  return row && entityOf(row)
}

/** Names are told apart without regard to case. */
export async function findNamed(
  tx: Queryable,
  {
    account,
    kind,
    name,
  }: { readonly account: string; readonly kind: EntityKind; readonly name: string },
): Promise<Entity | undefined> {
  const [row] = await tx.query<EntityRow>`
    select * from iam_entity where account = ${account} and kind = ${kind} and name_key = ${name.toLowerCase()}`
  return row && entityOf(row)
}

export function entityOf(row: EntityRow): Entity {
  const { id, account, name, path, at: createdAt } = row
  const kind = row.kind as EntityKind // put there by us, and so with the facts
  const facts = JSON.parse(row.facts) as Entity['facts']
  return {
    id,
    account,
    kind,
    name,
    path,
    createdAt,
    arn: arnOf({ account, kind, name, path }),
    facts,
  }
}

const noRights: RightsJson = { inline: [], attached: [], teams: [] }

/** What hangs on a user, a team or a role. */
export async function readRights(tx: Queryable, holder: string): Promise<RightsJson> {
  const [row] = await tx.query<RightsRow>`select * from iam_rights where holder = ${holder}`
  return row === undefined ? noRights : (JSON.parse(row.body) as RightsJson) // put there by us
}

/** What somebody signs in with. */
export async function readLogin(tx: Queryable, principal: string): Promise<LoginJson> {
  const [row] = await tx.query<LoginRow>`select * from login where principal = ${principal}`
  return row === undefined ? { recovery: [] } : (JSON.parse(row.body) as LoginJson) // put there by us
}

/** All documents that speak for somebody: one's own, and those of one's teams. */
export async function readPolicies(tx: Queryable, holder: string): Promise<readonly string[]> {
  const own = await readRights(tx, holder)
  const all = [own]
  for (const team of own.teams) all.push(await readRights(tx, team))
  const documents = all.flatMap(({ inline }) => inline.map(([, document]) => document))
  for (const arn of new Set(all.flatMap(({ attached }) => attached))) {
    const document = await findDocument(tx, arn)
    if (document !== undefined) documents.push(document)
  }
  return documents
}

/** Of a managed policy. */
export async function findDocument(tx: Queryable, arn: string): Promise<string | undefined> {
  const builtIn = builtInPolicy(arn)
  if (builtIn !== undefined) return builtIn.document
  const named = parsePolicyArn(arn)
  const policy = named && (await findNamed(tx, { ...named, kind: 'policy' }))
  return policy?.facts.document
}

/** `identity/still-in-use` for somebody who has keys or policies. */
export async function assertBare(
  tx: Queryable,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<void> {
  const { inline, attached } = await readRights(tx, id)
  const [key] = await tx.query`select 1 as found from access_key where principal = ${id}`
  if (key !== undefined || inline.length > 0 || attached.length > 0)
    throw accountFault('identity/still-in-use', { name })
}
