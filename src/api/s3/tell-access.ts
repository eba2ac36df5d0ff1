import { accessLine } from '#api/s3/access-line'
import type { S3DoorOptions } from '#api/s3/door-options'
import { s3ErrorOf } from '#api/s3/errors'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { Caller } from '#identity/caller'
import { parseBucketName } from '#object/names'

/** A request that has ended, as the door has understood it. */
export interface EndedRequest {
  readonly request: HttpRequest
  readonly response: Pick<HttpResponse, 'status' | 'headers'>
  readonly failure: unknown
  readonly operation: string
  /** As addressed: perhaps of no bucket. */
  readonly bucket: string | undefined
  readonly key: string | undefined
  readonly caller: Caller | undefined
  readonly bytesOut: number
  readonly totalMs: number
  readonly turnAroundMs: number
}

/** For the log of the bucket, where it has one. Best effort, as S3's own: the answer has left. */
export async function tellAccess(door: S3DoorOptions, ended: EndedRequest): Promise<void> {
  if (ended.bucket === undefined) return
  const facts = await door.lookups.bucket(parseBucketName(ended.bucket))
  const to = facts?.config.logging
  if (facts === undefined || to === undefined) return
  const { request, response, failure, operation, key, caller, ...amounts } = ended
  const { id: requestId, peer, method, target, headers, body } = request
  const bucket = facts.name
  const owner = facts.owner ?? door.root.id
  const at = door.world.now() - ended.totalMs
  const line = accessLine({
    ...amounts,
    bucket,
    owner,
    requester: caller?.id,
    at,
    peer,
    requestId,
    operation,
    key,
    method,
    target,
    headers,
    response,
    errorCode: failure === undefined ? undefined : s3ErrorOf(failure).code,
    bytesIn: body.received,
  })
  door.telemetry.bucketAccessed({ bucket, owner, at, to, line })
}
