/**
 * Which versions of a bucket are copied where. Pure.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
 */
import type { Tags } from '#object/model'

export interface Replication {
  /** As it was given: a name and no more. */
  readonly role: string
  /** Canonical id of who made the rules: what they may not do in a bucket of this store, is not done. */
  readonly by: string
  readonly rules: readonly ReplicationRule[]
}

export interface ReplicationRule {
  readonly id: string
  readonly isEnabled: boolean
  readonly priority?: number
  /** Of the rule itself (S3's older form); of a rule with a filter, there. */
  readonly prefix?: string
  readonly filter?: ReplicationConditions & { readonly and?: ReplicationConditions }
  readonly repeatsMarkers?: boolean
  readonly destination: ReplicationDestination
}

/** All that is stated must be so of an object. */
export interface ReplicationConditions {
  readonly prefix?: string
  readonly tags?: Tags
}

export interface ReplicationDestination {
  /** As it was given; ends in the name of the bucket or the target. */
  readonly arn: string
  readonly to: ReplicaPlace
  readonly account?: string
  readonly storageClass?: string
}

/** A bucket of this store, or a bucket at an endpoint that is a target. */
export type ReplicaPlace = { readonly bucket: string } | { readonly target: string }

interface Subject {
  readonly key: string
  readonly tags: Tags
  readonly isMarker: boolean
}

/** One rule for each destination: of several that would, the one with the highest priority. */
export function replicationsOf(
  { rules }: Pick<Replication, 'rules'>,
  subject: Subject,
): readonly ReplicationRule[] {
  const chosen = new Map<string, ReplicationRule>()
  for (const rule of rules) {
    if (!rule.isEnabled || !concerns(rule, subject)) continue
    const { arn } = rule.destination
    const known = chosen.get(arn)
    if (known === undefined || (rule.priority ?? 0) > (known.priority ?? 0)) chosen.set(arn, rule)
  }
  return [...chosen.values()].filter((rule) => !subject.isMarker || repeatsMarkers(rule))
}

/** Rules of the older form do, unless they say otherwise. */
function repeatsMarkers({ repeatsMarkers: said, filter }: ReplicationRule): boolean {
  return said ?? filter === undefined
}

function concerns({ prefix, filter }: ReplicationRule, subject: Subject): boolean {
  return [{ prefix }, filter, filter?.and].every((one) => one === undefined || meets(one, subject))
}

function meets(
  { prefix = '', tags = [] }: { readonly prefix?: string | undefined; readonly tags?: Tags },
  { key, tags: has }: Subject,
): boolean {
  return (
    key.startsWith(prefix) &&
    tags.every(([name, value]) => has.some(([other, its]) => other === name && its === value))
  )
}
