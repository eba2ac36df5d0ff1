/**
 * Which paths an archive may hold: those that every file system takes, that mean the same file on each, and that lead nowhere but into the library's own
 * directory. Writers and readers ask the same questions.
 */
import type { ArchiveLimits } from '#library/archive-limits'

/** Why a path is refused. */
export type PathRule =
  | 'path-not-unicode'
  | 'path-nul'
  | 'path-unc'
  | 'path-absolute'
  | 'path-backslash'
  | 'path-drive'
  | 'path-parent'
  | 'path-empty-part'
  | 'path-not-nfc'
  | 'path-hidden-character'
  | 'path-forbidden-character'
  | 'path-reserved-name'
  | 'path-trailing-dot'
  | 'path-too-long'
  | 'path-too-deep'
  | 'path-duplicate'
  | 'path-case-duplicate'
  | 'path-file-and-directory'
  | 'path-order'

/** Directories and the file. */
export const pathPartsMax = 32
/** Fields of a ustar header. A path goes into the second, or is cut at a slash. */
export const ustarPrefixBytes = 155
export const ustarNameBytes = 100

/** Controls, and what turns text around or cannot be seen. Joiners and the mark of an emoji belong to names in Persian, and to emoji. */
const hidden = /[\p{Cc}\u2028\u2029]|(?!\u200c|\u200d|\ufe0f)\p{Default_Ignorable_Code_Point}/u
/** Windows has these names in every directory, with any extension. */
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(?:\.|$)/i

/** What is wrong with one path by itself; `undefined`: nothing. */
export function complaintOfPath(
  path: string,
  { pathBytesMax }: Pick<ArchiveLimits, 'pathBytesMax'>,
): PathRule | undefined {
  if (!path.isWellFormed() || path.includes('\ufffd')) return 'path-not-unicode'
  if (path.includes('\0')) return 'path-nul'
  if (/^(?:\\\\|\/\/)/.test(path)) return 'path-unc'
  if (path.startsWith('/')) return 'path-absolute'
  if (/^[a-z]:/i.test(path)) return 'path-drive'
  if (path.includes('\\')) return 'path-backslash'
  const parts = path.split('/')
  for (const part of parts) {
    const rule = complaintOfPart(part)
    if (rule !== undefined) return rule
  }
  if (path.normalize('NFC') !== path) return 'path-not-nfc'
  if (parts.length > pathPartsMax) return 'path-too-deep'
  const bytes = Buffer.byteLength(path)
  return bytes > pathBytesMax || ustarSplit(path) === undefined ? 'path-too-long' : undefined
}

function complaintOfPart(part: string): PathRule | undefined {
  if (part === '..') return 'path-parent'
  if (part === '' || part === '.') return 'path-empty-part'
  if (hidden.test(part)) return 'path-hidden-character'
  if (/[<>:"|?*]/.test(part)) return 'path-forbidden-character'
  if (device.test(part)) return 'path-reserved-name'
  if (/^ |[. ]$/.test(part)) return 'path-trailing-dot'
  return undefined
}

export interface UstarName {
  readonly prefix: string
  readonly name: string
}

/** Where a header cuts a path: nowhere when it fits, else at the last slash whose left side fits. `undefined`: it fits in no way. */
export function ustarSplit(path: string): UstarName | undefined {
  const bytes = Buffer.from(path)
  if (bytes.length <= ustarNameBytes) return { prefix: '', name: path }
  const slash = bytes.lastIndexOf(0x2f, ustarPrefixBytes)
  if (slash <= 0 || bytes.length - slash - 1 > ustarNameBytes) return undefined
  return {
    prefix: bytes.toString('utf8', 0, slash),
    name: bytes.toString('utf8', slash + 1),
  }
}

/** An archive's order: by the bytes of UTF-8. */
export function comparePaths(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** The paths of one archive, as they come: in order, each once, on file systems that ignore case too. */
export class PathOrder {
  #last = ''
  /** What each path and directory is on a file system that ignores case. */
  readonly #spellings = new Map<string, { readonly path: string; readonly isFile: boolean }>()

  /** What is wrong with `path` beside those before it. To be called with those in which `complaintOfPath` found nothing. */
  add(path: string): PathRule | undefined {
    const rule = this.#claim(path)
    if (rule !== undefined) return rule
    if (comparePaths(path, this.#last) < 0) return 'path-order'
    this.#last = path
    return undefined
  }

  #claim(path: string): PathRule | undefined {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const rule = this.#note(path.slice(0, slash), false)
      if (rule !== undefined) return rule
    }
    return this.#note(path, true)
  }

  #note(path: string, isFile: boolean): PathRule | undefined {
    const folded = caseFolded(path)
    const known = this.#spellings.get(folded)
    if (known === undefined) {
      this.#spellings.set(folded, { path, isFile })
      return undefined
    }
    if (known.isFile !== isFile) return 'path-file-and-directory'
    if (known.path !== path) return 'path-case-duplicate'
    return isFile ? 'path-duplicate' : undefined
  }
}

/** Wider than any file system's own folding: `ß` and `SS`, `ſ` and `s`, `ﬁ` and `fi` are the same. */
export function caseFolded(path: string): string {
  return path.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKC')
}
