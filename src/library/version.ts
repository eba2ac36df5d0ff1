/** Versions: Semantic Versioning 2.0.0, read strictly. Numbers may have any length; they are compared as text and never become floating point. */
import type { Branded } from '#bytes/brand'
import { archiveFault } from '#library/archive-faults'

/** A version's identity, e.g. `1.2.3` or `2.0.0-beta.1`: without build metadata, which does not make two versions of one. */
export type Version = Branded<string, 'Version'>

/** With build metadata. */
export const versionCharsMax = 128

const number = '(0|[1-9][0-9]*)'
const identifier = '(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)'
const identifiers = `${identifier}(?:\\.${identifier})*`
const build = '[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*'
const pattern = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${identifiers}))?(?:\\+(${build}))?$`,
)

export interface VersionParts {
  /** Decimal digits without leading zeros. */
  readonly major: string
  readonly minor: string
  readonly patch: string
  /** Identifiers; empty for a release. */
  readonly prerelease: readonly string[]
}

/** `library/malformed-version`. Build metadata is read, and left out. */
export function parseVersion(text: string): Version {
  const [whole, core] = matched(text)
  if (whole === undefined || core === undefined)
    throw archiveFault('library/malformed-version', {
      text: JSON.stringify(text.slice(0, versionCharsMax + 1)),
      reason: 'write MAJOR.MINOR.PATCH, and -PRERELEASE if it is one, as semver.org says',
    })
  return core as Version
}

export function isVersion(text: string): boolean {
  return matched(text).length > 0
}

function matched(text: string): readonly string[] {
  if (text.length > versionCharsMax) return []
  const match = pattern.exec(text)
  return match === null ? [] : [text, text.split('+', 1)[0] ?? '']
}

export function versionParts(version: Version): VersionParts {
  const [, major = '0', minor = '0', patch = '0', prerelease] = pattern.exec(version) ?? []
  return { major, minor, patch, prerelease: prerelease?.split('.') ?? [] }
}

export function isPrerelease(version: Version): boolean {
  return version.includes('-')
}

/** Below zero when `one` comes before `other` (semver.org, 11). */
export function compareVersions(one: Version, other: Version): number {
  const [a, b] = [versionSortKey(one), versionSortKey(other)]
  return a < b ? -1 : a > b ? 1 : 0
}

/** Newest first. */
export function newestFirst(versions: Iterable<Version>): readonly Version[] {
  return [...versions]
    .map((version) => ({ version, key: versionSortKey(version) }))
    .sort((a, b) => (a.key < b.key ? 1 : a.key > b.key ? -1 : 0))
    .map(({ version }) => version)
}

/** What `versionSortKey` can have at most, of a version of `versionCharsMax`. */
export const versionSortKeyCharsMax = 400

/**
 * Text of the digits 0-9 and a-f that sorts as versions do, byte by byte and under every database's collation (lower-case hexadecimal sorts alike in all):
 * numbers with their length before them; then `f` for a release, or for each identifier `1` and a number or `2` and its characters as hex, and `0` at the end.
 */
export function versionSortKey(version: Version): string {
  const { major, minor, patch, prerelease } = versionParts(version)
  const core = [major, minor, patch].map(numberKey).join('')
  if (prerelease.length === 0) return `${core}f`
  return `${core}${prerelease.map(identifierKey).join('')}0`
}

function numberKey(digits: string): string {
  return digits.length.toString(16).padStart(2, '0') + digits
}

function identifierKey(text: string): string {
  if (/^\d+$/.test(text)) return `1${numberKey(text)}`
  return `2${Buffer.from(text, 'ascii').toString('hex')}0`
}
