/** Where something is delivered to: named by the operator, so that no bucket's owner can make the store call whomever they like. */
import type { Branded } from '#bytes/brand'
import { deliveryFault } from '#delivery/faults'

export type TargetName = Branded<string, 'TargetName'>

/** Where copies into buckets of this store wait: no name of a target. */
export const localLane = ':store'

/** Everything but the secret. */
export type TargetPlace = WebhookPlace | NatsPlace | RedisPlace | EndpointPlace

export interface WebhookPlace {
  readonly kind: 'webhook'
  readonly url: string
  /** It may be a machine of a private network. */
  readonly isPrivate?: true | undefined
}

export interface NatsPlace {
  readonly kind: 'nats'
  readonly url: string
  readonly user?: string | undefined
  /** Without wildcards. */
  readonly subject: string
}

export interface RedisPlace {
  readonly kind: 'redis'
  readonly url: string
  readonly user?: string | undefined
  readonly into: 'stream' | 'list' | 'channel'
  /** Of the stream, list or channel. */
  readonly name: string
}

/** A bucket at any S3 endpoint: for copies of objects, not for notifications. */
export interface EndpointPlace {
  readonly kind: 's3'
  readonly url: string
  readonly region: string
  readonly bucket: string
  readonly accessKeyId: string
}

export interface Target {
  readonly name: TargetName
  readonly place: TargetPlace
  readonly createdAt: number
}

/** 1 to 64 letters, digits, dashes and underscores. `delivery/malformed-name` */
export function parseTargetName(text: string): TargetName {
  if (/^[A-Za-z0-9][\w-]{0,63}$/.test(text)) return text as TargetName
  throw deliveryFault('delivery/malformed-name', { name: text.slice(0, 80) })
}

const addressCharactersMax = 2_048

/** Of one of these schemes, without credentials and fragment. `delivery/malformed-address`, which does not repeat it: it may hold a password. */
function parseAddress(text: string, schemes: readonly string[]): string {
  const url = URL.canParse(text) && text.length <= addressCharactersMax ? new URL(text) : undefined
  const scheme = url?.protocol.slice(0, -1) ?? ''
  if (url === undefined || !schemes.includes(scheme) || url.hostname === '')
    throw deliveryFault('delivery/malformed-address', { schemes: schemes.join(', ') })
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    throw deliveryFault('delivery/malformed-address', { schemes: schemes.join(', ') })
  return url.href
}

/** As somebody asks for it. `delivery/malformed-address`, `delivery/malformed-subject` */
export function parsePlace(place: TargetPlace): TargetPlace {
  const parsed = (schemes: readonly string[]) => ({ url: parseAddress(place.url, schemes) })
  switch (place.kind) {
    case 'webhook':
      return { ...place, ...parsed(['https', 'http']) }
    case 'nats':
      assertSubject(place.subject)
      return { ...place, ...parsed(['nats', 'tls']) }
    case 'redis':
      return { ...place, ...parsed(['redis', 'rediss']) }
    case 's3':
      return { ...place, ...parsed(['https', 'http']) }
  }
}

/** https://docs.nats.io/nats-concepts/subjects: words between dots. `$` begins the server's own. */
function assertSubject(subject: string): void {
  if (/^(?!\$)[^\s.*>]+(?:\.[^\s.*>]+)*$/.test(subject)) return
  throw deliveryFault('delivery/malformed-subject', { subject })
}
