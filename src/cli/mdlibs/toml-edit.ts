/**
 * Changes of TOML files that people write, too: comments, order and blank lines stay. The change is made in the text where that is easy to do, and
 * the outcome is read back; where it is not what was wanted (a table written in line, a value over several lines), the whole file is written anew.
 */
import { isDeepStrictEqual } from 'node:util'
import { parse, stringify, type TomlTable, type TomlValue } from 'smol-toml'

/** Names of tables, and numbers of tables `[[…]]` of one name, counted from 0. */
export type TomlPath = readonly (string | number)[]

export type TomlEdit =
  | {
      readonly kind: 'set'
      readonly table: TomlPath
      readonly key: string
      readonly value: TomlValue
    }
  | { readonly kind: 'unset'; readonly table: TomlPath; readonly key: string }
  /** Another table `[[name]]`. */
  | { readonly kind: 'append'; readonly name: string; readonly entry: TomlTable }
  | { readonly kind: 'remove'; readonly name: string; readonly index: number }

/** `text` must be TOML. Throws what `smol-toml` throws when it is not. */
export function editToml(text: string, edit: TomlEdit): string {
  if (edit.kind === 'unset' && !hasKey(parse(text), edit)) return text
  const wanted = changed(parse(text), edit)
  const edited = changedText(text, edit)
  return isSame(edited, wanted) ? edited : print(wanted)
}

function hasKey(document: TomlTable, { table, key }: { table: TomlPath; key: string }): boolean {
  let here: unknown = document
  for (const part of [...table, key]) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return false
    here = (here as Record<string | number, unknown>)[part] // a table, or a list of tables
  }
  return true
}

function isSame(text: string, wanted: TomlTable): boolean {
  try {
    return isDeepStrictEqual(parse(text), parse(stringify(wanted)))
  } catch {
    return false
  }
}

function print(table: TomlTable): string {
  const text = stringify(table)
  return text === '' ? '' : `${text.trimEnd()}\n`
}

/** The change in what the text means. */
function changed(document: TomlTable, edit: TomlEdit): TomlTable {
  if (edit.kind === 'append' || edit.kind === 'remove') {
    const tables = document[edit.name]
    const list = Array.isArray(tables) ? [...tables] : []
    if (edit.kind === 'append') list.push(edit.entry)
    else list.splice(edit.index, 1)
    if (list.length > 0) document[edit.name] = list
    else delete document[edit.name]
    return document
  }
  const table = tableAt(document, edit.table)
  if (edit.kind === 'set') table[edit.key] = edit.value
  else delete table[edit.key]
  return document
}

/** Made when it is not there. */
function tableAt(document: TomlTable, path: TomlPath): TomlTable {
  let here: TomlValue = document
  for (const part of path) {
    const holder = here as Record<string | number, TomlValue> // a table, or a list of tables
    holder[part] ??= {}
    here = holder[part]
  }
  return here as TomlTable // where `path` leads
}

/** The change in the text, for files as people and this program write them. */
function changedText(text: string, edit: TomlEdit): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  switch (edit.kind) {
    case 'append':
      return joined([...lines, ...gap(lines), `[[${keyText(edit.name)}]]`, ...pairs(edit.entry)])
    case 'remove': {
      const region = findRegion(lines, [edit.name, edit.index])
      if (region === undefined) return text
      const end = endWithoutComments(lines, region)
      return joined(lines.toSpliced(region.header, end - region.header))
    }
    case 'set':
    case 'unset':
      return joined(withKey(lines, edit))
  }
}

function withKey(
  lines: readonly string[],
  edit: Extract<TomlEdit, { readonly table: TomlPath }>,
): readonly string[] {
  const line = edit.kind === 'set' ? pairs({ [edit.key]: edit.value }) : []
  const region = findRegion(lines, edit.table)
  if (region === undefined) {
    if (line.length === 0) return lines
    return [...lines, ...gap(lines), `[${edit.table.map(String).map(keyText).join('.')}]`, ...line]
  }
  for (let at = region.header + 1; at < region.end; at += 1) {
    if (keyOf(lines[at] ?? '') === edit.key) return lines.toSpliced(at, 1, ...line)
  }
  let last = region.end
  while (last > region.header + 1 && lines[last - 1]?.trim() === '') last -= 1
  return lines.toSpliced(last, 0, ...line)
}

interface Region {
  /** Its line; −1 of the top of the file, which has none. */
  readonly header: number
  /** The line behind its last. */
  readonly end: number
}

function findRegion(lines: readonly string[], path: TomlPath): Region | undefined {
  const counts = new Map<string, number>()
  let found: number | undefined = path.length === 0 ? -1 : undefined
  for (const [at, line] of lines.entries()) {
    const header = headerOf(line)
    if (header === undefined) continue
    if (found !== undefined) return { header: found, end: at }
    const name = JSON.stringify(header.path)
    const index = counts.get(name) ?? 0
    counts.set(name, index + 1)
    const here = header.isList ? [...header.path, index] : header.path
    if (isDeepStrictEqual(here, path)) found = at
  }
  return found === undefined ? undefined : { header: found, end: lines.length }
}

/** Comments right above the next header belong to that one. */
function endWithoutComments(lines: readonly string[], { header, end }: Region): number {
  if (end === lines.length) return end
  let at = end
  while (at > header + 1 && /^\s*#/.test(lines[at - 1] ?? '')) at -= 1
  return at
}

function headerOf(
  line: string,
): { readonly path: readonly string[]; readonly isList: boolean } | undefined {
  const match = /^\s*(\[\[?)[^[\]]+\]\]?\s*(?:#.*)?$/.exec(line)
  if (match === null) return undefined
  try {
    const path: string[] = []
    let here: TomlValue = parse(line)
    for (;;) {
      const [first]: readonly TomlValue[] = Array.isArray(here) ? here : [here]
      const key: string | undefined = Object.keys(first as TomlTable)[0] // what a header alone makes
      if (key === undefined) return { path, isList: match[1] === '[[' }
      path.push(key)
      here = (first as TomlTable)[key] ?? {}
    }
  } catch {
    return undefined // a line of a longer value
  }
}

/** Of a line `key = …`; dotted keys are left to be written anew. */
function keyOf(line: string): string | undefined {
  const match = /^\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)\s*=/.exec(line)
  if (match === null) return undefined
  return Object.keys(parse(`${match[1]} = 0`))[0]
}

function pairs(table: TomlTable): readonly string[] {
  return Object.entries(table).map(([key, value]) => `${keyText(key)} = ${valueText(value)}`)
}

function keyText(key: string): string {
  return /^[\w-]+$/.test(key) ? key : JSON.stringify(key)
}

/** As `smol-toml` writes it. */
function valueText(value: TomlValue): string {
  return stringify({ key: value })
    .trim()
    .replace(/^key = /, '')
}

function gap(lines: readonly string[]): readonly string[] {
  return lines.length === 0 || lines.at(-1)?.trim() === '' ? [] : ['']
}

function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
