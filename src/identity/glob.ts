/** Which libraries something is limited to: `@scope/name`, with `*` for any characters but the slash. No I/O here. */
import { accountFault, personFault } from '#identity/faults'
import { wildcard } from '#identity/wildcard'

export const globsMax = 50
const globCharactersMax = 100

/** At least one, and none twice; the `@` may be left out. `identity/malformed-glob`, `identity/too-many` */
export function parseGlobs(texts: readonly string[]): readonly string[] {
  const globs = [...new Set(texts.map(parseGlob))]
  if (globs.length === 0) throw personFault('identity/malformed-glob', { glob: '' })
  if (globs.length > globsMax)
    throw accountFault('identity/too-many', { what: 'limits of a token', max: globsMax })
  return globs
}

function parseGlob(text: string): string {
  const glob = text.startsWith('@') ? text : `@${text}`
  if (glob.length <= globCharactersMax && /^@[a-z0-9._*-]+\/[a-z0-9*-]+$/.test(glob)) return glob
  throw personFault('identity/malformed-glob', { glob: text.slice(0, 80) })
}

export function matchesGlob(glob: string, library: string): boolean {
  const [scope = '', name = ''] = glob.split('/')
  const [librarysScope = '', librarysName = '', ...rest] = library.split('/')
  const isOne = librarysName !== '' && rest.length === 0
  return isOne && wildcard(scope)(librarysScope) && wildcard(name)(librarysName)
}
