/**
 * Which versions somebody takes: `^1.2.3`, `~1.2`, `1.x`, `>=1.0.0 <2.0.0`, `1.0.0 - 1.4.0`, `^1 || ^2`, `*`. Spelling and meaning are npm's, read strictly: every
 * operator stands before its version, without a space.
 * A prerelease fits only where a comparator names a prerelease of the same MAJOR.MINOR.PATCH: who asks for `^1.0.0` does not get `1.1.0-beta`.
 */
import { archiveFault } from '#library/archive-faults'
import {
  compareVersions,
  isPrerelease,
  isVersion,
  newestFirst,
  parseVersion,
  type Version,
  versionParts,
} from '#library/version'

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
export const distTagCharsMax = 64

/** A dist-tag, e.g. `latest`: lower-case letters, digits, and single hyphens or dots between them; beginning with a letter, so that it is no version, and no range either. */
export function isDistTag(text: string): boolean {
  return (
    text.length <= distTagCharsMax &&
    /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/.test(text) &&
    parsed(text) === undefined
  )
}

/** `library/malformed-range`. The empty text is `*`. */
export function parseRange(text: string): Range {
  const anyOf = parsed(text)
  if (anyOf === undefined)
    throw archiveFault('library/malformed-range', {
      text: JSON.stringify(text.slice(0, rangeCharsMax + 1)),
      reason:
        'write a version, ^1.2.3, ~1.2.3, 1.x, >=1.2.0 <2.0.0, or several with || between them',
    })
  return { text, anyOf }
}

function parsed(text: string): Range['anyOf'] | undefined {
  if (text.length > rangeCharsMax) return undefined
  const sets = text.split('||').map((part) => parsedSet(part.trim()))
  return sets.every((set) => set !== undefined) ? sets : undefined
}

function parsedSet(text: string): readonly Comparator[] | undefined {
  const ends = text.split(/ +- +/)
  if (ends.length > 2) return undefined
  if (ends.length === 2) {
    const [low, high] = ends.map(parsedPartial)
    return low === undefined || high === undefined ? undefined : [...atLeast(low), ...atMost(high)]
  }
  const words = text === '' ? [] : text.split(/ +/)
  const comparators = words.map(parsedWord)
  return comparators.every((some) => some !== undefined) ? comparators.flat() : undefined
}

/** A version of which parts may be left out or written `x`. */
interface Partial {
  /** Those that are there: none to three. */
  readonly numbers: readonly bigint[]
  /** With its hyphen, or nothing. */
  readonly prerelease: string
}

function parsedPartial(text: string): Partial | undefined {
  if (isVersion(text)) {
    const version = parseVersion(text)
    const { major, minor, patch } = versionParts(version)
    const at = version.indexOf('-')
    const prerelease = at < 0 ? '' : version.slice(at)
    return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], prerelease }
  }
  const match = /^(0|[1-9]\d*|[xX*])(?:\.(0|[1-9]\d*|[xX*])(?:\.([xX*]))?)?$/.exec(text)
  if (match === null) return undefined
  const parts = match.slice(1).filter((part) => part !== undefined)
  const end = parts.findIndex((part) => /[xX*]/.test(part))
  const numbers = end < 0 ? parts : parts.slice(0, end)
  if (end >= 0 && parts.slice(end).some((part) => !/[xX*]/.test(part))) return undefined
  return { numbers: numbers.map(BigInt), prerelease: '' }
}

function parsedWord(word: string): readonly Comparator[] | undefined {
  const [, operator = '', rest = ''] = /^(\^|~|>=|<=|>|<|=)?(.*)$/.exec(word) ?? []
  const partial = parsedPartial(rest)
  if (partial === undefined) return undefined
  switch (operator) {
    case '^':
      return partial.numbers.length === 0 ? [] : [...atLeast(partial), before(caretEnd(partial))]
    case '~':
      return partial.numbers.length === 0
        ? []
        : [...atLeast(partial), before(bumped(partial, Math.min(1, partial.numbers.length - 1)))]
    case '>=':
      return atLeast(partial)
    case '<=':
      return atMost(partial)
    case '<':
      return partial.numbers.length === 0 ? never : [{ operator: '<', version: lowest(partial) }]
    case '>':
      return above(partial)
    default:
      return partial.numbers.length === 3
        ? [{ operator: '=', version: exactly(partial) }]
        : [...atLeast(partial), ...atMost(partial)]
  }
}

const never: readonly Comparator[] = [{ operator: '<', version: parseVersion('0.0.0-0') }]

function exactly({ numbers, prerelease }: Partial): Version {
  const [major = 0n, minor = 0n, patch = 0n] = numbers
  return parseVersion(`${major}.${minor}.${patch}${prerelease}`)
}

/** What is left out is zero; below a part that was left out, prereleases count too. */
function lowest(partial: Partial): Version {
  const isWhole = partial.numbers.length === 3
  return exactly({ ...partial, prerelease: isWhole ? partial.prerelease : '-0' })
}

function atLeast(partial: Partial): readonly Comparator[] {
  return partial.numbers.length === 0 ? [] : [{ operator: '>=', version: exactly(partial) }]
}

function atMost(partial: Partial): readonly Comparator[] {
  if (partial.numbers.length === 0) return []
  if (partial.numbers.length === 3) return [{ operator: '<=', version: exactly(partial) }]
  return [before(bumped(partial, partial.numbers.length - 1))]
}

function above(partial: Partial): readonly Comparator[] {
  if (partial.numbers.length === 0) return never
  if (partial.numbers.length === 3) return [{ operator: '>', version: exactly(partial) }]
  const version = exactly({ ...bumped(partial, partial.numbers.length - 1), prerelease: '' })
  return [{ operator: '>=', version }]
}

/** Its prereleases are not below it, as far as ranges go. */
function before(partial: Partial): Comparator {
  return { operator: '<', version: exactly({ ...partial, prerelease: '-0' }) }
}

/** The part at `index` is one more, and what follows is zero. */
function bumped({ numbers }: Partial, index: number): Partial {
  const next = numbers.slice(0, index + 1).map((value, at) => (at === index ? value + 1n : value))
  return { numbers: next, prerelease: '' }
}

/** The first part that is not zero stays; of zeros alone, the last that is there. */
function caretEnd(partial: Partial): Partial {
  const first = partial.numbers.findIndex((value) => value !== 0n)
  return bumped(partial, first < 0 ? partial.numbers.length - 1 : first)
}

export function isInRange(version: Version, { anyOf }: Range): boolean {
  return anyOf.some((set) => isInSet(version, set))
}

function isInSet(version: Version, set: readonly Comparator[]): boolean {
  if (!set.every((comparator) => fits(version, comparator))) return false
  if (!isPrerelease(version)) return true
  const core = version.split('-', 1)[0]
  return set.some((one) => isPrerelease(one.version) && one.version.split('-', 1)[0] === core)
}

function fits(version: Version, comparator: Comparator): boolean {
  const order = compareVersions(version, comparator.version)
  switch (comparator.operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
    case '=':
      return order === 0
  }
}

/** The newest that fits, prereleases only as the range asks for them. */
export function newestInRange(versions: Iterable<Version>, range: Range): Version | undefined {
  return newestFirst(versions).find((version) => isInRange(version, range))
}
