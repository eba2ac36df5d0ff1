import type { ObjectCall } from '#api/s3/call'
import { assertReadable, readCustomerKey } from '#api/s3/encryption'
import { s3MessageOf } from '#api/s3/error-response'
import { endOf, prime } from '#api/s3/prime'
import { readSelectRequest, type ScanRange, type SelectRequest } from '#api/s3/select-request'
import { versionOf } from '#api/s3/versions'
import { readXmlBody } from '#api/s3/xml-body'
import type { HttpResponse } from '#http/message'
import type { OpenedObject } from '#object/model'
import {
  continuationMessage,
  endMessage,
  errorMessage,
  progressMessage,
  recordsMessage,
} from '#select/event-stream'
import { selectFault } from '#select/faults'
import { type SelectedBatch, type SelectSource, select } from '#select/select'
import type { World } from '#world/world'

/** Records are gathered to messages of about this size, but wait no longer than this. */
const messageBytes = 64 * 1024
const messageWaitMs = 500
/** How long the client hears nothing, at most. */
const silenceMs = 2_000
/** How long records are looked at before other requests have their turn. */
const turnMs = 5

/**
 * What goes wrong before the first message is an error of HTTP; later the answer has begun, and ends with an error message.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html
 */
export async function selectObjectContent(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key, admission, headers } = call
  if (headers['range'] !== undefined) throw selectFault('select/unsupported-range')
  const request = readSelectRequest(await readXmlBody(call, 'SelectObjectContentRequest'))
  const customerKey = readCustomerKey(call)
  const opened = await door.objects.open(bucket, key, { version: versionOf(call), customerKey })
  let isHandedOver = false
  try {
    admission.admit(opened.info) // asked before the query was read; by now the key may have another version
    assertReadable(call, opened.info)
    const source = sourceOf(opened, { scan: request.scan, signal: call.request.signal })
    const batches = select(request.query, { ...request, source, now: door.world.now() })
    const body = await prime(messages(batches, { world: door.world, request }))
    isHandedOver = true
    return {
      status: 200,
      headers: { 'content-type': 'application/vnd.amazon.eventstream' },
      body,
      onEnd: endOf(body, opened),
    }
  } finally {
    if (!isHandedOver) opened.release()
  }
}

/** `select/invalid-scan-range` */
function sourceOf(
  opened: OpenedObject,
  { scan, signal }: { readonly scan: ScanRange | undefined; readonly signal: AbortSignal },
): SelectSource {
  const { bytes } = opened.info
  const read = (first: number): AsyncIterable<Uint8Array> =>
    first >= bytes ? nothing() : opened.read({ first, last: bytes - 1 }, { signal })
  if (scan === undefined) return { read }
  const { first = Math.max(0, bytes - (scan.last ?? 0)) } = scan
  const last = scan.first === undefined ? bytes - 1 : (scan.last ?? bytes - 1)
  if (first > last || first >= bytes) throw selectFault('select/invalid-scan-range')
  return { read, scan: { first, last } }
}

async function* nothing(): AsyncGenerator<Uint8Array, void, undefined> {}

async function* messages(
  batches: AsyncIterable<SelectedBatch>,
  { world, request }: { readonly world: World; readonly request: SelectRequest },
): AsyncGenerator<Uint8Array, void, undefined> {
  const progress = { scanned: 0, processed: 0, returned: 0 }
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let toldAt = world.monotonic()
  let turnAt = toldAt
  let hasBegun = false
  try {
    for await (const { records, scanned, processed } of batches) {
      Object.assign(progress, { scanned, processed })
      if (records.length > 0) waiting.push(records)
      waitingBytes += records.length
      const now = world.monotonic()
      const waitedMs = now - toldAt
      if (waitingBytes >= messageBytes || (waitingBytes > 0 && waitedMs >= messageWaitMs)) {
        progress.returned += waitingBytes
        yield recordsMessage(Buffer.concat(waiting))
        ;[waiting, waitingBytes, toldAt, hasBegun] = [[], 0, now, true]
      } else if (waitedMs >= silenceMs) {
        yield request.wantsProgress ? progressMessage('Progress', progress) : continuationMessage()
        ;[toldAt, hasBegun] = [now, true]
      }
      if (world.monotonic() - turnAt < turnMs) continue
      await world.sleep(0)
      turnAt = world.monotonic()
    }
  } catch (error) {
    if (!hasBegun) throw error
    const { code, message } = s3MessageOf(error)
    yield errorMessage(code, message)
    return
  }
  if (waitingBytes > 0) yield recordsMessage(Buffer.concat(waiting))
  progress.returned += waitingBytes
  if (request.wantsProgress) yield progressMessage('Progress', progress)
  yield progressMessage('Stats', progress)
  yield endMessage()
}
