/**
 * The logs of buckets on their way into other buckets: lines are gathered, and written as objects when the first of them has waited long enough, when
 * there are many, and when the store stops. Best effort, as S3's own: what is in memory when a process dies is lost, and a target that takes nothing
 * loses what was meant for it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
 */

import { s3Fault } from '#api/s3/faults'
import { grantsInto, mayDeliver } from '#api/s3/log-delivery'
import { toHex } from '#bytes/text'
import { ownGrants } from '#identity/grants'
import type { Principal } from '#identity/principal'
import type { ObjectStore } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import type { AccessLogTarget, BucketAccessed, Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** Of one object: some 2,500 requests. */
const bytesMax = 2 ** 20
/** Of all that waits; what comes on top is lost. */
const waitingBytesMax = 32 * 2 ** 20

export interface AccessLogsOptions {
  readonly objects: Pick<ObjectStore, 'headBucket' | 'put'>
  /** Whose the buckets are that name no owner. */
  readonly root: Pick<Principal, 'id'>
  /** Where buckets say they are. */
  readonly region: string
  /** How long a line waits at most. */
  readonly everyMs: number
  readonly world: World
  readonly telemetry: Pick<Telemetry, 'note'>
}

/** What will be one object. */
interface Batch {
  readonly source: Pick<BucketAccessed, 'bucket' | 'owner'>
  readonly to: AccessLogTarget
  /** All lines are of one day, where keys have the day of the requests. */
  readonly eventAt: number
  readonly lines: string[]
  bytes: number
  readonly stopWaiting: () => void
}

export class AccessLogs implements AsyncDisposable {
  readonly #options: AccessLogsOptions
  readonly #batches = new Map<string, Batch>()
  #waitingBytes = 0
  #lostLines = 0
  /** One object after the other. */
  #written: Promise<void> = Promise.resolve()

  constructor(options: AccessLogsOptions) {
    this.#options = options
  }

  take({ bucket, owner, at, to, line }: BucketAccessed): void {
    const bytes = Buffer.byteLength(line) + 1
    if (this.#waitingBytes + bytes > waitingBytesMax) {
      this.#lostLines += 1
      return
    }
    const day = to.dates === 'EventTime' ? dayOf(at).join('-') : ''
    const id = JSON.stringify([bucket, owner, to, day])
    const batch = this.#batches.get(id) ?? this.#begin(id, { source: { bucket, owner }, to, at })
    batch.lines.push(line)
    batch.bytes += bytes
    this.#waitingBytes += bytes
    if (batch.bytes >= bytesMax) this.#send(id, batch)
  }

  /** Writes what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const [id, batch] of this.#batches) this.#send(id, batch)
    await this.#written
  }

  #begin(
    id: string,
    { source, to, at }: Pick<Batch, 'source' | 'to'> & { readonly at: number },
  ): Batch {
    const { world, everyMs } = this.#options
    const stopWaiting = world.timer(everyMs, () => this.#send(id, batch))
    const batch: Batch = { source, to, eventAt: at, lines: [], bytes: 0, stopWaiting }
    this.#batches.set(id, batch)
    return batch
  }

  #send(id: string, batch: Batch): void {
    batch.stopWaiting()
    this.#batches.delete(id)
    this.#written = this.#written.then(async () => {
      const { source, to, lines } = batch
      try {
        await this.#write(batch)
      } catch (error) {
        const fields = { bucket: source.bucket, target: to.bucket, lines: lines.length }
        this.#warn('access log not delivered', { ...fields, error: String(error) })
      }
      this.#waitingBytes -= batch.bytes
      if (this.#lostLines > 0) this.#warn('access log lines lost', { lines: this.#lostLines })
      this.#lostLines = 0
    })
  }

  #warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#options.telemetry.note('warn', message, fields)
  }

  /** It is asked again whether the target wants it: its owner may have thought better of it. `s3/access-denied` */
  async #write(batch: Batch): Promise<void> {
    const { objects, root, region, world } = this.#options
    const { source, to, lines } = batch
    const target = await objects.headBucket(parseBucketName(to.bucket))
    const asked = { ...source, prefix: to.prefix, root: root.id }
    if (!mayDeliver(target, asked)) throw s3Fault('s3/access-denied')
    const unique = toHex(world.randomBytes(8)).toUpperCase()
    const key = logKey(batch, { region, now: world.now(), unique })
    const given = grantsInto(target, to, root.id)
    const grants = [...ownGrants(target.owner ?? root.id), ...given]
    const body = Buffer.from(`${lines.join('\n')}\n`)
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield body
    }
    await objects.put(target.name, parseObjectKey(key), {
      body: { stream: stream(), bytes: body.length, digests: [], verify: () => undefined },
      metadata: { contentType: 'text/plain', user: {} },
      ...(given.length === 0 ? {} : { traits: { grants } }),
      encryption: target.config.encryption,
      signal: new AbortController().signal, // nobody hangs up
    })
  }
}

/**
 * `PREFIX2026-11-22-10-38-41-UNIQUE`, or `PREFIXOWNER/REGION/BUCKET/2026/11/22/2026-11-22-…`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#server-access-logging-overview
 */
function logKey(
  { source: { owner, bucket }, to: { prefix, dates }, eventAt }: Batch,
  {
    region,
    now,
    unique,
  }: { readonly region: string; readonly now: number; readonly unique: string },
): string {
  const isOfEvents = dates === 'EventTime'
  const day = dayOf(isOfEvents ? eventAt : now)
  const time = isOfEvents
    ? ['00', '00', '00']
    : new Date(now).toISOString().slice(11, 19).split(':')
  const name = [...day, ...time, unique].join('-')
  if (dates === undefined) return `${prefix}${name}`
  return `${prefix}${[owner, region, bucket, ...day, name].join('/')}`
}

/** In UTC: year, month, day. */
function dayOf(at: number): readonly string[] {
  return new Date(at).toISOString().slice(0, 10).split('-')
}
