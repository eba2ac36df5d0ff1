/** A room small enough to be checked by eye: keys and their values. What the tests of the change log write. */
import type { ChangeLog, ChangeRoom, CommitTransaction, SequencedChange } from '#changelog/change'
import type { Queryable } from '#sql/sql'

export type PairRow = {
  readonly key: string
  readonly value: string
  readonly sequence: number
  readonly at: number
}

/** Keyset pages, as a room with millions of rows must read them; small, so that tests turn some. */
const pageRows = 3

export const pairs: ChangeRoom = {
  room: 'pair',
  migrations: [
    async (tx) => {
      await tx.query`
        create table pair (
          key text primary key,
          value text not null,
          sequence integer not null,
          at integer not null
        ) strict`
    },
  ],
  async apply(tx, { sequence, at, body }) {
    const key = String(body['key'])
    if (body.kind === 'pair/removed') await tx.query`delete from pair where key = ${key}`
    else
      await tx.query`
        insert into pair values (${key}, ${String(body['value'])}, ${sequence}, ${at})
        on conflict (key) do update set
          value = excluded.value, sequence = excluded.sequence, at = excluded.at`
  },
  async *dump(tx): AsyncGenerator<SequencedChange> {
    let after = ''
    for (;;) {
      const rows = await tx.query<PairRow>`
        select * from pair where key > ${after} order by key limit ${pageRows}`
      for (const { key, value, sequence, at } of rows) {
        yield { sequence: BigInt(sequence), at, body: { kind: 'pair/set', key, value } }
        after = key
      }
      if (rows.length < pageRows) return
    }
  },
}

export async function setPair(
  tx: CommitTransaction,
  key: string,
  value: string,
): Promise<SequencedChange> {
  return await tx.record({ kind: 'pair/set', key, value })
}

export function commitPair(log: ChangeLog, key: string, value: string): Promise<SequencedChange> {
  return log.commit((tx) => setPair(tx, key, value))
}

export async function readPairs(queryable: Queryable): Promise<readonly PairRow[]> {
  const rows = await queryable.query<PairRow>`select * from pair order by key`
  return rows.map((row) => ({ ...row }))
}
