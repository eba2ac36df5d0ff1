/** The change log's own room: which snapshots there are, so that nobody collects their chunks. */
import assert from 'node:assert/strict'
import type { ChangeBody, ChangeRoom, SequencedChange } from '#changelog/change'
import type { Queryable } from '#sql/sql'

/** The snapshot of all changes up to a sequence number is written, and pointers to it may be on nodes. */
export interface SnapshotTaken extends ChangeBody {
  readonly kind: 'changelog/snapshot-taken'
  /** Decimal. */
  readonly upTo: string
  readonly descriptor: unknown
}

/** Enough nodes point to a later one. */
export interface SnapshotsRetired extends ChangeBody {
  readonly kind: 'changelog/snapshots-retired'
  /** Decimal; those of lower sequence numbers are retired. */
  readonly before: string
}

export interface LiveSnapshot {
  readonly upTo: bigint
  /** What `SnapshotBlobs.write` returned. */
  readonly descriptor: unknown
}

/**
 * The snapshots a rebuild may need: what their descriptors name must not be collected. Usually one, two while
 * the next is taken.
 */
export async function liveSnapshots(queryable: Queryable): Promise<readonly LiveSnapshot[]> {
  const rows = await queryable.query<SnapshotRow>`select * from snapshot order by up_to`
  return rows.map(({ up_to, descriptor }) => ({
    upTo: BigInt(up_to),
    descriptor: JSON.parse(descriptor),
  }))
}

type SnapshotRow = {
  readonly up_to: number
  readonly recorded: number
  readonly recorded_at: number
  readonly descriptor: string
}

export const snapshotRoom: ChangeRoom = {
  room: 'changelog',
  migrations: [
    (tx) =>
      tx.query`
      create table snapshot (
        up_to integer primary key,
        recorded integer not null,
        recorded_at integer not null,
        descriptor text not null
      ) strict`.then(() => {}),
  ],
  async apply(tx, { sequence, at, body }) {
    switch (body.kind) {
      case 'changelog/snapshot-taken':
        await tx.query`
          insert into snapshot (up_to, recorded, recorded_at, descriptor)
          values (${BigInt(String(body['upTo']))}, ${sequence}, ${at}, ${JSON.stringify(body['descriptor'])})`
        return
      case 'changelog/snapshots-retired':
        await tx.query`delete from snapshot where up_to < ${BigInt(String(body['before']))}`
        return
    }
    assert.fail(`unknown change ${body.kind}`)
  },
  async *dump(tx): AsyncGenerator<SequencedChange> {
    for (const row of await tx.query<SnapshotRow>`select * from snapshot order by up_to`)
      yield {
        sequence: BigInt(row.recorded),
        at: row.recorded_at,
        body: {
          kind: 'changelog/snapshot-taken',
          upTo: String(row.up_to),
          descriptor: JSON.parse(row.descriptor),
        },
      }
  },
}
