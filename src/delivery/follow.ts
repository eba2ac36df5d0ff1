/** What a change of a bucket that somebody follows leaves to be delivered: by the rules of that moment, to the targets that are there. */
import { fromBase64url } from '#bytes/text'
import type { SequencedChange } from '#changelog/change'
import type { NoticeJson, ReplicaJson, WaitingJson } from '#delivery/changes'
import { type Replication, replicationsOf } from '#delivery/replication-rules'
import { insertDelivery } from '#delivery/rows'
import { type NotificationRules, wants } from '#delivery/rules'
import { localLane } from '#delivery/target'
import type { BucketRow, EventJson, ObjectChange, VersionJson } from '#object/changes'
import { versionIdOf } from '#object/names'
import { noteReplication } from '#object/replication'
import { findBucketById, readConfig } from '#object/rows'
import type { Queryable } from '#sql/sql'

type Followed = ObjectChange & { readonly bucket: number; readonly event: EventJson }

interface Scene {
  readonly bucket: BucketRow
  readonly key: string
  readonly change: SequencedChange
  readonly body: Followed
}

/** Changes of buckets that nobody follows carry no event: they cost one look at the change. */
export async function followObjects(tx: Queryable, change: SequencedChange): Promise<void> {
  if (change.body['event'] === undefined || !change.body.kind.startsWith('object/')) return
  const body = change.body as Followed // only that room writes events
  const bucket = await findBucketById(tx, body.bucket)
  const { notification = [], replication } = await readConfig(tx, body.bucket)
  const key = 'key' in body && typeof body.key === 'string' ? keyOf(body.key) : ''
  const scene = { bucket, key, change, body }
  const told = noticesOf(scene, notification as NotificationRules) // a door has read them
  const copies = replication === undefined ? [] : copiesOf(scene, replication as Replication) // likewise
  let ordinal = 0
  const insert = async (waiting: WaitingJson): Promise<boolean> => {
    if (!(await isThere(tx, waiting.target))) return false // it is no more, and gets nothing
    await insertDelivery(tx, change, ordinal, waiting)
    ordinal += 1
    return true
  }
  for (const waiting of told) await insert(waiting)
  let isWaiting = false
  for (const waiting of copies) if (await insert(waiting)) isWaiting = true
  if (!copies.some(({ notice }) => notice.replicate === 'object')) return
  const place = { bucket: bucket.id, key: Buffer.from(key) }
  const status = isWaiting ? 'PENDING' : 'FAILED'
  await noteReplication(tx, place, { version: Number(change.sequence), status })
}

async function isThere(tx: Queryable, target: string): Promise<boolean> {
  if (target === localLane) return true
  const found = await tx.query`select 1 as found from delivery_target where name = ${target}`
  return found.length > 0
}

function keyOf(json: string): string {
  return Buffer.from(fromBase64url(json)).toString()
}

/** One for each rule; of a test, one for each target. */
function noticesOf(
  { bucket, key, change, body }: Scene,
  rules: NotificationRules,
): readonly WaitingJson[] {
  const event = { ...body.event, ...factsOf(change, body) }
  const isTest = event.name === 'TestEvent'
  const told = new Set<string>()
  const wanting = rules.filter((rule) => {
    const isWanted = isTest ? !told.has(rule.target) : wants(rule, { event: event.name, key })
    told.add(rule.target)
    return isWanted
  })
  return wanting.map(({ id, target }) => {
    const notice: NoticeJson = {
      event,
      rule: id,
      bucket: bucket.name,
      ...(bucket.owner === null ? {} : { owner: bucket.owner }),
      key,
    }
    return { target, place: placeOf(bucket, key), notice }
  })
}

/** New versions and delete markers, but for those that are copies themselves, which would go round for ever, and those that rules of lifecycle made (S3). */
function copiesOf(
  { bucket, key, change, body }: Scene,
  replication: Replication,
): readonly (WaitingJson & { readonly notice: ReplicaJson })[] {
  const { kind } = body
  const isMarker = kind === 'object/deleted' && body.versioning === 'enabled'
  const isObject = kind === 'object/put' || kind === 'object/upload-completed'
  if (!isMarker && !isObject) return []
  if (body.event.means === 'replication' || body.event.means === 'lifecycle') return []
  const traits = isObject ? (body.traits ?? {}) : {}
  if (traits.replication === 'REPLICA') return []
  if (isObject && isLocked(body)) return []
  const subject = { key, tags: traits.tags ?? [], isMarker }
  return replicationsOf(replication, subject).map(({ destination: { to, storageClass } }) => ({
    target: 'target' in to ? to.target : localLane,
    place: placeOf(bucket, key),
    notice: {
      replicate: isMarker ? 'marker' : 'object',
      bucketId: bucket.id,
      bucket: bucket.name,
      key,
      version: Number(change.sequence),
      ...('bucket' in to ? { to: to.bucket } : {}),
      ...(storageClass === undefined ? {} : { storageClass }),
      by: replication.by,
    },
  }))
}

/** Under a key of its own, which the copy's bucket need not have, or which nobody here has. */
function isLocked({ encryption }: Pick<VersionJson, 'encryption'>): boolean {
  return encryption?.kind === 'customer' || encryption?.kind === 'aws:kms'
}

function placeOf({ name }: BucketRow, key: string): string {
  return `${name}/${key}`
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
