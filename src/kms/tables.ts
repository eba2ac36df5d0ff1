/** The table `named_key`, and how changes become its rows. */
import type { ChangeRoom, SequencedChange } from '#changelog/change'
import { type KmsChange, type NamedKeyRow, namedKeyJson } from '#kms/changes'
import type { Queryable } from '#sql/sql'

export const kmsRoom: ChangeRoom = {
  room: 'kms',
  migrations: [createTable],
  apply: applyKmsChange,
  dump: dumpKeys,
}

async function createTable(tx: Queryable): Promise<void> {
  await tx.query`create table named_key (
    id text primary key, state text not null, description text, is_default integer not null, materials text not null,
    generation integer not null, sequence integer not null, at integer not null)`
}

async function applyKmsChange(
  tx: Queryable,
  { sequence, at, body }: SequencedChange,
): Promise<void> {
  const { id, state, description, isDefault, materials } = body as KmsChange // this room wrote it
  const generation = Math.min(...materials.map(([, wrappedUnder]) => wrappedUnder))
  if (isDefault === true) await tx.query`update named_key set is_default = 0 where id <> ${id}`
  await tx.query`insert into named_key (id, state, description, is_default, materials, generation, sequence, at)
    values (${id}, ${state}, ${description ?? null}, ${isDefault === true ? 1 : 0}, ${JSON.stringify(materials)},
      ${generation}, ${sequence}, ${at})
    on conflict (id) do update set state = excluded.state, description = excluded.description,
      is_default = excluded.is_default, materials = excluded.materials, generation = excluded.generation`
}

/** There are few: a person names each. */
async function* dumpKeys(tx: Queryable): AsyncGenerator<SequencedChange> {
  const rows = await tx.query<NamedKeyRow>`select * from named_key order by sequence`
  for (const row of rows) {
    const body: KmsChange = { kind: 'kms/key-put', ...namedKeyJson(row) }
    yield { sequence: BigInt(row.sequence), at: row.at, body }
  }
}
