/** What happens in buckets that somebody follows, in S3's words. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html */
import type { EventJson } from '#object/changes'
import type { Origin } from '#object/origin'

/** Without the `s3:` that rules write before them. */
export type EventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'
  | 'LifecycleExpiration:Delete'
  | 'LifecycleExpiration:DeleteMarkerCreated'
  | 'LifecycleTransition'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'TestEvent'

/** For a change. Nothing where nobody follows the bucket: other changes carry no word more. */
export function eventOf(
  name: EventName,
  { isFollowed }: { readonly isFollowed: boolean },
  origin: Origin = {},
  facts: Pick<EventJson, 'versionId' | 'bytes' | 'etag' | 'storageClass'> = {},
): { readonly event?: EventJson } {
  return isFollowed ? { event: { name, ...origin, ...facts } } : {}
}

export function nameOfDeletion(
  what: 'Delete' | 'DeleteMarkerCreated',
  origin: Origin | undefined,
): EventName {
  return origin?.means === 'lifecycle' ? `LifecycleExpiration:${what}` : `ObjectRemoved:${what}`
}
