/** The tables of names, tokens, invitations and links, and how changes become their rows. */
import type { SequencedChange } from '#changelog/change'
import { skeletonOf } from '#identity/account-name'
import type { TeamRole, TokenKind, TokenOrigin, TokenScope } from '#identity/actor'
import type {
  InvitationJson,
  InvitationRow,
  LinkJson,
  LinkRow,
  PersonalChange,
  ScopeRow,
  TokenJson,
  TokenRow,
  TokenUseJson,
} from '#identity/changes'
import type { Queryable } from '#sql/sql'

type Placed = Pick<SequencedChange, 'sequence' | 'at'>

export async function createPersonalTables(tx: Queryable): Promise<void> {
  await tx.query`alter table principal add column is_admin integer not null default 0`
  await tx.query`alter table principal add column disabled_at integer`
  await tx.query`alter table principal add column email_verified_at integer`
  await tx.query`alter table iam_membership add column role text not null default 'member'`
  await tx.query`alter table iam_membership add column joined_at integer`
  await tx.query`alter table iam_membership add column invited_by text`
  await createScopes(tx)
  await tx.query`create table bearer_token (
    id text primary key, hash text not null unique, prefix text not null, principal text not null, name text not null,
    kind text not null, scopes text not null, globs text not null, expires_at integer, via text, given text unique,
    address text, agent text, revoked_at integer, used_hour integer, used_address text, used_agent text,
    sequence integer not null, at integer not null)`
  await tx.query`create index bearer_token_principal on bearer_token (principal)`
  await tx.query`create index bearer_token_sequence on bearer_token (sequence)`
  await tx.query`create table invitation (
    id text primary key, hash text unique, team text, principal text, invited_by text not null, expires_at integer not null,
    body text not null, sequence integer not null, at integer not null)`
  await tx.query`create index invitation_team on invitation (team)`
  await tx.query`create index invitation_principal on invitation (principal)`
  await tx.query`create table login_link (
    id text primary key, issuer text not null, subject text not null, principal text not null, provider text not null,
    sequence integer not null, at integer not null, unique (issuer, subject))`
  await tx.query`create index login_link_principal on login_link (principal)`
}

/** With the names of those who are here already. */
async function createScopes(tx: Queryable): Promise<void> {
  await tx.query`create table account_scope (
    name text primary key, skeleton text not null, kind text not null, holder text not null,
    sequence integer, at integer)`
  await tx.query`create index account_scope_skeleton on account_scope (skeleton)`
  await tx.query`create index account_scope_holder on account_scope (holder)`
  const users = await tx.query<Holding>`
    select handle as name, 'user' as kind, id as holder from principal`
  const teams = await tx.query<Holding>`
    select name, 'team' as kind, id as holder from iam_entity where account = '' and kind = 'team'`
  for (const holding of [...users, ...teams]) await putScope(tx, holding)
}

type Holding = Pick<ScopeRow, 'name' | 'kind' | 'holder'>

async function putScope(tx: Queryable, { name, kind, holder }: Holding): Promise<void> {
  await tx.query`insert into account_scope (name, skeleton, kind, holder)
    values (${name}, ${skeletonOf(name)}, ${kind}, ${holder})
    on conflict (name) do update set kind = excluded.kind, holder = excluded.holder, sequence = null, at = null`
}

/** A name that is left, for another or for good, is remembered. */
export async function claimScope(
  tx: Queryable,
  holding: Holding,
  { sequence, at }: Placed,
): Promise<void> {
  const { name, holder } = holding
  await tx.query`update account_scope set kind = 'former', holder = '', sequence = ${sequence}, at = ${at}
    where holder = ${holder} and name <> ${name}`
  await putScope(tx, holding)
}

export async function retireScopeOf(
  tx: Queryable,
  holder: string,
  { sequence, at }: Placed,
): Promise<void> {
  await tx.query`update account_scope set kind = 'former', holder = '', sequence = ${sequence}, at = ${at}
    where holder = ${holder}`
}

/** What hung on somebody or something that is no more. */
export async function dropPersonal(tx: Queryable, id: string): Promise<void> {
  await tx.query`delete from bearer_token where principal = ${id}`
  await tx.query`delete from invitation where team = ${id} or principal = ${id} or invited_by = ${id}`
  await tx.query`delete from login_link where principal = ${id}`
}

export async function applyPersonalChange(
  tx: Queryable,
  body: PersonalChange,
  change: Placed,
): Promise<void> {
  switch (body.kind) {
    case 'identity/scope-retired':
      return await putRetired(tx, body.name, change)
    case 'identity/token-put':
      return await putToken(tx, body, change)
    case 'identity/token-used':
      return await putUse(tx, body.id, body)
    case 'identity/token-revoked':
      await tx.query`update bearer_token set revoked_at = ${change.at} where id = ${body.id}`
      return
    case 'identity/token-removed':
      await tx.query`delete from bearer_token where id = ${body.id}`
      return
    case 'identity/invitation-put':
      return await putInvitation(tx, body, change)
    case 'identity/invitation-removed':
      await tx.query`delete from invitation where id = ${body.id}`
      return
    case 'identity/link-put':
      await tx.query`insert into login_link (id, issuer, subject, principal, provider, sequence, at)
        values (${body.id}, ${body.issuer}, ${body.subject}, ${body.principal}, ${body.provider}, ${change.sequence}, ${change.at})`
      return
    case 'identity/link-removed':
      await tx.query`delete from login_link where id = ${body.id}`
      return
  }
}

async function putRetired(tx: Queryable, name: string, { sequence, at }: Placed): Promise<void> {
  await tx.query`insert into account_scope (name, skeleton, kind, holder, sequence, at)
    values (${name}, ${skeletonOf(name)}, 'former', '', ${sequence}, ${at}) on conflict (name) do nothing`
}

async function putToken(
  tx: Queryable,
  { id, hash, prefix, principal, name, tokenKind, scopes, globs, used, ...token }: TokenJson,
  { sequence, at }: Placed,
): Promise<void> {
  await tx.query`insert into bearer_token (
      id, hash, prefix, principal, name, kind, scopes, globs, expires_at, via, given, address, agent, revoked_at, sequence, at)
    values (${id}, ${hash}, ${prefix}, ${principal}, ${name}, ${tokenKind}, ${scopes.join(' ')}, ${globs.join(' ')}, ${token.expiresAt ?? null},
      ${token.via === undefined ? null : JSON.stringify(token.via)}, ${token.given ?? null}, ${token.address ?? null},
      ${token.agent ?? null}, ${token.revokedAt ?? null}, ${sequence}, ${at})`
  if (used !== undefined) await putUse(tx, id, used)
}

async function putUse(
  tx: Queryable,
  id: string,
  { hour, address, agent }: TokenUseJson,
): Promise<void> {
  await tx.query`update bearer_token set used_hour = ${hour}, used_address = ${address ?? null}, used_agent = ${agent ?? null}
    where id = ${id}`
}

async function putInvitation(
  tx: Queryable,
  { id, by, expiresAt, hash, team, principal, email, role }: InvitationJson,
  { sequence, at }: Placed,
): Promise<void> {
  await tx.query`insert into invitation (id, hash, team, principal, invited_by, expires_at, body, sequence, at)
    values (${id}, ${hash ?? null}, ${team ?? null}, ${principal ?? null}, ${by}, ${expiresAt}, ${JSON.stringify({ email, role })}, ${sequence}, ${at})`
}

export function tokenJson(row: TokenRow): TokenJson {
  return {
    id: row.id,
    hash: row.hash,
    prefix: row.prefix,
    principal: row.principal,
    name: row.name,
    tokenKind: row.kind as TokenKind, // put there by us, as are the others
    scopes: row.scopes.split(' ') as TokenScope[],
    globs: row.globs.split(' '),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.via === null ? {} : { via: JSON.parse(row.via) as TokenOrigin }),
    ...(row.given === null ? {} : { given: row.given }),
    ...whence(row.address, row.agent),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.used_hour === null
      ? {}
      : { used: { hour: row.used_hour, ...whence(row.used_address, row.used_agent) } }),
  }
}

function whence(
  address: string | null,
  agent: string | null,
): Pick<TokenJson, 'address' | 'agent'> {
  return { ...(address === null ? {} : { address }), ...(agent === null ? {} : { agent }) }
}

export function invitationJson(row: InvitationRow): InvitationJson {
  return {
    id: row.id,
    by: row.invited_by,
    expiresAt: row.expires_at,
    ...(row.hash === null ? {} : { hash: row.hash }),
    ...(row.team === null ? {} : { team: row.team }),
    ...(row.principal === null ? {} : { principal: row.principal }),
    ...(JSON.parse(row.body) as { email?: string; role?: TeamRole }), // put there by us
  }
}

export function linkJson({ id, issuer, subject, principal, provider }: LinkRow): LinkJson {
  return { id, issuer, subject, principal, provider }
}
