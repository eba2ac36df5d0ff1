/** Markdown's tree as elements. */
import { element, visible } from '#web/dom'
import { type BlockOfText, type Inline, parseMarkdown } from '#web/markdown'

export function renderMarkdown(text: string): HTMLElement {
  return element('article', { class: 'prose' }, ...parseMarkdown(text).map(renderBlock))
}

function renderBlock(block: BlockOfText): Node {
  switch (block.kind) {
    case 'heading': // the page's own title is the first level
      return element(headingTag(block.level), {}, ...block.inside.map(renderInline))
    case 'paragraph':
      return element('p', {}, ...block.inside.map(renderInline))
    case 'code':
      return element('pre', { tabindex: '0' }, element('code', {}, block.text))
    case 'quote':
      return element('blockquote', {}, ...block.blocks.map(renderBlock))
    case 'rule':
      return element('hr', {})
    case 'list': {
      const items = block.items.map((blocks) => element('li', {}, ...blocks.map(renderBlock)))
      if (!block.isOrdered) return element('ul', {}, ...items)
      return element('ol', { start: String(block.start) }, ...items)
    }
    case 'table':
      return renderTable(block.rows)
  }
}

function headingTag(level: number): 'h2' | 'h3' | 'h4' | 'h5' | 'h6' {
  return (['h2', 'h3', 'h4', 'h5', 'h6'] as const)[level - 1] ?? 'h6'
}

function renderTable(rows: readonly (readonly (readonly Inline[])[])[]): Node {
  const [head = [], ...body] = rows
  const row = (tag: 'th' | 'td', cells: readonly (readonly Inline[])[]): Node =>
    element('tr', {}, ...cells.map((cell) => element(tag, {}, ...cell.map(renderInline))))
  const table = element(
    'table',
    {},
    element('thead', {}, row('th', head)),
    element('tbody', {}, ...body.map((cells) => row('td', cells))),
  )
  return element('div', { class: 'scrolls', tabindex: '0' }, table)
}

function renderInline(part: Inline): Node {
  switch (part.kind) {
    case 'text':
      return document.createTextNode(visible(part.text.replaceAll('\n', ' ')))
    case 'code':
      return element('code', {}, visible(part.text))
    case 'strong':
      return element('strong', {}, ...part.inside.map(renderInline))
    case 'emphasis':
      return element('em', {}, ...part.inside.map(renderInline))
    case 'strike':
      return element('s', {}, ...part.inside.map(renderInline))
    case 'break':
      return element('br', {})
    case 'link': {
      const attributes = { href: part.url, target: '_blank', rel: 'noopener noreferrer' }
      return element('a', attributes, ...part.inside.map(renderInline))
    }
  }
}
