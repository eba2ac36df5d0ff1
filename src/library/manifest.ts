/** The manifest of a library: the file `.mdlibs.toml` at its top. Specified in docs/formats/library-archive.md. */
import { parse, TomlError } from 'smol-toml'
import { type Reader, readTable, type Table } from '#library/_manifest-fields'
import { archiveFault } from '#library/archive-faults'
import { archiveLimits } from '#library/archive-limits'
import { complaintOfPath } from '#library/archive-path'
import { isMarkdown } from '#library/file-kind'
import { readFrontMatter } from '#library/front-matter'
import { isLicenceExpression } from '#library/licence-expression'
import {
  formatLibraryRef,
  type LibraryName,
  parseLibraryName,
  parseLibraryRef,
  type Scope,
} from '#library/name'
import { parseRange, type Range } from '#library/range'
import { parseVersion, type Version } from '#library/version'

export const manifestPath = '.mdlibs.toml'
export const manifestBytesMax = 64 * 1024
export const manifestSchema = 1

export type Visibility = 'public' | 'internal' | 'private'
export const visibilities: readonly Visibility[] = ['public', 'internal', 'private']

export interface Author {
  readonly name: string
  readonly email?: string
  readonly url?: string
}

export interface Manifest {
  readonly schema: number
  /** When the name is written `@scope/name`. */
  readonly scope?: Scope
  readonly name: LibraryName
  readonly version: Version
  /** As written, with build metadata. */
  readonly versionText: string
  readonly description?: string
  /** An SPDX expression. */
  readonly license?: string
  readonly authors: readonly Author[]
  /** Lower case, each once. */
  readonly tags: readonly string[]
  /** The path of a Markdown file of the library. */
  readonly readme?: string
  readonly homepage?: string
  readonly repository?: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly visibility?: Visibility
  /** By `@scope/name`, sorted. */
  readonly dependencies: ReadonlyMap<string, Range>
}

export interface ReadManifest {
  readonly manifest: Manifest
  /** The whole document as JSON, with the keys that are not known here. */
  readonly document: string
  /** Sentences. */
  readonly warnings: readonly string[]
}

export const descriptionCharsMax = 512
export const tagsMax = 20
export const tagCharsMax = 32
export const authorsMax = 20
export const globsMax = 100
export const dependenciesMax = 200
const textCharsMax = 256
const urlCharsMax = 1_024

/** Tables of the same file that belong to the command line. */
const foreignTables = ['registry', 'registries', 'scopes', 'install']

/** `library/malformed-manifest`; its `reason` names the key, or the line. */
export function parseManifest(text: string): ReadManifest {
  if (Buffer.byteLength(text) > manifestBytesMax)
    throw malformed(`it is larger than ${manifestBytesMax} bytes`)
  const document = parsedToml(text)
  const top = readTable(document, '', malformed)
  const library = top.table('library')
  if (library === undefined) throw malformed('it has no table [library]')
  const manifest: Manifest = {
    ...identity(library),
    ...about(library),
    include: library.texts('include', { most: globsMax, read: glob }) ?? [],
    exclude: library.texts('exclude', { most: globsMax, read: glob }) ?? [],
    ...optional('visibility', library.text('visibility', visibility)),
    dependencies: dependencies(top.table('dependencies')),
  }
  top.ignore(foreignTables)
  const warnings = [...top.warnings(), ...library.warnings(), ...lacks(manifest)]
  return { manifest, document: JSON.stringify(document), warnings }
}

function malformed(reason: string): Error {
  return archiveFault('library/malformed-manifest', { reason })
}

function parsedToml(text: string): Table {
  try {
    return parse(text)
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    throw malformed(`line ${cause.line}: ${cause.message.split('\n', 1)[0]}`)
  }
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [Name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [Name in Key]?: Value }) // a computed key widens
}

function identity(
  library: Reader,
): Pick<Manifest, 'schema' | 'scope' | 'name' | 'version' | 'versionText'> {
  const schema = library.integer('schema') ?? manifestSchema
  if (schema !== manifestSchema)
    throw malformed(`library.schema is ${schema}: this program reads ${manifestSchema}`)
  const nameText = library.text('name', named)
  const versionText = library.text('version', (text) => {
    parseVersion(text)
    return text
  })
  if (nameText === undefined) throw malformed('library.name is missing')
  if (versionText === undefined) throw malformed('library.version is missing')
  return { schema, ...nameText, version: parseVersion(versionText), versionText }
}

function named(text: string): Pick<Manifest, 'scope' | 'name'> {
  if (text.includes('/')) return parseLibraryRef(text)
  return { name: parseLibraryName(text) }
}

type About = Pick<
  Manifest,
  'description' | 'license' | 'authors' | 'tags' | 'readme' | 'homepage' | 'repository'
>

function about(library: Reader): About {
  const tags = library.texts('tags', { most: tagsMax, read: tag }) ?? []
  const keywords = library.texts('keywords', { most: tagsMax, read: tag }) ?? []
  return {
    ...optional('description', library.text('description', oneLine(descriptionCharsMax))),
    ...optional('license', library.text('license', licence)),
    authors: library.items('authors', { most: authorsMax, read: author }) ?? [],
    tags: [...new Set([...tags, ...keywords])].slice(0, tagsMax),
    ...optional('readme', library.text('readme', readmePath)),
    ...optional('homepage', library.text('homepage', webAddress)),
    ...optional('repository', library.text('repository', webAddress)),
  }
}

function oneLine(charsMax: number): (text: string) => string {
  return (text) => {
    if (/[\p{Cc}\u2028\u2029]/u.test(text)) throw malformed('it has line ends or controls')
    if (!text.isWellFormed()) throw malformed('it is no Unicode')
    if (text.length > charsMax) throw malformed(`it has more than ${charsMax} characters`)
    return text.trim()
  }
}

function licence(text: string): string {
  if (isLicenceExpression(text)) return text
  throw malformed('it is no SPDX expression, e.g. MIT or Apache-2.0 OR MIT')
}

function tag(text: string): string {
  const lower = text.toLowerCase()
  if (lower.length <= tagCharsMax && /^[a-z0-9][a-z0-9+#.-]*$/.test(lower)) return lower
  throw malformed(`a tag has at most ${tagCharsMax} letters, digits, and + # . -`)
}

/** `Name <mail> (address)`, or a table of these. */
function author(value: unknown): Author {
  if (typeof value === 'string') {
    const match = /^([^<>()]+?)\s*(?:<([^<>\s]+)>)?\s*(?:\(([^()\s]+)\))?$/.exec(value.trim())
    if (match === null) throw malformed('write "Name <mail> (address)"')
    return authorOf(match[1] ?? '', match[2], match[3])
  }
  const table = readTable(value, '', malformed)
  const name = table.text('name', oneLine(textCharsMax))
  if (name === undefined) throw malformed('an author has a name')
  return authorOf(name, table.text('email', String), table.text('url', String))
}

function authorOf(name: string, email: string | undefined, url: string | undefined): Author {
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(oneLine(textCharsMax)(email)))
    throw malformed('its mail address is none')
  return {
    name: oneLine(textCharsMax)(name),
    ...optional('email', email),
    ...optional('url', url === undefined ? undefined : webAddress(url)),
  }
}

function readmePath(text: string): string {
  const path = text.replace(/^\.\//, '').normalize('NFC')
  if (complaintOfPath(path, archiveLimits) !== undefined || !isMarkdown(path))
    throw malformed('it is no path of a Markdown file')
  return path
}

function webAddress(text: string): string {
  const url = text.length <= urlCharsMax ? URL.parse(text) : null
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (url === null || !isWeb || url.username !== '' || url.password !== '')
    throw malformed('it is no http or https address')
  return url.href
}

function glob(text: string): string {
  const isOurs =
    text !== '' && text.length <= textCharsMax && !/[\\\p{Cc}]|^\/|(?:^|\/)\.\.(?:\/|$)/u.test(text)
  if (!isOurs) throw malformed('a pattern is relative, with / between its parts')
  return text
}

function visibility(text: string): Visibility {
  const found = visibilities.find((one) => one === text)
  if (found === undefined) throw malformed(`it is one of ${visibilities.join(', ')}`)
  return found
}

function dependencies(table: Reader | undefined): ReadonlyMap<string, Range> {
  const keys = table?.keys() ?? []
  if (keys.length > dependenciesMax)
    throw malformed(`[dependencies] has more than ${dependenciesMax}`)
  const pairs = keys.sort().map((key): readonly [string, Range] => {
    const range = table?.text(key, parseRange)
    if (!key.startsWith('@') || range === undefined)
      throw malformed(`dependencies.${key}: write "@scope/name" = "^1.0.0"`)
    return [
      formatLibraryRef(table?.ask(key, () => parseLibraryRef(key)) ?? parseLibraryRef(key)),
      range,
    ]
  })
  return new Map(pairs)
}

function lacks({ description, license }: Manifest): readonly string[] {
  return [
    ...(description === undefined ? ['library.description is missing: search shows it'] : []),
    ...(license === undefined ? ['library.license is missing: nobody knows what they may do'] : []),
  ]
}

/** As the data of an answer, or of a database. `manifestFromJson` reads it back. */
export function manifestToJson({ dependencies, ...rest }: Manifest): string {
  const ranges = Object.fromEntries([...dependencies].map(([key, { text }]) => [key, text]))
  return JSON.stringify({ ...rest, dependencies: ranges })
}

/** Of what `manifestToJson` wrote. */
export function manifestFromJson(json: string): Manifest {
  const { dependencies, ...rest } = JSON.parse(json) as Omit<Manifest, 'dependencies'> & {
    readonly dependencies: Readonly<Record<string, string>>
  } // it was written by the function above
  const ranges = Object.entries(dependencies).map(([key, text]) => [key, parseRange(text)] as const)
  return { ...rest, dependencies: new Map(ranges) }
}

/** Front matter of a top-level `SKILL.md`, as agents read it. */
export interface Skill {
  readonly name?: string
  readonly description?: string
  readonly license?: string
  readonly allowedTools: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
}

export const skillPath = 'SKILL.md'

/** `undefined`: it has no front matter. */
export function parseSkill(text: string): Skill | undefined {
  const { fields, linesBefore } = readFrontMatter(text)
  if (linesBefore === 0) return undefined
  const textOf = (key: string): string | undefined => {
    const value = fields.get(key)
    return typeof value === 'string' ? value.slice(0, urlCharsMax) : undefined
  }
  const tools = fields.get('allowed-tools')
  const metadata = fields.get('metadata')
  return {
    ...optional('name', textOf('name')),
    ...optional('description', textOf('description')),
    ...optional('license', textOf('license')),
    allowedTools:
      typeof tools === 'string' ? tools.split(/[\s,]+/) : Array.isArray(tools) ? tools : [],
    metadata: isRecord(metadata) ? metadata : {},
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
