/** What a bucket may say of its objects' future. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html */

/** All that is stated must be so of an object. */
export interface LifecycleConditions {
  readonly prefix?: string
  readonly tags?: readonly (readonly [name: string, value: string])[]
  readonly bytesAbove?: number
  readonly bytesBelow?: number
}

/** When: so many days after the object was written, or at a time (ms since 1970). */
export type LifecycleTime = { readonly days: number } | { readonly at: number }

/**
 * Whether small objects are moved: to no class, or to those alone that are for archives. A rule whose filter speaks of sizes has its own say.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
 */
export type SmallObjects = 'all_storage_classes_128K' | 'varies_by_storage_class'

/** Objects of fewer bytes are small. */
export const smallBytesBelow = 128 * 1024

/**
 * What is to become of objects as they grow old, in the shape it was given (S3's). Days are days after writing, or after another version
 * took the place; `newerKept` is how many of the newest such versions are left alone.
 */
export interface LifecycleRule {
  readonly id: string
  readonly isEnabled: boolean
  /** Of the rule itself (S3's older form); of a rule with a filter, there. */
  readonly prefix?: string
  readonly filter?: LifecycleConditions & { readonly and?: LifecycleConditions }
  /** Of current versions; or of delete markers that nothing is left behind. */
  readonly expiration?: LifecycleTime | { readonly removesMarkers: boolean }
  readonly formerExpiration?: { readonly days: number; readonly newerKept?: number }
  readonly abortsUploadsAfterDays?: number
  /** Without: small ones are moved as all others. One for all rules of a bucket. */
  readonly smallObjects?: SmallObjects
  readonly transitions?: readonly (LifecycleTime & { readonly storageClass: string })[]
  readonly formerTransitions?: readonly {
    readonly days: number
    readonly newerKept?: number
    readonly storageClass: string
  }[]
}
