/**
 * Names of libraries, `@scope/name`. A scope is the handle of a user or a team. Names are ASCII, so that no two of them look alike for being written in two
 * alphabets; those that look alike within ASCII are told by `nameSkeleton`, those that are nearly the same by `isNearName`.
 */
import type { Branded } from '#bytes/brand'
import { archiveFault } from '#library/archive-faults'

/** 3 to 32 lower-case letters, digits and single hyphens between them. Without the `@`. */
export type Scope = Branded<string, 'Scope'>
/** 3 to 64 of the same. */
export type LibraryName = Branded<string, 'LibraryName'>

export interface LibraryRef {
  readonly scope: Scope
  readonly name: LibraryName
}

export const nameCharsMin = 3
export const scopeCharsMax = 32
export const libraryNameCharsMax = 64

/** Of paths, programs and devices: a library or scope of such a name would be mistaken for them. */
const reservedNames: ReadonlySet<string> = new Set([
  ...['about', 'account', 'accounts', 'admin', 'administrator', 'anonymous', 'api', 'assets'],
  ...['auth', 'badge', 'com', 'everyone', 'favicon', 'feed', 'health', 'healthz', 'help', 'home'],
  ...['internal', 'invitations', 'keys', 'latest', 'libraries', 'library', 'local', 'login'],
  ...['logout', 'mdlibs', 'metrics', 'moderation', 'mycelium', 'null', 'official', 'openapi'],
  ...['private', 'public', 'quota', 'readyz', 'register', 'registry', 'robots', 'root', 'search'],
  ...['security', 'session', 'settings', 'sign-in', 'sign-out', 'static', 'stats', 'support'],
  ...['system', 'team', 'teams', 'token', 'tokens', 'undefined', 'user', 'users', 'version'],
  ...['versions', 'webhooks', 'www'],
  ...['aux', 'con', 'nul', 'prn', 'node-modules'],
])
/** Last parts of addresses below a library's own. */
const reservedLibraryNames: ReadonlySet<string> = new Set(['latest', 'null', 'undefined'])
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)$/

/** `library/malformed-name`. A leading `@` is taken off. Reserved ones are read too: they may belong to the system itself. */
export function parseScope(text: string): Scope {
  return checked(text.startsWith('@') ? text.slice(1) : text, scopeCharsMax, 'scope') as Scope
}

/** `library/malformed-name`. */
export function parseLibraryName(text: string): LibraryName {
  return checked(text, libraryNameCharsMax, 'name') as LibraryName
}

/** From `@scope/name` or `scope/name`. `library/malformed-name`. */
export function parseLibraryRef(text: string): LibraryRef {
  const [scope = '', name, ...more] = text.split('/')
  if (name === undefined || more.length > 0)
    throw archiveFault('library/malformed-name', { text: shown(text), reason: 'write @scope/name' })
  return { scope: parseScope(scope), name: parseLibraryName(name) }
}

export function formatLibraryRef({ scope, name }: LibraryRef): string {
  return `@${scope}/${name}`
}

/** Whether nobody may take it for a scope. */
export function isReservedScope(scope: Scope): boolean {
  return reservedNames.has(scope) || device.test(scope)
}

/** Whether nobody may take it for a library. */
export function isReservedLibraryName(name: LibraryName): boolean {
  return reservedLibraryNames.has(name) || device.test(name)
}

function checked(text: string, charsMax: number, what: string): string {
  const reason = complaintOf(text, charsMax)
  if (reason !== undefined)
    throw archiveFault('library/malformed-name', { [what]: shown(text), reason })
  return text
}

function complaintOf(text: string, charsMax: number): string | undefined {
  if (text.length < nameCharsMin) return `it has fewer than ${nameCharsMin} characters`
  if (text.length > charsMax) return `it has more than ${charsMax} characters`
  if (!/^[a-z0-9-]+$/.test(text))
    return 'only lower-case letters, digits and hyphens may stand in it'
  if (text.startsWith('-') || text.endsWith('-')) return 'it begins or ends with a hyphen'
  if (text.includes('--')) return 'it has two hyphens in a row'
  if (!/[a-z]/.test(text)) return 'it has no letter'
  return undefined
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, libraryNameCharsMax + 1))
}

/** Names with the same skeleton look alike, or are read out alike: `my-docs`, `mydocs`, `myd0cs`; `modern` and `rnodern`. */
export function nameSkeleton(name: Scope | LibraryName): string {
  return name
    .replaceAll('-', '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('cl', 'd')
    .replaceAll('0', 'o')
    .replaceAll(/[1i]/g, 'l')
    .replaceAll('2', 'z')
    .replaceAll('5', 's')
    .replaceAll('8', 'b')
}

/** Short names are often one character apart by right. */
const nearCharsMin = 5
const twoApartCharsMin = 12

/** Whether one is likely taken for the other when it is typed: the same skeleton, one slip apart, two when long, or a plural. Not for a name and itself. */
export function isNearName(one: LibraryName, other: LibraryName): boolean {
  if (one === other) return false
  const [a, b] = [nameSkeleton(one), nameSkeleton(other)]
  if (a === b) return true
  const shortest = Math.min(a.length, b.length)
  if (shortest < nearCharsMin) return false
  return slipsBetween(a, b) <= (shortest < twoApartCharsMin ? 1 : 2)
}

/** Characters added, left out, replaced, or swapped with their neighbour (the restricted Damerau–Levenshtein distance). */
export function slipsBetween(one: string, other: string): number {
  let before: number[] = []
  let last = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row]
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1]
      let slips = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      )
      const isSwap = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]
      if (row > 1 && column > 1 && isSwap) slips = Math.min(slips, (before[column - 2] ?? 0) + 1)
      next.push(slips)
    }
    before = last
    last = next
  }
  return last[other.length] ?? one.length
}
