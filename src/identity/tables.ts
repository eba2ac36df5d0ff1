/** The tables `principal` and `access_key`, and how changes become their rows. */
import type { ChangeRoom, SequencedChange } from '#changelog/change'
import type {
  IdentityChange,
  KeyJson,
  KeyRow,
  PrincipalJson,
  PrincipalRow,
} from '#identity/changes'
import { sealedFromJson, sealedToJson } from '#identity/sealed-secret'
import type { Queryable } from '#sql/sql'

export const identityRoom: ChangeRoom = {
  room: 'identity',
  migrations: [createTables],
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

async function applyIdentityChange(tx: Queryable, change: SequencedChange): Promise<void> {
  const body = change.body as IdentityChange // this room wrote it
  switch (body.kind) {
    case 'identity/principal-put':
      return await putPrincipal(tx, change, body)
    case 'identity/principal-removed':
      await tx.query`delete from access_key where principal = ${body.id}`
      await tx.query`delete from principal where id = ${body.id}`
      return
    case 'identity/key-put':
      return await putKey(tx, change, body)
    case 'identity/key-removed':
      await tx.query`delete from access_key where id = ${body.accessKeyId}`
  }
}

async function putPrincipal(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { id, handle, displayName, email, tenant, isRoot }: PrincipalJson,
): Promise<void> {
  await tx.query`insert into principal (id, handle, display_name, email, tenant, is_root, sequence, at)
    values (${id}, ${handle}, ${displayName}, ${email ?? null}, ${tenant ?? null}, ${isRoot === true ? 1 : 0}, ${sequence}, ${at})
    on conflict (id) do update set handle = excluded.handle, display_name = excluded.display_name,
      email = excluded.email, tenant = excluded.tenant, is_root = excluded.is_root`
}

async function putKey(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { accessKeyId, principal, secret, state, expiresAt }: KeyJson,
): Promise<void> {
  const { generation, wrapped, sealed } = sealedFromJson(secret)
  await tx.query`insert into access_key (id, principal, generation, wrapped_key, sealed, state, expires_at, sequence, at)
    values (${accessKeyId}, ${principal}, ${generation}, ${wrapped}, ${sealed}, ${state}, ${expiresAt ?? null}, ${sequence}, ${at})
    on conflict (id) do update set principal = excluded.principal, generation = excluded.generation,
      wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, state = excluded.state, expires_at = excluded.expires_at`
}

/** Rows that one page of a dump holds. */
const pageRows = 500

async function* dumpIdentities(tx: Queryable): AsyncGenerator<SequencedChange> {
  for (let after = 0; ; ) {
    const rows = await tx.query<PrincipalRow>`
      select * from principal where sequence > ${after} order by sequence limit ${pageRows}`
    for (const row of rows) {
      const body: IdentityChange = { kind: 'identity/principal-put', ...principalJson(row) }
      yield { sequence: BigInt(row.sequence), at: row.at, body }
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.sequence
  }
  for (let after = 0; ; ) {
    const rows = await tx.query<KeyRow>`
      select * from access_key where sequence > ${after} order by sequence limit ${pageRows}`
    for (const row of rows) {
      const body: IdentityChange = { kind: 'identity/key-put', ...keyJson(row) }
      yield { sequence: BigInt(row.sequence), at: row.at, body }
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.sequence
  }
}

function principalJson(row: PrincipalRow): PrincipalJson {
  return {
    id: row.id,
    handle: row.handle,
    displayName: row.display_name,
    ...(row.email === null ? {} : { email: row.email }),
    ...(row.tenant === null ? {} : { tenant: row.tenant }),
    ...(row.is_root === 1 ? { isRoot: true } : {}),
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
  }
}
