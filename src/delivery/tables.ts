/**
 * The tables `delivery_target` and `delivery`, and how changes become their rows. What is to be delivered follows from the changes of buckets that
 * somebody follows, in the transaction that makes them, so nothing that was acknowledged is forgotten and nothing else is told.
 */
import { fromBase64url } from '#bytes/text'
import type { ChangeRoom, SequencedChange } from '#changelog/change'
import type {
  DeliveryChange,
  DeliveryId,
  DeliveryRow,
  NoticeJson,
  TargetJson,
  TargetRow,
  WaitingJson,
} from '#delivery/changes'
import { type NotificationRules, wants } from '#delivery/rules'
import { sealedFromJson, sealedToJson } from '#identity/sealed-secret'
import type { EventJson, ObjectChange } from '#object/changes'
import { versionIdOf } from '#object/names'
import { findBucketById, readConfig } from '#object/rows'
import type { Queryable } from '#sql/sql'

export const deliveryRoom: ChangeRoom = {
  room: 'delivery',
  migrations: [createTables],
  apply: applyDeliveryChange,
  dump: dumpDeliveries,
  follow: followObjects,
}

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
      await tx.query`delete from delivery where target = ${body.name}`
      await tx.query`delete from delivery_target where name = ${body.name}`
      return
    case 'delivery/ended':
      for (const [of, ordinal] of body.deliveries)
        await tx.query`delete from delivery where sequence = ${of} and ordinal = ${ordinal}`
      return
    case 'delivery/given-up':
      return await giveUp(tx, at, body.deliveries)
    case 'delivery/resumed':
      // It has as long as a new one.
      await tx.query`update delivery set given_up_at = null, at = ${at}
        where target = ${body.target} and given_up_at is not null`
      return
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

async function giveUp(tx: Queryable, at: number, deliveries: readonly DeliveryId[]): Promise<void> {
  const targets = new Set<string>()
  for (const [sequence, ordinal] of deliveries) {
    const [row] = await tx.query<{ target: string }>`
      update delivery set given_up_at = ${at} where sequence = ${sequence} and ordinal = ${ordinal} returning target`
    if (row !== undefined) targets.add(row.target)
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

async function insertDelivery(
  tx: Queryable,
  { sequence, at }: Pick<SequencedChange, 'sequence' | 'at'>,
  ordinal: number,
  { target, place, notice }: WaitingJson,
  givenUpAt?: number,
): Promise<void> {
  await tx.query`insert into delivery (sequence, ordinal, target, place, at, notice, given_up_at)
    values (${sequence}, ${ordinal}, ${target}, ${place}, ${at}, ${JSON.stringify(notice)}, ${givenUpAt ?? null})`
}

/** Changes of buckets that nobody follows carry no event: they cost one look at the change. */
async function followObjects(tx: Queryable, change: SequencedChange): Promise<void> {
  if (change.body['event'] === undefined) return
  const body = change.body as ObjectChange & { readonly bucket: number; readonly event: EventJson } // only that room writes events
  const bucket = await findBucketById(tx, body.bucket)
  const { notification = [] } = await readConfig(tx, body.bucket)
  const key = 'key' in body && typeof body.key === 'string' ? keyOf(body.key) : ''
  const event = { ...body.event, ...factsOf(change, body) }
  const isTest = event.name === 'TestEvent'
  const told = new Set<string>()
  let ordinal = 0
  for (const rule of notification as NotificationRules) {
    if (isTest ? told.has(rule.target) : !wants(rule, { event: event.name, key })) continue
    told.add(rule.target)
    const [target] = await tx.query`
      select 1 as found from delivery_target where name = ${rule.target}`
    if (target === undefined) continue
    const notice: NoticeJson = {
      event,
      rule: rule.id,
      bucket: bucket.name,
      ...(bucket.owner === null ? {} : { owner: bucket.owner }),
      key,
    }
    const waiting = { target: rule.target, place: `${bucket.name}/${key}`, notice }
    await insertDelivery(tx, change, ordinal, waiting)
    ordinal += 1
  }
}

function keyOf(json: string): string {
  return Buffer.from(fromBase64url(json)).toString()
}

/** What a write's own fields say of the version. */
function factsOf(
  { sequence }: SequencedChange,
  body: ObjectChange,
): Pick<EventJson, 'versionId' | 'bytes' | 'etag'> {
  switch (body.kind) {
    case 'object/put':
    case 'object/upload-completed': {
      const { bytes, etag, versioning } = body
      return { bytes, etag, ...versionFacts(sequence, versioning) }
    }
    case 'object/deleted':
      return versionFacts(sequence, body.versioning)
    default:
      return {}
  }
}

function versionFacts(
  sequence: bigint,
  versioning: string | undefined,
): Pick<EventJson, 'versionId'> {
  if (versioning === undefined) return {}
  return { versionId: versionIdOf({ sequence, is_null: versioning === 'enabled' ? 0 : 1 }) }
}

/** Rows that one page of a dump holds. */
const pageRows = 500

async function* dumpDeliveries(tx: Queryable): AsyncGenerator<SequencedChange> {
  const targets = await tx.query<TargetRow>`select * from delivery_target order by sequence, name`
  for (const row of targets) {
    const body: DeliveryChange = { kind: 'delivery/target-put', ...targetJson(row) }
    yield { sequence: BigInt(row.sequence), at: row.at, body }
  }
  for (let after = { sequence: 0, ordinal: 0 }; ; ) {
    const rows = await tx.query<DeliveryRow>`
      select * from delivery where (sequence, ordinal) > (${after.sequence}, ${after.ordinal})
      order by sequence, ordinal limit ${pageRows}`
    for (const { sequence, ordinal, at, target, place, notice, given_up_at } of rows) {
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
    const last = rows.at(-1)
    if (last === undefined) return
    after = last
  }
}

export function targetJson(row: TargetRow): TargetJson {
  const { generation, wrapped_key: wrapped, sealed } = row
  const isSealed = generation !== null && wrapped !== null && sealed !== null
  return {
    name: row.name,
    place: JSON.parse(row.place),
    ...(isSealed ? { secret: sealedToJson({ generation, wrapped, sealed }) } : {}),
  }
}
