import { readGrants, targetGrantsElement } from '#api/s3/acl'
import type { BucketCall } from '#api/s3/call'
import { invalidArgument, malformedXml, s3Fault } from '#api/s3/faults'
import { grantsInto, mayDeliver } from '#api/s3/log-delivery'
import { emptyResponse, xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { Grants } from '#identity/grants'
import { parseBucketName } from '#object/names'
import type { AccessLogTarget } from '#telemetry/telemetry'

/** A key has room for 1,024: the rest is the store's. */
const prefixBytesMax = 800

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export async function getBucketLogging(call: BucketCall): Promise<HttpResponse> {
  const { logging } = call.facts.config
  if (logging === undefined) return xmlResponse('BucketLoggingStatus', [])
  const { bucket, prefix, dates, grants = [] } = logging
  const format =
    dates === undefined
      ? branch('SimplePrefix')
      : branch('PartitionedPrefix', leaf('PartitionDateSource', dates))
  return xmlResponse('BucketLoggingStatus', [
    branch(
      'LoggingEnabled',
      leaf('TargetBucket', bucket),
      await targetGrantsElement(call, grants as Grants), // put there below
      leaf('TargetPrefix', prefix),
      branch('TargetObjectKeyFormat', format),
    ),
  ])
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html. Nobody has others write into a bucket that does not want it: the
 * target's policy, or its ACL, must let the log delivery in.
 */
export async function putBucketLogging(call: BucketCall): Promise<HttpResponse> {
  const { door, bucket } = call
  const status = await readXmlBody(call, 'BucketLoggingStatus')
  const enabled = childOf(status, 'LoggingEnabled')
  const logging = enabled && (await readTarget(call, enabled))
  if (logging !== undefined) await assertTarget(call, logging)
  await door.objects.configure(bucket, 'logging', logging)
  return emptyResponse(200)
}

async function readTarget(call: BucketCall, enabled: XmlElement): Promise<AccessLogTarget> {
  const target = textOf(enabled, 'TargetBucket')?.trim()
  const prefix = textOf(enabled, 'TargetPrefix') ?? ''
  if (target === undefined) throw malformedXml('TargetBucket')
  if (Buffer.byteLength(prefix) > prefixBytesMax)
    throw s3Fault('s3/invalid-argument', { argument: 'TargetPrefix' })
  const dates = readDates(childOf(enabled, 'TargetObjectKeyFormat'))
  const grants = await readGrants(call, childOf(enabled, 'TargetGrants'))
  return {
    bucket: parseBucketName(target),
    prefix,
    ...(dates === undefined ? {} : { dates }),
    ...(grants.length === 0 ? {} : { grants }),
  }
}

/** `undefined`: keys without dates in their path. */
function readDates(format: XmlElement | undefined): AccessLogTarget['dates'] {
  if (format === undefined) return undefined
  const partitioned = childOf(format, 'PartitionedPrefix')
  const isSimple = childOf(format, 'SimplePrefix') !== undefined
  if (isSimple === (partitioned !== undefined)) throw malformedXml('TargetObjectKeyFormat')
  if (partitioned === undefined) return undefined
  const dates = textOf(partitioned, 'PartitionDateSource')?.trim() ?? 'DeliveryTime'
  if (dates !== 'EventTime' && dates !== 'DeliveryTime') throw malformedXml('PartitionDateSource')
  return dates
}

/** What is delivered is no request, so it is in no log; but logs of logs help nobody. */
async function assertTarget(call: BucketCall, logging: AccessLogTarget): Promise<void> {
  const { door, bucket, owner } = call
  const target = await door.lookups.bucket(parseBucketName(logging.bucket))
  if (target === undefined) throw s3Fault('s3/invalid-log-target')
  const source = { bucket, owner: owner.id }
  if (!mayDeliver(target, { ...source, prefix: logging.prefix, root: door.root.id }))
    throw s3Fault('s3/access-denied')
  if (target.name === bucket)
    throw invalidTarget('The target bucket must be another one than the source bucket.')
  if (target.config.logging !== undefined)
    throw invalidTarget('The target bucket must not have logging of its own.')
  if (target.config.payer === 'Requester')
    throw invalidTarget('The target bucket must not be one where requesters pay.')
  if (target.config.lock?.mode !== undefined)
    throw invalidTarget('The target bucket must not lock its objects by default.')
  const { grants = [] } = logging
  if (grantsInto(target, logging, door.root.id).length < (grants as Grants).length)
    throw s3Fault('s3/acl-not-supported')
}

function invalidTarget(reason: string): Error {
  return invalidArgument('TargetBucket', reason)
}
