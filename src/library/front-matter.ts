/**
 * The lines between `---` at the top of a Markdown file, of which the simple part of YAML is read: scalars, quoted or not, lists of them, folded and literal
 * blocks, and tables one level deep. What is not understood is left out: front matter is for people and other tools, and nothing here depends on it.
 */

export type FrontValue = string | readonly string[] | Readonly<Record<string, string>>

export interface FrontMatter {
  readonly fields: ReadonlyMap<string, FrontValue>
  /** What follows it; all of the text when there is none. */
  readonly body: string
  /** How many lines stand before the body. */
  readonly linesBefore: number
}

const frontLinesMax = 500

export function readFrontMatter(text: string): FrontMatter {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/, frontLinesMax)
  const end = lines[0]?.trimEnd() === '---' ? lines.findIndex(isEnd) : -1
  if (end < 0) return { fields: new Map(), body: text, linesBefore: 0 }
  const body = text
    .split('\n')
    .slice(end + 1)
    .join('\n')
  return { fields: fieldsOf(lines.slice(1, end)), body, linesBefore: end + 1 }
}

function isEnd(line: string, index: number): boolean {
  return index > 0 && /^(?:---|\.\.\.)\s*$/.test(line)
}

function fieldsOf(lines: readonly string[]): ReadonlyMap<string, FrontValue> {
  const fields = new Map<string, FrontValue>()
  for (let at = 0; at < lines.length; ) {
    const [, key, rest = ''] =
      /^([A-Za-z][\w-]*):(?: +(.*))?$/.exec(lines[at]?.trimEnd() ?? '') ?? []
    at += 1
    if (key === undefined) continue
    const start = at
    while (at < lines.length && /^(?:\s|-\s|\s*$)/.test(lines[at] ?? '')) at += 1
    const value = fieldOf(rest, lines.slice(start, at))
    if (value !== undefined) fields.set(key, value)
  }
  return fields
}

function fieldOf(rest: string, below: readonly string[]): FrontValue | undefined {
  if (/^[|>]/.test(rest)) return blockOf(rest, below)
  if (rest.startsWith('[') && rest.endsWith(']'))
    return rest
      .slice(1, -1)
      .split(',')
      .map((item) => scalarOf(item))
      .filter((item) => item !== '')
  const folded = below.map((line) => line.trim()).filter((line) => line !== '')
  if (rest !== '') return scalarOf([rest, ...folded].join(' '))
  if (folded.length === 0) return undefined
  if (folded.every((line) => /^- /.test(line))) return folded.map((line) => scalarOf(line.slice(2)))
  const pairs = folded.map((line) => /^([A-Za-z][\w.-]*):(?: +(.*))?$/.exec(line))
  if (!pairs.every((pair) => pair !== null)) return scalarOf(folded.join(' '))
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, scalarOf(value)]))
}

function blockOf(rest: string, below: readonly string[]): string {
  const indents = below.filter((line) => line.trim() !== '').map((line) => line.search(/\S/))
  const indent = Math.min(...indents, 80)
  const lines = below.map((line) => line.slice(indent).trimEnd())
  return lines.join(rest.startsWith('|') ? '\n' : ' ').trim()
}

function scalarOf(text: string): string {
  const trimmed = text.trim()
  const [, single] = /^'((?:[^']|'')*)'$/.exec(trimmed) ?? []
  if (single !== undefined) return single.replaceAll("''", "'")
  const [, double] = /^"((?:[^"\\]|\\.)*)"$/.exec(trimmed) ?? []
  if (double !== undefined) return double.replaceAll(/\\(["\\/])/g, '$1').replaceAll('\\n', '\n')
  return trimmed.replace(/ #.*$/, '').trimEnd()
}
