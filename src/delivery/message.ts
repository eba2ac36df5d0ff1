/** What is told, in S3's words. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
import type { DeliveryRow, NoticeJson } from '#delivery/changes'

/** One delivery, as it goes to a target. */
export interface Message {
  /** The same at every attempt and no other store's, so that whoever takes it can tell a repetition. */
  readonly id: string
  /** e.g. `s3:ObjectCreated:Put` */
  readonly event: string
  /** Bucket and key. */
  readonly place: string
  readonly json: string
}

/** The only region there is, for who asks. */
const region = 'us-east-1'
const hostId = 'mycelium'

export function messageOf(
  { sequence, ordinal, at, place, notice }: DeliveryRow,
  { root, store }: { readonly root: string; readonly store: string },
): Message {
  const told = JSON.parse(notice) as NoticeJson // put there by us
  const time = new Date(at).toISOString()
  const { name } = told.event
  const content =
    name === 'TestEvent'
      ? testEvent(told, time)
      : { Records: [record(told, { sequence, time, root })] }
  return {
    id: `${store}-${sequence}-${ordinal}`,
    event: `s3:${name}`,
    place,
    json: JSON.stringify(content),
  }
}

/** What a target is asked to take when somebody wants to know whether it does. */
export function trialMessage({ id, now }: { readonly id: string; readonly now: number }): Message {
  const event = { name: 'TestEvent', requestId: id }
  const told = { event, rule: '', bucket: '', key: '' }
  const json = JSON.stringify(testEvent(told, new Date(now).toISOString()))
  return { id, event: 's3:TestEvent', place: '', json }
}

function testEvent({ event, bucket }: NoticeJson, time: string): object {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: time,
    Bucket: bucket,
    RequestId: event.requestId ?? '',
    HostId: hostId,
  }
}

function record(
  { event, rule, bucket, owner, key }: NoticeJson,
  {
    sequence,
    time,
    root,
  }: { readonly sequence: number; readonly time: string; readonly root: string },
): object {
  const { name, principal = 'Anonymous', peer = '', requestId = '', versionId, bytes, etag } = event
  const { storageClass } = event
  return {
    eventVersion: versionOf(name),
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: time,
    eventName: name,
    userIdentity: { principalId: name.startsWith('Lifecycle') ? 's3.amazonaws.com' : principal },
    requestParameters: { sourceIPAddress: peer },
    responseElements: { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: rule,
      bucket: {
        name: bucket,
        ownerIdentity: { principalId: owner ?? root },
        arn: `arn:aws:s3:::${bucket}`,
      },
      object: {
        key: encodeKey(key),
        ...(bytes === undefined ? {} : { size: bytes }),
        ...(etag === undefined ? {} : { eTag: etag }),
        ...(versionId === undefined ? {} : { versionId }),
        sequencer: sequence.toString(16).toUpperCase().padStart(16, '0'),
      },
    },
    ...(storageClass === undefined
      ? {}
      : {
          lifecycleEventData: { transitionEventData: { destinationStorageClass: storageClass } },
        }),
  }
}

/** "2.1" but for the events that came later. */
function versionOf(name: string): string {
  return /^Object(?:Created|Removed):/.test(name) ? '2.1' : '2.3'
}

/** As a form would: consumers decode it so. */
function encodeKey(key: string): string {
  return new URLSearchParams([['', key]]).toString().slice(1)
}
