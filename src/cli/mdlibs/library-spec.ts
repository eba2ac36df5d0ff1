/** What people type for a library: `@scope/name`, and perhaps which version of it: `@scope/name@^1.2`. */
import { cliFault } from '#cli/faults'
import { formatLibraryRef, type LibraryRef, parseLibraryRef } from '#library/name'
import { isVersion, parseVersion, type Version } from '#library/version'

export interface LibrarySpec {
  readonly ref: LibraryRef
  /** `@scope/name` */
  readonly library: string
  /** A version, a range or a dist-tag, as it was typed. */
  readonly wanted: string | undefined
}

/** `library/malformed-name`, `cli/mistaken-usage` */
export function parseSpec(text: string): LibrarySpec {
  const at = text.indexOf('@', 1)
  const name = at < 0 ? text : text.slice(0, at)
  const wanted = at < 0 ? undefined : text.slice(at + 1)
  const ref = parseLibraryRef(name)
  if (wanted === '') throw mistaken(text, 'the version is missing behind the @')
  return { ref, library: formatLibraryRef(ref), wanted }
}

/** `library/malformed-name`, `cli/mistaken-usage` */
export function parseVersionSpec(text: string): LibrarySpec & { readonly version: Version } {
  const spec = parseSpec(text)
  if (spec.wanted === undefined || !isVersion(spec.wanted)) {
    throw mistaken(text, 'say which version, like @scope/name@1.2.0')
  }
  return { ...spec, version: parseVersion(spec.wanted) }
}

/** Its place in addresses. */
export function pathOf({ scope, name }: LibraryRef, ...more: readonly string[]): string {
  return ['', 'libraries', `@${scope}`, name, ...more.map(encodeURIComponent)].join('/')
}

function mistaken(text: string, reason: string): Error {
  return cliFault('cli/mistaken-usage', { mistakes: `${text}: ${reason}.` })
}
