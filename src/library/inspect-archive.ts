/** All that a registry, or a client before it installs, wants to know of an archive, in one pass over its bytes. */
import { openDigest } from '#crypto/digest'
import { documentBytesMax } from '#library/archive-limits'
import { type ArchiveFile, type ReadOptions, readArchive, refusal } from '#library/archive-reader'
import { isMarkdown } from '#library/file-kind'
import { type FileScan, openFileScan } from '#library/file-scan'
import {
  manifestBytesMax,
  manifestPath,
  parseManifest,
  parseSkill,
  type ReadManifest,
  type Skill,
  skillPath,
} from '#library/manifest'
import { formatLibraryRef, type LibraryRef } from '#library/name'
import { type Finding, FindingShelf, sortOf } from '#library/scan'
import { treeDigest } from '#library/tree-digest'
import type { Version } from '#library/version'

export interface Document {
  readonly path: string
  /** At most `documentBytesMax` of it. */
  readonly text: string
}

export interface Inspection {
  /** SHA-256 of the archive's bytes: 32 bytes. */
  readonly digest: Uint8Array
  readonly treeDigest: Uint8Array
  readonly packedBytes: number
  /** The sum of all files' bytes. */
  readonly unpackedBytes: number
  /** By path, as they lie in the archive. */
  readonly files: readonly ArchiveFile[]
  readonly manifest: ReadManifest
  /** The manifest's, else `README.md` at the top or in `docs/`, in any case, else the only Markdown file there is. */
  readonly readme?: Document
  readonly skill?: Skill
  /** The gravest first. */
  readonly findings: readonly Finding[]
}

export interface InspectOptions extends ReadOptions {
  /** What the manifest must say. */
  readonly expected?: LibraryRef & { readonly version: Version }
  /** Hears of every Markdown file, in order. */
  readonly onDocument?: (document: Document) => void
  /** False: findings are not looked for. */
  readonly scans?: boolean
}

/** `library/archive-refused`, `library/archive-too-large`, `library/malformed-manifest`. Pulls the source to its end, or to the first thing that is wrong. */
export async function inspectArchive(
  source: AsyncIterable<Uint8Array>,
  { expected, onDocument, scans = true, ...options }: InspectOptions,
): Promise<Inspection> {
  const packed = new Counted(source)
  const desk = new InspectionDesk({ onDocument, scans })
  for await (const event of readArchive(packed.bytes(), options)) {
    if (event.kind === 'file') desk.begin(event.path)
    else if (event.kind === 'bytes') desk.push(event.bytes)
    else desk.end(event.file)
  }
  return { ...packed.result(), ...desk.result(expected) }
}

class Counted {
  readonly #source: AsyncIterable<Uint8Array>
  readonly #digest = openDigest('sha256')
  #count = 0

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source
  }

  async *bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of this.#source) {
      this.#digest.update(piece)
      this.#count += piece.length
      yield piece
    }
  }

  result(): Pick<Inspection, 'digest' | 'packedBytes'> {
    return { digest: this.#digest.digest(), packedBytes: this.#count }
  }
}

/** Keeps of the files what is asked for, one at a time. */
class InspectionDesk {
  readonly #onDocument: (document: Document) => void
  readonly #scans: boolean
  readonly #files: ArchiveFile[] = []
  readonly #findings = new FindingShelf()
  /** Candidates for the README, by their path in lower case: whole texts of a few files. */
  readonly #readmes = new Map<string, Document>()
  #markdownFiles = 0
  #onlyMarkdown: Document | undefined
  #manifest: string | undefined
  #namedReadme: string | undefined
  #skill: string | undefined
  #path = ''
  #kept: Uint8Array[] = []
  #keptBytes = 0
  #scan: FileScan | undefined

  constructor({
    onDocument,
    scans,
  }: {
    readonly onDocument: InspectOptions['onDocument']
    readonly scans: boolean
  }) {
    this.#onDocument = onDocument ?? (() => {})
    this.#scans = scans
  }

  begin(path: string): void {
    this.#path = path
    this.#kept = []
    this.#keptBytes = 0
    this.#scan = this.#scans ? openFileScan(path) : undefined
  }

  push(bytes: Uint8Array): void {
    this.#scan?.push(bytes)
    const most = this.#path === manifestPath ? manifestBytesMax + 1 : documentBytesMax
    const isKept = this.#path === manifestPath || isMarkdown(this.#path)
    const taken = isKept ? bytes.subarray(0, most - this.#keptBytes) : bytes.subarray(0, 0)
    if (taken.length === 0) return
    this.#kept.push(new Uint8Array(taken)) // it is ours only until the next pull
    this.#keptBytes += taken.length
  }

  end(file: ArchiveFile): void {
    this.#files.push(file)
    if (this.#scan !== undefined) this.#findings.add(this.#scan.end())
    if (this.#path === manifestPath) this.#manifest = Buffer.concat(this.#kept).toString()
    if (isMarkdown(this.#path)) this.#endDocument(textOf(this.#kept))
    this.#kept = []
  }

  #endDocument(text: string): void {
    const document = { path: this.#path, text }
    this.#onDocument(document)
    this.#markdownFiles += 1
    this.#onlyMarkdown = this.#markdownFiles === 1 ? document : undefined
    if (this.#path === skillPath) this.#skill = text
    const lower = this.#path.toLowerCase()
    if (/^(?:docs\/)?readme\.(?:md|markdown)$/.test(lower)) this.#readmes.set(lower, document)
    else if (this.#path === this.#readmePath()) this.#readmes.set(this.#path, document)
  }

  /** Of the manifest, once it was read: nearly always it is the archive's first file. */
  #readmePath(): string | undefined {
    if (this.#manifest === undefined) return undefined
    this.#namedReadme ??=
      /^\s*readme\s*=\s*["'](?:\.\/)?([^"']+)["']/m.exec(this.#manifest)?.[1] ?? ''
    return this.#namedReadme.normalize('NFC')
  }

  result(expected: InspectOptions['expected']): Omit<Inspection, 'digest' | 'packedBytes'> {
    if (this.#manifest === undefined) throw refusal('no-manifest', { path: manifestPath })
    const manifest = parseManifest(this.#manifest)
    if (expected !== undefined) compare(manifest.manifest, expected)
    if (this.#markdownFiles === 0) throw refusal('no-markdown')
    const readme = this.#readme(manifest)
    const skill = this.#skill === undefined ? undefined : parseSkill(this.#skill)
    if (this.#scans) {
      this.#scanDecoded(manifestPath, JSON.parse(manifest.document))
      this.#scanDecoded(skillPath, skill)
    }
    return {
      treeDigest: treeDigest(this.#files),
      unpackedBytes: this.#files.reduce((sum, { bytes }) => sum + bytes, 0),
      files: this.#files,
      manifest,
      ...(readme === undefined ? {} : { readme }),
      ...(skill === undefined ? {} : { skill }),
      findings: this.#findings.all(),
    }
  }

  /** What a document says once it is read: its format has ways to write letters that nobody sees in the file. */
  #scanDecoded(path: string, document: unknown): void {
    const ofFile = this.#findings.all().filter((one) => one.path === path)
    const seen = new Set(ofFile.map(sortOf))
    const scan = openFileScan(path)
    scan.push(Buffer.from(stringsIn(document).join('\n')))
    const fresh = scan.end().filter((finding) => !seen.has(sortOf(finding)))
    this.#findings.add(fresh.map((finding) => ({ ...finding, line: 1 }))) // lines of a file it does not have
  }

  #readme({ manifest }: ReadManifest): Document | undefined {
    const named = manifest.readme
    if (named !== undefined) {
      const found = this.#readmes.get(named) ?? this.#readmes.get(named.toLowerCase())
      if (found?.path === named) return found
      if (!this.#files.some(({ path }) => path === named))
        throw refusal('manifest-mismatch', { field: 'readme', path: named })
    }
    const usual = ['readme.md', 'readme.markdown', 'docs/readme.md', 'docs/readme.markdown']
    return usual.map((path) => this.#readmes.get(path)).find((one) => one) ?? this.#onlyMarkdown
  }
}

/** A file may end within a character when it was cut. */
function textOf(pieces: readonly Uint8Array[]): string {
  return new TextDecoder('utf-8').decode(Buffer.concat(pieces))
}

function compare(
  manifest: ReadManifest['manifest'],
  expected: NonNullable<InspectOptions['expected']>,
): void {
  const found = formatLibraryRef({ scope: manifest.scope ?? expected.scope, name: manifest.name })
  if (found !== formatLibraryRef(expected))
    throw refusal('manifest-mismatch', {
      field: 'name',
      found,
      expected: formatLibraryRef(expected),
    })
  if (manifest.version !== expected.version)
    throw refusal('manifest-mismatch', {
      field: 'version',
      found: manifest.version,
      expected: expected.version,
    })
}

/** Keys among them. */
function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  const entries = Array.isArray(value) ? value : Object.entries(value).flat()
  return entries.flatMap(stringsIn)
}
