/** Where an address in a library's Markdown leads: into the same version's files, to a server or a mail program, or nowhere. */
import { isSafeAddress } from '#api/library/pages/html'
import { filePath, type LibraryNames, rawPath } from '#api/library/pages/paths'

/** The file that the address stands in, and what is around it. */
export interface FilePlace {
  readonly library: LibraryNames
  readonly version: string
  readonly path: string
  /** Paths of all files of the version. */
  readonly files: ReadonlySet<string>
}

export type Destination =
  | { readonly kind: 'inside'; readonly address: string }
  | { readonly kind: 'outside'; readonly address: string }
  | { readonly kind: 'nowhere' }

/** Of headings and footnotes in Markdown, so that none can take the place of an id of the page. */
export const markdownIdPrefix = 'md-'

const pictures = /\.(?:png|jpe?g|gif|webp|avif|svg)$/i
const nowhere: Destination = { kind: 'nowhere' }

export function linkDestination(address: string, place: FilePlace): Destination {
  if (address.startsWith('#')) return { kind: 'inside', address: fragmentOf(address) }
  const outside = outsideOf(address)
  if (outside !== undefined) return outside
  const { path, fragment } = splitAddress(address)
  const target = resolvePath(path, place)
  if (target === undefined) return nowhere
  if (!place.files.has(target) && !isFolder(target, place)) return nowhere
  const file = filePath(place.library, place.version, target)
  return { kind: 'inside', address: file + (fragment === '' ? '' : fragmentOf(fragment)) }
}

/** A picture of the same version is drawn; one from elsewhere is a link, as drawing it would tell a stranger who reads. */
export function pictureDestination(address: string, place: FilePlace): Destination {
  const outside = outsideOf(address)
  if (outside !== undefined) return outside
  const target = resolvePath(splitAddress(address).path, place)
  if (target === undefined || !place.files.has(target) || !pictures.test(target)) return nowhere
  return { kind: 'inside', address: rawPath(place.library, place.version, target) }
}

/** Whatever names a scheme or a server. */
function outsideOf(address: string): Destination | undefined {
  if (!/^(?:[a-z][a-z0-9+.-]*:|[/\\]{2})/i.test(address)) return undefined
  const parsed = URL.parse(address)
  if (parsed === null || !['http:', 'https:', 'mailto:'].includes(parsed.protocol)) return nowhere
  if (parsed.username !== '' || parsed.password !== '') return nowhere // a name before the @ looks like a server
  return isSafeAddress(parsed.href) ? { kind: 'outside', address: parsed.href } : nowhere
}

function splitAddress(address: string): { readonly path: string; readonly fragment: string } {
  const [, path = '', fragment = ''] = /^([^?#]*)(?:\?[^#]*)?(#.*)?$/s.exec(address) ?? []
  return { path, fragment }
}

function fragmentOf(fragment: string): string {
  const decoded = decode(fragment.slice(1)) ?? ''
  return `#${markdownIdPrefix}${encodeURIComponent(decoded.toLowerCase())}`
}

/** `/` begins at the library's root. `undefined` for what leads out of it. */
function resolvePath(address: string, { path }: FilePlace): string | undefined {
  const decoded = decode(address)
  if (decoded === undefined || /[\p{Cc}\\]/u.test(decoded)) return undefined
  const segments = decoded.startsWith('/') ? [] : path.split('/').slice(0, -1)
  for (const segment of decoded.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment === '..' && segments.length === 0) return undefined
    if (segment === '..') segments.pop()
    else segments.push(segment.normalize('NFC'))
  }
  return segments.join('/')
}

function isFolder(path: string, { files }: FilePlace): boolean {
  if (path === '') return true
  for (const file of files) if (file.startsWith(`${path}/`)) return true
  return false
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
