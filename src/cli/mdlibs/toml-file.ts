/** TOML files of this program: read, checked as a whole, and changed. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parse, TomlError, type TomlTable } from 'smol-toml'
import type { z } from 'zod'
import { fileFault } from '#cli/local-file'
import { mdlibsFault } from '#cli/mdlibs/faults'
import { replaceFile } from '#cli/mdlibs/replace-file'
import { editToml, type TomlEdit } from '#cli/mdlibs/toml-edit'

/** `undefined` when there is none. `cli/file-unusable` */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined // `readFile` throws nothing else
    throw fileFault(path, cause)
  }
}

/** What stands in the file; what `schema` makes of nothing when it is not there. `mdlibs/mistaken-settings` with all mistakes, `cli/file-unusable` */
export async function readToml<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const text = await readText(path)
  const table = text === undefined ? {} : parseToml(text, path)
  const read = schema.safeParse(table)
  if (read.success) return read.data
  const mistakes = read.error.issues.map(({ path, message }) => {
    const at = path.map((part) => (typeof part === 'number' ? ` ${part + 1}` : `.${String(part)}`))
    return `${at.join('').replace(/^\./, '') || 'the file'}: ${message}`
  })
  throw mdlibsFault('mdlibs/mistaken-settings', { path, mistakes: mistakes.join('\n') })
}

/** `mdlibs/mistaken-settings`, which repeats nothing of the text: it may hold a token. */
function parseToml(text: string, path: string): TomlTable {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const mistakes = `line ${error.line}, column ${error.column}: it is no TOML`
    throw mdlibsFault('mdlibs/mistaken-settings', { path, mistakes })
  }
}

export interface ChangeOptions {
  /** Rights of the file from now on; those it has otherwise. */
  readonly mode?: number
}

/** Made, with the directories above it, when it is not there. `mdlibs/mistaken-settings`, `cli/file-unusable`, `cli/disk-full` */
export async function changeToml(
  path: string,
  edits: readonly TomlEdit[],
  options: ChangeOptions = {},
): Promise<void> {
  const text = (await readText(path)) ?? ''
  parseToml(text, path) // told with the path, before anything is changed
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch((cause) => {
    throw fileFault(dirname(path), cause)
  })
  await replaceFile(path, edits.reduce(editToml, text), options)
}
