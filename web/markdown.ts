/**
 * Markdown as a tree: what people write most of CommonMark and of tables, and nothing that could become HTML: tags are text. Pictures become links, as
 * a page of a stranger must not make the browser ask anybody for anything. Takes time in proportion to the text.
 */

export type Inline =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong' | 'emphasis' | 'strike'; readonly inside: readonly Inline[] }
  | { readonly kind: 'link'; readonly url: string; readonly inside: readonly Inline[] }
  | { readonly kind: 'break' }

export type BlockOfText =
  | { readonly kind: 'heading'; readonly level: number; readonly inside: readonly Inline[] }
  | { readonly kind: 'paragraph'; readonly inside: readonly Inline[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'quote'; readonly blocks: readonly BlockOfText[] }
  | {
      readonly kind: 'list'
      readonly isOrdered: boolean
      readonly start: number
      readonly items: readonly (readonly BlockOfText[])[]
    }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'rule' }

/** Quotes in lists in quotes …: deeper ones are text. */
const depthMax = 12

export function parseMarkdown(text: string): readonly BlockOfText[] {
  return parseBlocks(text.replaceAll(/\r\n?/g, '\n').split('\n'), 0)
}

const heading = /^ {0,3}(#{1,6})(?=\s|$)/
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const fence = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))[^`]*$/
const quote = /^ {0,3}> ?/
const item = /^( {0,3})([-*+]|\d{1,9}[.)])(?:\s+|$)/
const delimiters = /^[ \t|:]*-[ \t|:-]*$/

function parseBlocks(lines: readonly string[], depth: number): readonly BlockOfText[] {
  const blocks: BlockOfText[] = []
  for (let at = 0; at < lines.length; ) {
    const [block, end] = parseBlock(lines, { at, depth })
    if (block !== undefined) blocks.push(block)
    at = end
  }
  return blocks
}

type Parsed = readonly [block: BlockOfText | undefined, end: number]
interface Position {
  readonly at: number
  readonly depth: number
}

function parseBlock(lines: readonly string[], position: Position): Parsed {
  const { at, depth } = position
  const line = lines[at] ?? ''
  if (line.trim() === '') return [undefined, at + 1]
  const [opening, marks] = heading.exec(line) ?? []
  if (opening !== undefined && marks !== undefined) {
    const title = line
      .slice(opening.length)
      .trim()
      .replace(/(?:^| )#+$/, '')
    return [{ kind: 'heading', level: marks.length, inside: parseInline(title) }, at + 1]
  }
  if (rule.test(line)) return [{ kind: 'rule' }, at + 1]
  const [, open] = fence.exec(line) ?? []
  if (open !== undefined) return parseFence(lines, { at, open })
  if (quote.test(line) && depth < depthMax) return parseQuote(lines, position)
  if (item.test(line) && depth < depthMax) return parseList(lines, position)
  if (line.includes('|') && delimiters.test(lines[at + 1] ?? '')) return parseTable(lines, at)
  return parseParagraph(lines, at)
}

function parseFence(
  lines: readonly string[],
  { at, open }: { readonly at: number; readonly open: string },
): Parsed {
  let end = at + 1
  while (end < lines.length && !isClosing(lines[end] ?? '', open)) end += 1
  return [{ kind: 'code', text: lines.slice(at + 1, end).join('\n') }, end + 1]
}

function isClosing(line: string, open: string): boolean {
  const trimmed = line.trim()
  return trimmed.length >= open.length && trimmed === open.charAt(0).repeat(trimmed.length)
}

function parseQuote(lines: readonly string[], { at, depth }: Position): Parsed {
  let end = at
  while (end < lines.length && quote.test(lines[end] ?? '')) end += 1
  const inside = lines.slice(at, end).map((line) => line.replace(quote, ''))
  return [{ kind: 'quote', blocks: parseBlocks(inside, depth + 1) }, end]
}

function parseList(lines: readonly string[], { at, depth }: Position): Parsed {
  const [, , first = ''] = item.exec(lines[at] ?? '') ?? []
  const isOrdered = /\d/.test(first)
  const items: (readonly BlockOfText[])[] = []
  let end = at
  while (end < lines.length) {
    const [opening, , mark] = item.exec(lines[end] ?? '') ?? []
    if (opening === undefined || mark === undefined || /\d/.test(mark) !== isOrdered) break
    const [inside, next] = itemLines(lines, { at: end, indent: opening.length })
    items.push(parseBlocks(inside, depth + 1))
    end = next
  }
  return [{ kind: 'list', isOrdered, start: Number.parseInt(first, 10) || 1, items }, end]
}

/** Its first line, and those behind it that are as far in, or follow it without a mark of their own. */
function itemLines(
  lines: readonly string[],
  { at, indent }: { readonly at: number; readonly indent: number },
): readonly [inside: readonly string[], next: number] {
  const inside = [(lines[at] ?? '').slice(indent)]
  const isInside = (line: string): boolean =>
    /^\s*$/.test(line.slice(0, Math.min(indent, 2))) && line.trim() !== ''
  let next = at + 1
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? ''
    const isBlank = line.trim() === ''
    if (isBlank && !isInside(lines[next + 1] ?? '')) break
    if (!isBlank && !isInside(line) && (item.test(line) || startsBlock(line))) break
    if (!isBlank && !isInside(line) && (lines[next - 1] ?? '').trim() === '') break
    const space = /^\s*/.exec(line)?.[0].length ?? 0
    inside.push(line.slice(Math.min(indent, space)))
  }
  while (
    next < lines.length &&
    (lines[next] ?? '').trim() === '' &&
    item.test(lines[next + 1] ?? '')
  )
    next += 1
  return [inside, next]
}

function startsBlock(line: string): boolean {
  return heading.test(line) || rule.test(line) || fence.test(line) || quote.test(line)
}

function parseTable(lines: readonly string[], at: number): Parsed {
  let end = at + 2
  while (end < lines.length && (lines[end] ?? '').includes('|')) end += 1
  const rows = [lines[at] ?? '', ...lines.slice(at + 2, end)]
  return [{ kind: 'table', rows: rows.map((row) => cellsOf(row).map(parseInline)) }, end]
}

function cellsOf(row: string): readonly string[] {
  const cells = row.trim().split(/(?<!\\)\|/)
  if (cells[0] === '') cells.shift()
  if (cells.at(-1)?.trim() === '') cells.pop()
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}

function parseParagraph(lines: readonly string[], at: number): Parsed {
  let end = at + 1
  while (end < lines.length && !endsParagraph(lines[end] ?? '')) end += 1
  const text = lines
    .slice(at, end)
    .map((line) => line.trimStart())
    .join('\n')
  return [{ kind: 'paragraph', inside: parseInline(text.trimEnd()) }, end]
}

function endsParagraph(line: string): boolean {
  return line.trim() === '' || startsBlock(line) || item.test(line)
}

/** Every alternative looks at a bounded number of characters, and none nests in itself: no text makes it slow. */
const inline = new RegExp(
  [
    String.raw`\\([!-/:-@[-\`{-~])`,
    String.raw`(?<!\`)(\`{1,8})(?!\`)([^\`]{1,500}|(?:[^\`]|(?!\2)\`){1,500}?)(?<!\`)\2(?!\`)`,
    String.raw`!?\[([^[\]\n]{0,500})\]\([ ]{0,4}<?([^\s()<>]{1,2000})>?(?:\s"[^"\n]{0,500}")?[ ]{0,4}\)`,
    String.raw`<(https?:\/\/[^\s<>]{1,2000})>`,
    String.raw`(https?:\/\/[^\s<>()]{1,2000})`,
    String.raw`\*\*(?=\S)([^*]{1,500})\*\*`,
    String.raw`__(?=\S)([^_]{1,500})__`,
    String.raw`~~(?=\S)([^~]{1,500})~~`,
    String.raw`\*(?=\S)([^*]{1,500})\*`,
    String.raw`(?<!\w)_(?=\S)([^_]{1,500})_(?!\w)`,
    String.raw`((?<! ) {2,}|\\)\n`,
  ].join('|'),
  'g',
)

export function parseInline(text: string): readonly Inline[] {
  const parts: Inline[] = []
  let end = 0
  for (const match of text.matchAll(inline)) {
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) })
    parts.push(inlineOf(match))
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) })
  return parts
}

function inlineOf(match: RegExpExecArray): Inline {
  const [all, escaped, , code, label, url, angle, bare, strong, strong2, strike, em, em2, end] =
    match
  if (escaped !== undefined) return { kind: 'text', text: escaped }
  if (code !== undefined) return { kind: 'code', text: code.trim() }
  if (label !== undefined && url !== undefined) return linkOf(url, label, all)
  if (angle !== undefined) return linkOf(angle, undefined, all)
  if (bare !== undefined) return linkOf(bare, undefined, all)
  const bold = strong ?? strong2
  if (bold !== undefined) return { kind: 'strong', inside: parseInline(bold) }
  if (strike !== undefined) return { kind: 'strike', inside: parseInline(strike) }
  const slanted = em ?? em2
  if (slanted !== undefined) return { kind: 'emphasis', inside: parseInline(slanted) }
  return end === undefined ? { kind: 'text', text: all } : { kind: 'break' }
}

/** Only where a browser asks a server or a mail program: nothing that runs, nothing on this page's own origin. */
function linkOf(url: string, label: string | undefined, otherwise: string): Inline {
  const parsed = URL.parse(url)
  if (parsed === null || !['http:', 'https:', 'mailto:'].includes(parsed.protocol)) {
    return { kind: 'text', text: otherwise }
  }
  const shown = label === undefined || label === '' ? url : label
  return { kind: 'link', url: parsed.href, inside: [{ kind: 'text', text: shown }] }
}
