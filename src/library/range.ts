/**
 * Which versions somebody takes: `^1.2.3`, `~1.2`, `1.x`, `>=1.0.0 <2.0.0`, `1.0.0 - 1.4.0`, `^1 || ^2`, `*`. The spelling and its meaning are npm's, read strictly.
 * A prerelease fits only where a comparator names a prerelease of the same MAJOR.MINOR.PATCH: who asks for `^1.0.0` does not get `1.1.0-beta`.
 */
import { archiveFault } from '#library/archive-faults'
import type { Version } from '#library/version'

export interface Comparator {
  readonly operator: '<' | '<=' | '>' | '>=' | '='
  readonly version: Version
}

/** Any of the sets, all of the comparators in it; an empty set takes every release. */
export interface Range {
  readonly text: string
  readonly anyOf: readonly (readonly Comparator[])[]
}

export const rangeCharsMax = 256

/** A dist-tag, e.g. `latest`: 1 to 64 lower-case letters, digits and single hyphens or dots between them, that is no range. */
export function isDistTag(_text: string): boolean {
  throw new Error('to come')
}

/** `library/malformed-range`. */
export function parseRange(_text: string): Range {
  throw archiveFault('library/malformed-range')
}

export function isInRange(_version: Version, _range: Range): boolean {
  throw new Error('to come')
}

/** The newest that fits, prereleases only as the range asks for them. */
export function newestInRange(_versions: Iterable<Version>, _range: Range): Version | undefined {
  throw new Error('to come')
}
