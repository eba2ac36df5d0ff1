/** The tables of principals, keys, what accounts have, and what hangs on whom, and how changes become their rows. */
import type { ChangeRoom, SequencedChange } from '#changelog/change'
import {
  applyPersonalChange,
  claimScope,
  createPersonalTables,
  dropPersonal,
  invitationJson,
  linkJson,
  retireScopeOf,
  tokenJson,
} from '#identity/_personal-tables'
import type {
  EntityFacts,
  EntityJson,
  EntityKind,
  EntityRow,
  IdentityChange,
  InvitationRow,
  KeyJson,
  KeyRow,
  LinkRow,
  LoginJson,
  LoginRow,
  PrincipalJson,
  PrincipalRow,
  RightsJson,
  RightsRow,
  ScopeRow,
  TokenRow,
} from '#identity/changes'
import { sealedFromJson, sealedToJson } from '#identity/sealed-secret'
import type { Queryable } from '#sql/sql'
import { walkRows } from '#sql/walk'

export const identityRoom: ChangeRoom = {
  room: 'identity',
  migrations: [createTables, createEntities, createLogins, addUse, createPersonalTables],
  apply: applyIdentityChange,
  dump: dumpIdentities,
}

async function createTables(tx: Queryable): Promise<void> {
  await tx.query`create table principal (
    id text primary key, handle text not null unique, display_name text not null, email text unique, tenant text,
    is_root integer not null, sequence integer not null, at integer not null)`
  await tx.query`create table access_key (
    id text primary key, principal text not null, generation integer not null, wrapped_key blob not null,
    sealed blob not null, state text not null, expires_at integer, sequence integer not null, at integer not null)`
  await tx.query`create index access_key_principal on access_key (principal)`
}

async function createEntities(tx: Queryable): Promise<void> {
  await tx.query`alter table principal add column is_account integer not null default 0`
  await tx.query`create table iam_entity (
    id text primary key, account text not null, kind text not null, name text not null, name_key text not null,
    path text not null, facts text not null, sequence integer not null, at integer not null,
    unique (account, kind, name_key))`
  await tx.query`create table iam_rights (
    holder text primary key, body text not null, sequence integer not null, at integer not null)`
  await tx.query`create table iam_membership (
    team text not null, member text not null, primary key (team, member))`
  await tx.query`create index iam_membership_member on iam_membership (member)`
}

async function createLogins(tx: Queryable): Promise<void> {
  await tx.query`create table login (
    principal text primary key, body text not null, generation integer, sequence integer not null, at integer not null)`
}

async function addUse(tx: Queryable): Promise<void> {
  await tx.query`alter table access_key add column used_on integer`
}

async function applyIdentityChange(tx: Queryable, change: SequencedChange): Promise<void> {
  const body = change.body as IdentityChange // this room wrote it
  switch (body.kind) {
    case 'identity/principal-put':
      return await putPrincipal(tx, change, body)
    case 'identity/principal-removed':
      await tx.query`delete from principal where id = ${body.id}`
      return await dropHolder(tx, body.id, change)
    case 'identity/key-put':
      return await putKey(tx, change, body)
    case 'identity/key-used':
      await tx.query`update access_key set used_on = ${body.day} where id = ${body.accessKeyId}`
      return
    case 'identity/key-removed':
      await tx.query`delete from access_key where id = ${body.accessKeyId}`
      return
    case 'identity/entity-put':
      return await putEntity(tx, change, body)
    case 'identity/entity-removed':
      await tx.query`delete from iam_entity where id = ${body.id}`
      return await dropHolder(tx, body.id, change)
    case 'identity/rights-put':
      return await putRights(tx, change, body)
    case 'identity/login-put':
      return await putLogin(tx, change, body)
    default:
      return await applyPersonalChange(tx, body, change)
  }
}

/** What hung on somebody or something that is no more. */
async function dropHolder(tx: Queryable, id: string, change: SequencedChange): Promise<void> {
  await retireScopeOf(tx, id, change)
  await dropPersonal(tx, id)
  await tx.query`delete from access_key where principal = ${id}`
  await tx.query`delete from login where principal = ${id}`
  await tx.query`delete from iam_rights where holder = ${id}`
  await tx.query`delete from iam_membership where member = ${id} or team = ${id}`
}

async function putEntity(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { id, account, entity, name, path, facts }: EntityJson,
): Promise<void> {
  await tx.query`insert into iam_entity (id, account, kind, name, name_key, path, facts, sequence, at)
    values (${id}, ${account}, ${entity}, ${name}, ${name.toLowerCase()}, ${path}, ${JSON.stringify(facts)}, ${sequence}, ${at})
    on conflict (id) do update set name = excluded.name, name_key = excluded.name_key,
      path = excluded.path, facts = excluded.facts`
  if (account === '' && entity === 'team')
    await claimScope(tx, { name, kind: 'team', holder: id }, { sequence, at })
}

async function putRights(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { holder, inline, attached, teams, memberships }: RightsJson & { readonly holder: string },
): Promise<void> {
  const body = JSON.stringify({ inline, attached, teams, memberships })
  await tx.query`insert into iam_rights (holder, body, sequence, at)
    values (${holder}, ${body}, ${sequence}, ${at})
    on conflict (holder) do update set body = excluded.body`
  await tx.query`delete from iam_membership where member = ${holder}`
  for (const team of teams) {
    const { role = 'member', joinedAt, invitedBy } = memberships?.[team] ?? {}
    await tx.query`insert into iam_membership (team, member, role, joined_at, invited_by)
      values (${team}, ${holder}, ${role}, ${joinedAt ?? null}, ${invitedBy ?? null})`
  }
}

async function putLogin(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { principal, password, totp, recovery }: LoginJson & { readonly principal: string },
): Promise<void> {
  const body = JSON.stringify({ password, totp, recovery })
  await tx.query`insert into login (principal, body, generation, sequence, at)
    values (${principal}, ${body}, ${totp?.secret[0] ?? null}, ${sequence}, ${at})
    on conflict (principal) do update set body = excluded.body, generation = excluded.generation`
}

async function putPrincipal(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { id, handle, displayName, email, tenant, ...principal }: PrincipalJson,
): Promise<void> {
  const { isRoot, isAccount, isAdmin, disabledAt, emailVerifiedAt } = principal
  const bit = (is: true | undefined): number => (is === true ? 1 : 0)
  await tx.query`insert into principal (
      id, handle, display_name, email, tenant, is_root, is_account, is_admin, disabled_at, email_verified_at, sequence, at)
    values (${id}, ${handle}, ${displayName}, ${email ?? null}, ${tenant ?? null}, ${bit(isRoot)}, ${bit(isAccount)}, ${bit(isAdmin)},
      ${disabledAt ?? null}, ${emailVerifiedAt ?? null}, ${sequence}, ${at})
    on conflict (id) do update set handle = excluded.handle, display_name = excluded.display_name,
      email = excluded.email, tenant = excluded.tenant, is_root = excluded.is_root, is_account = excluded.is_account,
      is_admin = excluded.is_admin, disabled_at = excluded.disabled_at, email_verified_at = excluded.email_verified_at`
  await claimScope(tx, { name: handle, kind: 'user', holder: id }, { sequence, at })
}

async function putKey(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { accessKeyId, principal, secret, state, expiresAt, usedOn }: KeyJson,
): Promise<void> {
  const { generation, wrapped, sealed } = sealedFromJson(secret)
  await tx.query`insert into access_key (id, principal, generation, wrapped_key, sealed, state, expires_at, used_on, sequence, at)
    values (${accessKeyId}, ${principal}, ${generation}, ${wrapped}, ${sealed}, ${state}, ${expiresAt ?? null}, ${usedOn ?? null}, ${sequence}, ${at})
    on conflict (id) do update set principal = excluded.principal, generation = excluded.generation,
      wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, state = excluded.state, expires_at = excluded.expires_at`
}

/** Rows that one page of a dump holds. */
const pageRows = 500

async function* dumpIdentities(tx: Queryable): AsyncGenerator<SequencedChange> {
  yield* dumpRows<PrincipalRow>(
    (after) => tx.query`
      select * from principal where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({ kind: 'identity/principal-put', ...principalJson(row) }),
  )
  yield* dumpRows<KeyRow>(
    (after) => tx.query`
      select * from access_key where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({ kind: 'identity/key-put', ...keyJson(row) }),
  )
  yield* dumpRows<EntityRow>(
    (after) => tx.query`
      select * from iam_entity where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({ kind: 'identity/entity-put', ...entityJson(row) }),
  )
  yield* dumpRows<RightsRow>(
    (after) => tx.query`
      select * from iam_rights where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({
      kind: 'identity/rights-put',
      holder: row.holder,
      ...(JSON.parse(row.body) as RightsJson), // put there by us
    }),
  )
  yield* dumpRows<LoginRow>(
    (after) => tx.query`
      select * from login where sequence > ${after} order by sequence limit ${pageRows}`,
    ({ principal, body }) => ({
      kind: 'identity/login-put',
      principal,
      ...(JSON.parse(body) as LoginJson), // as above
    }),
  )
  yield* dumpRows<FormerScopeRow>(
    (after) => tx.query`
      select * from account_scope where kind = 'former' and sequence > ${after} order by sequence limit ${pageRows}`,
    ({ name }) => ({ kind: 'identity/scope-retired', name }),
  )
  yield* dumpRows<TokenRow>(
    (after) => tx.query`
      select * from bearer_token where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({ kind: 'identity/token-put', ...tokenJson(row) }),
  )
  yield* dumpRows<InvitationRow>(
    (after) => tx.query`
      select * from invitation where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({ kind: 'identity/invitation-put', ...invitationJson(row) }),
  )
  yield* dumpRows<LinkRow>(
    (after) => tx.query`
      select * from login_link where sequence > ${after} order by sequence limit ${pageRows}`,
    (row) => ({ kind: 'identity/link-put', ...linkJson(row) }),
  )
}

/** One that nobody has any more. */
type FormerScopeRow = ScopeRow & { readonly sequence: number; readonly at: number }

async function* dumpRows<Row extends { readonly sequence: number; readonly at: number }>(
  page: (after: number) => Promise<readonly Row[]>,
  changeOf: (row: Row) => IdentityChange,
): AsyncGenerator<SequencedChange> {
  for await (const row of walkRows<Row>((last) => page(last?.sequence ?? 0)))
    yield { sequence: BigInt(row.sequence), at: row.at, body: changeOf(row) }
}

function entityJson({ id, account, kind, name, path, facts }: EntityRow): EntityJson {
  return {
    id,
    account,
    entity: kind as EntityKind, // put there by us, and so with the facts
    name,
    path,
    facts: JSON.parse(facts) as EntityFacts,
  }
}

export function principalJson(row: PrincipalRow): PrincipalJson {
  return {
    id: row.id,
    handle: row.handle,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.tenant === null ? {} : { tenant: row.tenant }),
    ...(row.is_root === 1 ? { isRoot: true } : {}),
    ...(row.is_account === 1 ? { isAccount: true } : {}),
    ...(row.is_admin === 1 ? { isAdmin: true } : {}),
    ...(row.disabled_at === null ? {} : { disabledAt: row.disabled_at }),
    ...(row.email_verified_at === null ? {} : { emailVerifiedAt: row.email_verified_at }),
  }
}

export function keyJson(row: KeyRow): KeyJson {
  return {
    accessKeyId: row.id,
    principal: row.principal,
    secret: sealedToJson({
      generation: row.generation,
      wrapped: row.wrapped_key,
      sealed: row.sealed,
    }),
    state: row.state as KeyJson['state'], // put there by us
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.used_on === null ? {} : { usedOn: row.used_on }),
  }
}
