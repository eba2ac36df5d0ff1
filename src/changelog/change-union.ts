/**
 * What all nodes know of changes, gathered in a scratch table: in any order, each change several times,
 * perhaps of several eras.
 */
import type { Era } from '#changelog/era'
import { changelogFault } from '#changelog/faults'
import type { ChangeRecord } from '#changelog/record'
import type { Queryable } from '#sql/sql'

type ScratchRow = {
  readonly sequence: number
  readonly era: number
  readonly at: number
  readonly json: Uint8Array
}

/** Of these, one page is in memory at a time. */
const pageRecords = 500

export async function createUnion(tx: Queryable): Promise<void> {
  await tx.query`
    create table rebuild_change (
      sequence integer primary key,
      era integer not null,
      at integer not null,
      json blob not null
    ) strict`
}

export async function dropUnion(tx: Queryable): Promise<void> {
  await tx.query`drop table rebuild_change`
}

/** `changelog/forked` when the same era has given one sequence number to two changes. */
export async function addToUnion(
  tx: Queryable,
  { sequence, at, json }: ChangeRecord,
  era: number,
): Promise<void> {
  const [known] = await tx.query<ScratchRow>`
    select sequence, era, at, json from rebuild_change where sequence = ${sequence}`
  if (known === undefined || known.era < era)
    await tx.query`
      insert into rebuild_change (sequence, era, at, json) values (${sequence}, ${era}, ${at}, ${json})
      on conflict (sequence) do update set era = excluded.era, at = excluded.at, json = excluded.json`
  else if (known.era === era && (known.at !== at || Buffer.compare(known.json, json) !== 0))
    throw changelogFault('changelog/forked', { sequence: String(sequence), era })
}

/** Forgets what a later era has replaced. */
export async function dropLostLines(tx: Queryable, eras: Iterable<Era>): Promise<void> {
  for (const { number, first } of eras)
    await tx.query`delete from rebuild_change where era < ${number} and sequence >= ${first}`
}

/**
 * The changes after `sequence`, in order, a page at a time. `changelog/gap` where one is missing that has a
 * successor.
 */
export async function* pagesOfUnion(
  queryable: Queryable,
  sequence: bigint,
): AsyncGenerator<readonly ChangeRecord[], void, undefined> {
  let last = sequence
  for (;;) {
    const rows = await queryable.query<ScratchRow>`
      select sequence, era, at, json from rebuild_change where sequence > ${last}
      order by sequence limit ${pageRecords}`
    if (rows.length === 0) return
    const page = rows.map(({ sequence, at, json }) => ({ sequence: BigInt(sequence), at, json }))
    for (const { sequence } of page) {
      if (sequence !== last + 1n)
        throw changelogFault('changelog/gap', {
          reason: 'no node that is present has these changes',
          from: String(last + 1n),
          to: String(sequence - 1n),
        })
      last = sequence
    }
    yield page
  }
}
