import type { ObjectCall } from '#api/s3/call'
import { evaluateRead } from '#api/s3/conditions'
import { assertReadable, readCustomerKey } from '#api/s3/encryption'
import { identityHeaders, objectHeaders } from '#api/s3/object-headers'
import { endOf, prime } from '#api/s3/prime'
import { emptyResponse } from '#api/s3/response'
import { selectRange } from '#api/s3/select-range'
import { versionOf } from '#api/s3/versions'
import type { HttpResponse } from '#http/message'
import { type OpenedObject, wholeBytesMax } from '#object/model'

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export async function getObject(call: ObjectCall): Promise<HttpResponse> {
  const { door, bucket, key } = call
  const customerKey = readCustomerKey(call)
  const opened = await door.objects.open(bucket, key, { version: versionOf(call), customerKey })
  let isHandedOver = false
  try {
    call.admission.admit(opened.info)
    const response = await answer(call, opened)
    isHandedOver = response.onEnd !== undefined
    return response
  } finally {
    if (!isHandedOver) opened.release()
  }
}

async function answer(call: ObjectCall, opened: OpenedObject): Promise<HttpResponse> {
  const { info } = opened
  if (evaluateRead(call.headers, info, call.door.world) === 'not-modified') {
    return emptyResponse(304, identityHeaders(info))
  }
  const selection = selectRange(call, info)
  assertReadable(call, info)
  const headers = objectHeaders(call, info, selection)
  if (headers['content-length'] === 0) return emptyResponse(selection.status, headers)
  const { signal } = call.request
  if (info.bytes <= wholeBytesMax) {
    const whole = await opened.readWhole({ signal })
    const { first, last } = selection.range ?? { first: 0, last: whole.length - 1 }
    return { status: selection.status, headers, body: whole.subarray(first, last + 1) }
  }
  // The first bytes are read before the status is sent: an object that cannot be read is a 503, not a broken 200.
  const body = await prime(opened.read(selection.range, { signal }))
  return {
    status: selection.status,
    headers,
    body,
    onEnd: endOf(body, opened),
  }
}
