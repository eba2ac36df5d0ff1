/** A stream as an object: in one piece when it is short, otherwise as the parts of a multipart upload, which can be gone on with. */
import { openDigest } from '#crypto/digest'
import { isFault } from '#fault/fault'
import type { Endpoint } from '#s3/endpoint'
import { endpointFault } from '#s3/faults'
import type { ObjectName } from '#s3/head'
import { partsMax } from '#s3/limits'
import { putObject, type WriteOptions } from '#s3/put'
import { crc32Of } from '#s3/send-body'
import {
  abortUpload,
  completeUpload,
  createUpload,
  listParts,
  openUploads,
  type Part,
  type SentPart,
  type Upload,
  uploadPart,
} from '#s3/uploads'
import { inLanes } from '#stream/lanes'
import { split } from '#stream/split'
import { endsWithin } from '#world/patience'

export interface SendOptions extends WriteOptions {
  /** How many bytes will come; `undefined` when nobody knows. */
  readonly bytes: number | undefined
  /** Length of the part with this index, from 0, the same for all when `bytes` is known; the last may be shorter. Held in memory `lanes` + 1 times. */
  readonly partBytesOf: (index: number) => number
  readonly lanes: number
  /**
   * The same bytes would come again: parts of an upload that was begun before are compared and kept, and a failure leaves the upload for the next
   * time. Otherwise a failure removes it.
   */
  readonly isRepeatable: boolean
  /** Bytes of a part that is there already. */
  readonly onKept: (bytes: number) => void
  /** Called when all bytes are there; what it throws keeps the object from coming into being. */
  readonly beforeEnd: () => Promise<void>
}

export interface Sent {
  readonly etag: string
  readonly bytes: number
  /** Parts that were there already. */
  readonly partsKept: number
}

export async function sendStream(
  endpoint: Endpoint,
  name: ObjectName,
  source: AsyncIterable<Uint8Array>,
  options: SendOptions,
): Promise<Sent> {
  const parts = split(source, (index) => pieceBytes(options, index))
  try {
    const first = await parts.next()
    const bytes = first.value ?? new Uint8Array(0)
    if (bytes.length < options.partBytesOf(0)) {
      await options.beforeEnd()
      const etag = await putObject(endpoint, name, bytes, options)
      return { etag, bytes: bytes.length, partsKept: 0 }
    }
    return await sendParts(endpoint, name, after(bytes, parts), options)
  } finally {
    await parts.return()
  }
}

/** No more memory for a part than there are bytes for it. */
function pieceBytes({ bytes, partBytesOf }: SendOptions, index: number): number {
  const each = partBytesOf(index)
  return bytes === undefined ? each : Math.max(1, Math.min(each, bytes - index * each))
}

/** An upload and the parts of it that are there, by number. */
interface Begun {
  readonly upload: Upload
  readonly present: ReadonlyMap<number, Part>
}

async function sendParts(
  endpoint: Endpoint,
  name: ObjectName,
  parts: AsyncIterable<Uint8Array>,
  options: SendOptions,
): Promise<Sent> {
  const { lanes, isRepeatable, onKept, onSent, beforeEnd, signal } = options
  const { upload, present } =
    (isRepeatable ? await findBegun(endpoint, name, options) : undefined) ??
    ({ upload: await createUpload(endpoint, name, options), present: new Map() } satisfies Begun)
  const sent: SentPart[] = []
  let bytesTotal = 0
  let partsKept = 0
  try {
    await inLanes(numbered(parts, name), lanes, async ({ number, bytes }) => {
      const kept = present.get(number)
      if (kept !== undefined && isSame(kept, bytes)) {
        sent.push({ ...kept, crc32: crc32Of(bytes) })
        partsKept += 1
        onKept(bytes.length)
      } else sent.push(await uploadPart(endpoint, upload, { number, bytes }, { onSent, signal }))
      bytesTotal += bytes.length
    })
    await beforeEnd()
    const etag = await completeUpload(endpoint, upload, sent, { signal })
    return { etag, bytes: bytesTotal, partsKept }
  } catch (error) {
    if (!isRepeatable) await forget(endpoint, upload)
    throw error
  }
}

/** The newest upload of this key that was begun with parts of our lengths. */
async function findBegun(
  endpoint: Endpoint,
  name: ObjectName,
  { partBytesOf, signal }: SendOptions,
): Promise<Begun | undefined> {
  try {
    for (const upload of await openUploads(endpoint, name, { signal })) {
      const parts = await listParts(endpoint, upload, { signal })
      const fits = parts.every(({ number, bytes }) => bytes <= partBytesOf(number - 1))
      const isOurs = parts.some(({ number, bytes }) => bytes === partBytesOf(number - 1))
      if (fits && isOurs)
        return { upload, present: new Map(parts.map((part) => [part.number, part])) }
    }
  } catch (error) {
    // who may write need not be allowed to look, and an upload may end while we do
    const isNoMatter = isFault(
      error,
      'endpoint/denied',
      'endpoint/no-such-upload',
      'endpoint/refused',
    )
    if (!isNoMatter) throw error
  }
  return undefined
}

/** A part's ETag is its MD5; where an endpoint encrypts otherwise it is not, and the part is sent again. */
function isSame({ etag, bytes }: Part, ours: Uint8Array): boolean {
  if (bytes !== ours.length) return false
  const digest = openDigest('md5')
  digest.update(ours)
  return Buffer.from(digest.digest()).toString('hex') === etag
}

async function* numbered(
  parts: AsyncIterable<Uint8Array>,
  { bucket, key }: ObjectName,
): AsyncGenerator<{ readonly number: number; readonly bytes: Uint8Array }> {
  let number = 0
  for await (const bytes of parts) {
    number += 1
    if (number > partsMax) throw endpointFault('endpoint/too-many-parts', { bucket, key, partsMax })
    yield { number, bytes }
  }
}

async function* after(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first
  yield* rest
}

const forgetMs = 5_000

/** As far as it goes: the failure that brought us here is what people must hear of. */
async function forget(endpoint: Endpoint, upload: Upload): Promise<void> {
  const { signal } = new AbortController()
  try {
    await endsWithin(endpoint.world, forgetMs, abortUpload(endpoint, upload, { signal }))
  } catch {}
}
