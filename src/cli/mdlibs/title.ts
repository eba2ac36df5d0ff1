/**
 * The title of a markdown text: its first heading of level one, `# …` (CommonMark 0.31, ATX headings). Front matter and fenced code are no
 * place for one. Pure.
 */

/** A line with its end, which may be missing at the end of the text. */
interface Line {
  /** Without its end. */
  readonly text: string
  readonly end: string
}

interface Title {
  readonly text: string
  /** Its line, counted from 0. */
  readonly line: number
}

const byteOrderMark = '\u{feff}'
const heading = /^ {0,3}#[ \t]+(\S.*)$/
const closingMarks = /[ \t]+#+[ \t]*$/
const fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/

/** Lines without their ends, as `\n` or `\r\n` end them; an end of line at the end begins no other. */
export function linesOf(text: string): readonly string[] {
  return cut(text).map((line) => line.text)
}

export function titleOf(text: string): string | undefined {
  return findTitle(cut(text))?.text
}

/** The text with this title: in place of the one it has, or on top. Every other byte stays as it is. */
export function withTitle(text: string, title: string): string {
  const lines = cut(text)
  const found = findTitle(lines)
  if (found !== undefined) {
    const { line } = found
    const mark = lines[line]?.text.startsWith(byteOrderMark) ? byteOrderMark : ''
    return join(lines.with(line, { text: `${mark}# ${title}`, end: lines[line]?.end ?? '' }))
  }
  const top = frontMatterLines(lines)
  const end = lines.find((line) => line.end !== '')?.end ?? '\n'
  const before = lines.slice(0, top)
  const after = lines.slice(top)
  const mark = top === 0 && text.startsWith(byteOrderMark) ? byteOrderMark : ''
  const rest = join(after).slice(mark.length)
  const head = join(before)
  const isOpen = head !== '' && !head.endsWith('\n')
  return `${head}${isOpen ? end : ''}${mark}# ${title}${end}${rest === '' ? '' : end}${rest}`
}

function findTitle(lines: readonly Line[]): Title | undefined {
  let closing: RegExp | undefined
  for (let line = frontMatterLines(lines); line < lines.length; line += 1) {
    const text = withoutMark(lines[line]?.text ?? '')
    if (closing !== undefined) {
      if (closing.test(text)) closing = undefined
      continue
    }
    const opening = fence.exec(text)?.[1]
    if (opening !== undefined) {
      closing = new RegExp(`^ {0,3}${opening.charAt(0)}{${opening.length},}[ \\t]*$`)
      continue
    }
    const found = heading.exec(text)?.[1]?.replace(closingMarks, '').trim()
    if (found !== undefined && !/^#+$/.test(found)) return { text: found, line }
  }
  return undefined
}

/** How many lines on top are no markdown: YAML between `---`, TOML between `+++`. 0 when it is never closed. */
function frontMatterLines(lines: readonly Line[]): number {
  const mark = withoutMark(lines[0]?.text ?? '').trimEnd()
  if (mark !== '---' && mark !== '+++') return 0
  const closings = mark === '---' ? ['---', '...'] : ['+++']
  const last = lines.findIndex(({ text }, index) => index > 0 && closings.includes(text.trimEnd()))
  return last + 1
}

function cut(text: string): readonly Line[] {
  return [...text.matchAll(/([^\n]*?)(\r?\n|$)/g)]
    .map(([, text = '', end = '']) => ({ text, end }))
    .filter(({ text, end }) => text !== '' || end !== '')
}

function join(lines: readonly Line[]): string {
  return lines.map(({ text, end }) => text + end).join('')
}

function withoutMark(text: string): string {
  return text.startsWith(byteOrderMark) ? text.slice(1) : text
}
