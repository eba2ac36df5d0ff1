/** The markdown files of a library: all below `docs/` and `templates/`, and those beside its manifest. */
import type { Dirent } from 'node:fs'
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, extname, join, relative, sep } from 'node:path'
import { fileFault, isNotUtf8 } from '#cli/local-file'
import { titleOf } from '#cli/mdlibs/title'

export const docsName = 'docs'
export const templatesName = 'templates'

export interface DocumentFile {
  readonly kind: 'doc' | 'template'
  /** From the root of the library, with forward slashes. */
  readonly path: string
  readonly absolute: string
}

/** What was passed over, and why. */
export interface Skipped {
  readonly path: string
  readonly reason: string
}

export interface Documents {
  /** `docs/`, then `templates/`, then the root; each in the order of the paths. */
  readonly files: readonly DocumentFile[]
  readonly skipped: readonly Skipped[]
}

export function isMarkdown(path: string): boolean {
  return ['.md', '.markdown'].includes(extname(path).toLowerCase())
}

/** True for the root itself and what lies below it. Both paths are real ones. */
export function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep)
}

/** Links are followed where they lead within the library, and to no directory twice. */
export async function findDocuments(root: string): Promise<Documents> {
  const search = new DocumentSearch(await realpath(root).catch((cause) => refuse(root, cause)))
  const docs = await search.below(docsName, 'doc')
  const templates = await search.below(templatesName, 'template')
  const beside = await search.beside()
  return {
    files: [docs, templates, beside].flatMap((files) => files.toSorted(byPath)),
    skipped: search.skipped.toSorted(byPath),
  }
}

/** `undefined` when it is not UTF-8. A byte order mark stays. */
export async function readDocument(absolute: string): Promise<string | undefined> {
  const bytes = await readFile(absolute).catch((cause) => refuse(absolute, cause))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The one in the text, or else the file's name without its end. */
export function titleIn(text: string | undefined, path: string): string {
  return (text === undefined ? undefined : titleOf(text)) ?? basename(path, extname(path))
}

class DocumentSearch {
  readonly skipped: Skipped[] = []
  readonly #root: string
  /** Real paths of directories. */
  readonly #seen = new Set<string>()

  constructor(root: string) {
    this.#root = root
  }

  /** Links come last, so that what has a path of its own is found by that. */
  async below(name: string, kind: DocumentFile['kind']): Promise<DocumentFile[]> {
    const files: DocumentFile[] = []
    const links: string[] = []
    const visit = async (directory: string): Promise<void> => {
      const real = await realpath(join(this.#root, directory)).catch(() => undefined)
      if (real === undefined || this.#seen.has(real)) return
      if (!isBelow(this.#root, real)) return this.#skip(directory, 'it leads out of the library')
      this.#seen.add(real)
      for (const entry of await this.#entries(directory)) {
        const path = `${directory}/${entry.name}`
        if (entry.isDirectory()) await visit(path)
        else if (entry.isSymbolicLink()) links.push(path)
        else if (entry.isFile()) this.#take(files, path, kind)
      }
    }
    if (!(await this.#isDirectory(name))) return files
    await visit(name)
    for (const path of links) {
      if (await this.#isDirectory(path)) await visit(path)
      else await this.#takeLink(files, path, kind)
    }
    return files
  }

  async beside(): Promise<DocumentFile[]> {
    const files: DocumentFile[] = []
    for (const entry of await this.#entries('')) {
      if (entry.isFile()) this.#take(files, entry.name, 'doc')
      else if (entry.isSymbolicLink() && !(await this.#isDirectory(entry.name))) {
        await this.#takeLink(files, entry.name, 'doc')
      }
    }
    return files
  }

  async #takeLink(files: DocumentFile[], path: string, kind: DocumentFile['kind']): Promise<void> {
    if (!isMarkdown(path)) return
    const real = await realpath(join(this.#root, path)).catch(() => undefined)
    if (real === undefined) return this.#skip(path, 'it is a link that leads nowhere')
    if (!isBelow(this.#root, real)) return this.#skip(path, 'it leads out of the library')
    this.#take(files, path, kind)
  }

  #take(files: DocumentFile[], path: string, kind: DocumentFile['kind']): void {
    if (!isMarkdown(path)) return
    if (isNotUtf8(path)) this.#skip(path, 'its name is not UTF-8')
    else files.push({ kind, path, absolute: join(this.#root, path) })
  }

  #skip(path: string, reason: string): void {
    this.skipped.push({ path, reason })
  }

  async #isDirectory(path: string): Promise<boolean> {
    const facts = await stat(join(this.#root, path)).catch(() => undefined)
    return facts?.isDirectory() === true
  }

  async #entries(directory: string): Promise<readonly Dirent[]> {
    const path = join(this.#root, directory)
    const entries = await readdir(path, { withFileTypes: true }).catch((cause) =>
      refuse(path, cause),
    )
    return entries.toSorted((one, other) => compare(one.name, other.name))
  }
}

function byPath(one: { readonly path: string }, other: { readonly path: string }): number {
  return compare(one.path, other.path)
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

function refuse(path: string, cause: unknown): never {
  throw fileFault(path, cause)
}

/** From where the command was called, if that is shorter to read. */
export function shownPath(path: string, directory: string): string {
  const short = relative(directory, path)
  return short === '' ? '.' : short.startsWith(`..${sep}..`) ? path : short
}
