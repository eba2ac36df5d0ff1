/**
 * The tables `delivery_target` and `delivery`, and how changes become their rows. What is to be delivered follows from the changes of buckets that
 * somebody follows, in the transaction that makes them, so nothing that was acknowledged is forgotten and nothing else is told.
 */
import type { ChangeRoom, SequencedChange } from '#changelog/change'
import {
  type DeliveryChange,
  type DeliveryId,
  type DeliveryRow,
  isReplica,
  type TargetJson,
  type TargetRow,
  type WaitingJson,
} from '#delivery/changes'
import { followObjects } from '#delivery/follow'
import { insertDelivery } from '#delivery/rows'
import { type SealedSecret, sealedFromJson, sealedToJson } from '#identity/sealed-secret'
import type { ReplicationStatus } from '#object/model'
import { noteReplication } from '#object/replication'
import type { Queryable } from '#sql/sql'
import { walkRows } from '#sql/walk'

export const deliveryRoom: ChangeRoom = {
  room: 'delivery',
  migrations: [createTables],
  apply: applyDeliveryChange,
  dump: dumpDeliveries,
  follow: followObjects,
}

/** Rows that one page of a dump, or of a target's end, holds. */
const pageRows = 500

/** Of one target. Beyond them the oldest are forgotten. */
export const givenUpMax = 10_000

async function createTables(tx: Queryable): Promise<void> {
  await tx.query`create table delivery_target (
    name text primary key, place text not null, generation integer, wrapped_key blob, sealed blob, sequence integer not null,
    at integer not null)`
  await tx.query`create table delivery (
    sequence integer not null, ordinal integer not null, target text not null, place text not null, at integer not null,
    notice text not null, given_up_at integer, primary key (sequence, ordinal))`
  await tx.query`create index delivery_waiting on delivery (target, given_up_at, sequence, ordinal)`
}

async function applyDeliveryChange(tx: Queryable, change: SequencedChange): Promise<void> {
  const { sequence, at } = change
  const body = change.body as DeliveryChange // this room wrote it
  switch (body.kind) {
    case 'delivery/target-put':
      return await putTarget(tx, change, body)
    case 'delivery/target-removed':
      await removeWaiting(tx, body.name)
      await tx.query`delete from delivery_target where name = ${body.name}`
      return
    case 'delivery/ended':
      return await end(tx, body.deliveries)
    case 'delivery/given-up':
      return await giveUp(tx, at, body.deliveries)
    case 'delivery/resumed':
      return await resume(tx, at, body.target)
    case 'delivery/waiting':
      return await insertDelivery(tx, { sequence, at }, body.ordinal, body, body.givenUpAt)
  }
}

async function putTarget(
  tx: Queryable,
  { sequence, at }: SequencedChange,
  { name, place, secret }: TargetJson,
): Promise<void> {
  const sealed = secret && sealedFromJson(secret)
  await tx.query`insert into delivery_target (name, place, generation, wrapped_key, sealed, sequence, at)
    values (${name}, ${JSON.stringify(place)}, ${sealed?.generation ?? null}, ${sealed?.wrapped ?? null}, ${sealed?.sealed ?? null},
      ${sequence}, ${at})
    on conflict (name) do update set place = excluded.place, generation = excluded.generation,
      wrapped_key = excluded.wrapped_key, sealed = excluded.sealed`
}

async function end(tx: Queryable, deliveries: readonly DeliveryId[]): Promise<void> {
  for (const [sequence, ordinal] of deliveries) {
    const [row] = await tx.query<DeliveryRow>`
      delete from delivery where sequence = ${sequence} and ordinal = ${ordinal} returning *`
    if (row !== undefined) await noteStatus(tx, row)
  }
}

/** There may be many of them. What was not copied will not be. */
async function removeWaiting(tx: Queryable, target: string): Promise<void> {
  const [found] = await tx.query<TargetRow>`select * from delivery_target where name = ${target}`
  if (found === undefined || targetJson(found).place.kind !== 's3') {
    await tx.query`delete from delivery where target = ${target}`
    return
  }
  for (;;) {
    const rows = await tx.query<DeliveryRow>`
      select * from delivery where target = ${target} order by sequence, ordinal limit ${pageRows}`
    for (const row of rows) {
      const { sequence, ordinal } = row
      await tx.query`delete from delivery where sequence = ${sequence} and ordinal = ${ordinal}`
      await noteStatus(tx, row, 'FAILED')
    }
    if (rows.length < pageRows) return
  }
}

/** They have as long as new ones. */
async function resume(tx: Queryable, at: number, target: string): Promise<void> {
  const rows = await tx.query<DeliveryRow>`
    update delivery set given_up_at = null, at = ${at}
    where target = ${target} and given_up_at is not null returning *`
  for (const row of rows) await noteStatus(tx, row)
}

/** With the version: what its other copies have come to counts as well. */
async function noteStatus(
  tx: Queryable,
  { sequence, notice: json }: DeliveryRow,
  outcome?: ReplicationStatus,
): Promise<void> {
  const notice: WaitingJson['notice'] = JSON.parse(json)
  if (!isReplica(notice) || notice.replicate === 'marker') return
  const others = await tx.query<DeliveryRow>`select * from delivery where sequence = ${sequence}`
  const copies = others.filter(({ notice: other }) => isReplica(JSON.parse(other)))
  const isFailed = copies.some(({ given_up_at }) => given_up_at !== null)
  const status = isFailed ? 'FAILED' : copies.length > 0 ? 'PENDING' : 'COMPLETED'
  const place = { bucket: notice.bucketId, key: Buffer.from(notice.key) }
  await noteReplication(tx, place, { version: notice.version, status: outcome ?? status })
}

async function giveUp(tx: Queryable, at: number, deliveries: readonly DeliveryId[]): Promise<void> {
  const targets = new Set<string>()
  for (const [sequence, ordinal] of deliveries) {
    const [row] = await tx.query<DeliveryRow>`
      update delivery set given_up_at = ${at} where sequence = ${sequence} and ordinal = ${ordinal} returning *`
    if (row === undefined) continue
    targets.add(row.target)
    await noteStatus(tx, row)
  }
  for (const target of targets) await forgetOldest(tx, target)
}

async function forgetOldest(tx: Queryable, target: string): Promise<void> {
  const [newest] = await tx.query<DeliveryRow>`
    select sequence, ordinal from delivery where target = ${target} and given_up_at is not null
    order by sequence desc, ordinal desc limit 1 offset ${givenUpMax}`
  if (newest === undefined) return
  await tx.query`delete from delivery where target = ${target} and given_up_at is not null
    and (sequence, ordinal) <= (${newest.sequence}, ${newest.ordinal})`
}

async function* dumpDeliveries(tx: Queryable): AsyncGenerator<SequencedChange> {
  const targets = await tx.query<TargetRow>`select * from delivery_target order by sequence, name`
  for (const row of targets) {
    const body: DeliveryChange = { kind: 'delivery/target-put', ...targetJson(row) }
    yield { sequence: BigInt(row.sequence), at: row.at, body }
  }
  const rows = walkRows<DeliveryRow>(
    (last) => tx.query`
      select * from delivery where (sequence, ordinal) > (${last?.sequence ?? 0}, ${last?.ordinal ?? 0})
      order by sequence, ordinal limit ${pageRows}`,
  )
  for await (const { sequence, ordinal, at, target, place, notice, given_up_at } of rows) {
    const body: DeliveryChange = {
      kind: 'delivery/waiting',
      ordinal,
      target,
      place,
      notice: JSON.parse(notice),
      ...(given_up_at === null ? {} : { givenUpAt: given_up_at }),
    }
    yield { sequence: BigInt(sequence), at, body }
  }
}

export function targetJson(row: TargetRow): TargetJson {
  const sealed = sealedOf(row)
  return {
    name: row.name,
    place: JSON.parse(row.place),
    ...(sealed === undefined ? {} : { secret: sealedToJson(sealed) }),
  }
}

/** `undefined` of a target that has no secret. */
export function sealedOf({
  generation,
  wrapped_key: wrapped,
  sealed,
}: TargetRow): SealedSecret | undefined {
  if (generation === null || wrapped === null || sealed === null) return undefined
  return { generation, wrapped, sealed }
}
