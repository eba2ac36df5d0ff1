/** The changes that write the delivery tables, as they stand in the change log, and the rows they become. docs/formats/delivery.md */
import type { ChangeBody } from '#changelog/change'
import type { TargetPlace } from '#delivery/target'
import type { SealedSecretJson } from '#identity/sealed-secret'
import type { EventJson } from '#object/changes'
import type { SqlRow } from '#sql/sql'

export type DeliveryChange = ChangeBody &
  (
    | ({ readonly kind: 'delivery/target-put' } & TargetJson)
    | { readonly kind: 'delivery/target-removed'; readonly name: string }
    /** They have arrived, or their target is known to have them. */
    | { readonly kind: 'delivery/ended'; readonly deliveries: readonly DeliveryId[] }
    /** They were tried for too long. */
    | { readonly kind: 'delivery/given-up'; readonly deliveries: readonly DeliveryId[] }
    /** All of that target that were given up are tried again. */
    | { readonly kind: 'delivery/resumed'; readonly target: string }
    | ({
        /** One that waits, as it stands: only in snapshots. */
        readonly kind: 'delivery/waiting'
        readonly ordinal: number
        readonly givenUpAt?: number
      } & WaitingJson)
  )

/** The sequence of the change that it tells of, and its place among those of that change. */
export type DeliveryId = readonly [sequence: number, ordinal: number]

export interface TargetJson {
  readonly name: string
  readonly place: TargetPlace
  readonly secret?: SealedSecretJson
}

export interface WaitingJson {
  readonly target: string
  /** Bucket and key: deliveries of one place to one target keep their order. */
  readonly place: string
  readonly notice: NoticeJson | ReplicaJson | AnnouncementJson
}

/** What a target is to be told. */
export interface NoticeJson {
  readonly event: EventJson
  /** Id of the rule that wants it told. */
  readonly rule: string
  readonly bucket: string
  /** Canonical id; the root principal's when left out. */
  readonly owner?: string
  readonly key: string
}

/** What is to be copied. */
export interface ReplicaJson {
  readonly replicate: 'object' | 'marker'
  /** Of the bucket it is in, now. */
  readonly bucketId: number
  readonly bucket: string
  readonly key: string
  /** Sequence of the version. */
  readonly version: number
  /** Bucket of this store; where left out, the target says where. */
  readonly to?: string
  readonly storageClass?: string
  /** Canonical id of who made the rule. */
  readonly by: string
}

/** What another domain announces: a document as it is sent, whose targets are that domain's own. */
export interface AnnouncementJson {
  /** e.g. `library.published` */
  readonly announces: string
  readonly document: Readonly<Record<string, unknown>>
}

export function isReplica(notice: WaitingJson['notice']): notice is ReplicaJson {
  return 'replicate' in notice
}

export interface TargetRow extends SqlRow {
  readonly name: string
  readonly place: string
  readonly generation: number | null
  readonly wrapped_key: Uint8Array | null
  readonly sealed: Uint8Array | null
  readonly sequence: number
  readonly at: number
}

export interface DeliveryRow extends SqlRow {
  readonly sequence: number
  readonly ordinal: number
  readonly target: string
  readonly place: string
  readonly at: number
  readonly notice: string
  readonly given_up_at: number | null
}
