/**
 * Which events of a bucket go where. Pure.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */

/** A configuration of a queue, topic or function: the kind is what clients call it, and no more. */
export interface NotificationRule {
  readonly id: string
  readonly kind: 'queue' | 'topic' | 'function'
  /** As it was given; ends in the target's name. */
  readonly arn: string
  readonly target: string
  /** e.g. `s3:ObjectCreated:*` */
  readonly events: readonly string[]
  readonly prefix?: string
  readonly suffix?: string
}

export type NotificationRules = readonly NotificationRule[]

/** `event` without the `s3:`. */
export function wants(
  { events, prefix = '', suffix = '' }: NotificationRule,
  { event, key }: { readonly event: string; readonly key: string },
): boolean {
  return key.startsWith(prefix) && key.endsWith(suffix) && events.some((one) => names(one, event))
}

/** `s3:ObjectCreated:*` names all that are made, `s3:ObjectCreated:Put` one of them. */
function names(wanted: string, event: string): boolean {
  if (!wanted.endsWith('*')) return wanted === `s3:${event}`
  return `s3:${event}`.startsWith(wanted.slice(0, -1))
}
