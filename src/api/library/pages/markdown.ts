/// <reference path="./markdown-it-footnote.d.ts" />
/**
 * Markdown of strangers as HTML: CommonMark with GitHub's tables, task lists, footnotes, strikethrough and alerts. A parser makes tokens; elements are made of
 * them here, by templates that escape, and only those that are named below. HTML in Markdown is text.
 */
import MarkdownIt, { type Token } from 'markdown-it'
import footnotes from 'markdown-it-footnote'
import {
  type FilePlace,
  linkDestination,
  markdownIdPrefix,
  pictureDestination,
} from '#api/library/pages/file-links'
import { attribute, type Html, type HtmlPart, html } from '#api/library/pages/html'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { type FrontValue, readFrontMatter } from '#library/front-matter'

export interface Heading {
  readonly id: string
  /** 1 to 6, as written. */
  readonly level: number
  readonly text: string
}

export interface RenderedMarkdown {
  readonly fields: ReadonlyMap<string, FrontValue>
  readonly headings: readonly Heading[]
  readonly body: HtmlPart
}

/** What is longer is shown as it was written. */
export const markdownCharactersMax = 256 * 1024
export const markdownLinesMax = 8000
/** A run of text, such as a paragraph, with more than this is not looked into: parsing takes time in proportion to the product of both. */
const runCharactersMax = 16 * 1024
const runMarksMax = 1000

const parser = new MarkdownIt({ html: false, linkify: true, maxNesting: 40 }).use(footnotes)
parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false })
parser.inline.ruler.disable(['footnote_inline']) // not GitHub's, and slow on hostile text
parser.core.ruler.at('inline', ({ tokens, md, env }) => {
  for (const token of tokens) {
    if (token.type !== 'inline' || token.children === null) continue
    if (isTooMuch(token.content)) token.type = 'long_text'
    else md.inline.parse(token.content, md, env, token.children)
  }
})

function isTooMuch(text: string): boolean {
  return text.length > runCharactersMax || (text.match(/[[*_`!~<&]/g)?.length ?? 0) > runMarksMax
}

/** At most `markdownCharactersMax` long. */
export function renderMarkdown(text: string, place: FilePlace): RenderedMarkdown {
  const { fields, body } = readFrontMatter(text.replaceAll(/\r\n?/g, '\n'))
  const nodes = nest(parser.parse(body, {}))
  const rendering: Rendering = { place, headings: [], slugs: new Map() }
  const rendered = renderAll(nodes, rendering)
  return { fields, headings: rendering.headings, body: rendered }
}

interface Rendering {
  readonly place: FilePlace
  readonly headings: Heading[]
  /** How often each was wanted. */
  readonly slugs: Map<string, number>
}

interface Node {
  readonly token: Token
  readonly inside: readonly Node[]
}

/** Tokens come as a list in which some open and some close. */
function nest(tokens: readonly Token[]): readonly Node[] {
  const root: Node[] = []
  const open: Node[][] = [root]
  for (const token of tokens) {
    if (token.nesting < 0) {
      if (open.length > 1) open.pop()
      continue
    }
    const children = token.children === null ? [] : nest(token.children)
    const inside: Node[] = [...children]
    open.at(-1)?.push({ token, inside })
    if (token.nesting > 0) open.push(inside)
  }
  return root
}

function renderAll(nodes: readonly Node[], rendering: Rendering): HtmlPart {
  return nodes.map((node) => render(node, rendering))
}

function render(node: Node, rendering: Rendering): HtmlPart {
  const { token } = node
  const inside = (): HtmlPart => renderAll(node.inside, rendering)
  switch (token.type) {
    case 'inline':
      return inside()
    case 'long_text':
      return visibleText(token.content)
    case 'text':
    case 'text_special':
      return visibleText(token.content)
    case 'softbreak':
      return '\n'
    case 'hardbreak':
      return html`<br>`
    case 'code_inline':
      return html`<code>${visibleText(token.content)}</code>`
    case 'em_open':
      return html`<em>${inside()}</em>`
    case 'strong_open':
      return html`<strong>${inside()}</strong>`
    case 's_open':
      return html`<s>${inside()}</s>`
    case 'link_open':
      return renderLink(node, rendering)
    case 'image':
      return renderPicture(token, rendering)
    case 'heading_open':
      return renderHeading(node, rendering)
    case 'paragraph_open':
      return token.hidden ? html`${inside()} ` : html`<p>${inside()}</p>`
    case 'bullet_list_open':
      return html`<ul>${renderItems(node, rendering)}</ul>`
    case 'ordered_list_open':
      return html`<ol${attribute('start', token.attrGet('start') ?? undefined)}>${renderItems(node, rendering)}</ol>`
    case 'blockquote_open':
      return renderQuote(node, rendering)
    case 'fence':
      return renderCode(token.content, token.info.trim().split(/\s/)[0])
    case 'code_block':
      return renderCode(token.content)
    case 'hr':
      return html`<hr>`
    case 'table_open':
      return html`<div class="scrolls" tabindex="0"><table>${inside()}</table></div>`
    case 'thead_open':
      return html`<thead>${inside()}</thead>`
    case 'tbody_open':
      return html`<tbody>${inside()}</tbody>`
    case 'tr_open':
      return html`<tr>${inside()}</tr>`
    case 'th_open':
      return html`<th scope="col"${alignment(token)}>${inside()}</th>`
    case 'td_open':
      return html`<td${alignment(token)}>${inside()}</td>`
    case 'footnote_ref':
      return renderFootnoteMark(token)
    case 'footnote_block_open':
      return html`<section class="footnotes" aria-label="Footnotes"><ol>${inside()}</ol></section>`
    case 'footnote_open':
      return html`<li id="${`${markdownIdPrefix}fn-${footnoteOf(token).number}`}">${inside()}</li>`
    case 'footnote_anchor':
      return renderFootnoteReturn(token)
    default: // nothing that a later parser may know is rendered in any other way
      return visibleText(token.content)
  }
}

function renderLink(node: Node, rendering: Rendering): HtmlPart {
  const inside = renderAll(node.inside, rendering)
  const address = String(node.token.attrGet('href') ?? '')
  const destination = linkDestination(address, rendering.place)
  const title = attribute('title', titleOf(node.token))
  switch (destination.kind) {
    case 'inside':
      return html`<a href="${destination.address}"${title}>${inside}</a>`
    case 'outside':
      return html`<a href="${destination.address}" rel="nofollow noopener ugc"${title}>${inside}</a>`
    case 'nowhere':
      return html`<span class="leads-nowhere">${inside} <code>${visibleText(shortened(address))}</code></span>`
  }
}

function renderPicture(token: Token, { place }: Rendering): HtmlPart {
  const words = visibleWords(textOf(nest(token.children ?? [])))
  const address = String(token.attrGet('src') ?? '')
  const destination = pictureDestination(address, place)
  switch (destination.kind) {
    case 'inside':
      return html`<img src="${destination.address}" alt="${words}" loading="lazy"${attribute('title', titleOf(token))}>`
    case 'outside':
      return html`<a class="far-picture" href="${destination.address}" rel="nofollow noopener ugc">${words === '' ? 'Picture' : words}</a>`
    case 'nowhere':
      return html`<span class="leads-nowhere">${words === '' ? 'Picture' : words}</span>`
  }
}

/** The page's own title is the first level. */
function renderHeading(node: Node, rendering: Rendering): Html {
  const level = Number(node.token.tag.slice(1)) || 6
  const text = textOf(node.inside).trim()
  const id = markdownIdPrefix + slugOf(text, rendering.slugs)
  rendering.headings.push({ id, level, text: visibleWords(text) })
  const inside = renderAll(node.inside, rendering)
  switch (level) {
    case 1:
      return html`<h2 id="${id}">${inside}</h2>`
    case 2:
      return html`<h3 id="${id}">${inside}</h3>`
    case 3:
      return html`<h4 id="${id}">${inside}</h4>`
    case 4:
      return html`<h5 id="${id}">${inside}</h5>`
    default:
      return html`<h6 id="${id}">${inside}</h6>`
  }
}

/** As GitHub calls its headings, so that links that work there work here. */
function slugOf(text: string, slugs: Map<string, number>): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-')
  const count = slugs.get(slug) ?? 0
  slugs.set(slug, count + 1)
  return count === 0 ? slug : slugOf(`${slug}-${count}`, slugs)
}

function renderItems({ inside }: Node, rendering: Rendering): HtmlPart {
  return inside.map((item) => {
    const task = takeTask(item)
    if (task === undefined) return html`<li>${renderAll(item.inside, rendering)}</li>`
    const box = html`<input type="checkbox" disabled aria-label="${task.isDone ? 'done' : 'to do'}"${attribute('checked', task.isDone)}> `
    return html`<li class="task">${box}${renderAll(task.inside, rendering)}</li>`
  })
}

/** `[ ]` or `[x]` at the beginning of an entry. */
function takeTask(
  item: Node,
): { readonly isDone: boolean; readonly inside: readonly Node[] } | undefined {
  const text = firstTextOf(item)
  const [mark, done] = /^\[([ xX])\]\s/.exec(text?.content ?? '') ?? []
  if (text === undefined || mark === undefined) return undefined
  text.content = text.content.slice(mark.length)
  return { isDone: done !== ' ', inside: item.inside }
}

const alerts: Readonly<Record<string, string>> = {
  NOTE: 'Note',
  TIP: 'Tip',
  IMPORTANT: 'Important',
  WARNING: 'Warning',
  CAUTION: 'Caution',
}

function renderQuote(node: Node, rendering: Rendering): Html {
  const text = firstTextOf(node)
  const [, name = ''] = /^\[!([A-Z]+)\]\s*$/.exec(text?.content ?? '') ?? []
  const title = alerts[name]
  if (text === undefined || title === undefined)
    return html`<blockquote>${renderAll(node.inside, rendering)}</blockquote>`
  text.content = ''
  return html`<blockquote class="${`alert alert-${name.toLowerCase()}`}"><p class="alert-title">${title}</p>${renderAll(node.inside, rendering)}</blockquote>`
}

/** The first words of an entry or a quote, if it begins with a paragraph. */
function firstTextOf({ inside: [paragraph] }: Node): Token | undefined {
  if (paragraph?.token.type !== 'paragraph_open') return undefined
  const [inline] = paragraph.inside
  const [first] = inline?.inside ?? []
  return first?.token.type === 'text' ? first.token : undefined
}

function renderCode(text: string, language?: string): Html {
  const label = language !== undefined && /^[\w+#.-]{1,20}$/.test(language) ? language : undefined
  return html`<pre tabindex="0"${attribute('data-language', label)}><code>${visibleText(text)}</code></pre>`
}

function alignment(token: Token): ReturnType<typeof attribute> {
  const [, side] = /^text-align:(left|center|right)$/.exec(String(token.attrGet('style'))) ?? []
  return attribute('class', side === undefined ? undefined : `to-${side}`)
}

/** Both count from 1: notes, and the marks that lead to one. */
function footnoteOf({ meta }: Token): { readonly number: number; readonly mark: number } {
  return { number: Number(meta?.['id'] ?? 0) + 1, mark: Number(meta?.['subId'] ?? 0) + 1 }
}

function renderFootnoteMark(token: Token): Html {
  const { number, mark } = footnoteOf(token)
  const note = `#${markdownIdPrefix}fn-${number}`
  return html`<sup id="${`${markdownIdPrefix}fnref-${number}-${mark}`}"><a href="${note}" aria-label="${`Footnote ${number}`}">${number}</a></sup>`
}

function renderFootnoteReturn(token: Token): Html {
  const { number, mark } = footnoteOf(token)
  const back = `#${markdownIdPrefix}fnref-${number}-${mark}`
  return html` <a class="back" href="${back}" aria-label="${`Back to where footnote ${number} is named`}">↩</a>`
}

function titleOf(token: Token): string | undefined {
  const title = token.attrGet('title')
  return title === null || title === '' ? undefined : visibleWords(String(title))
}

function textOf(nodes: readonly Node[]): string {
  return nodes
    .map(({ token, inside }) => {
      if (token.type === 'softbreak' || token.type === 'hardbreak') return ' '
      if (token.type === 'footnote_ref') return ''
      return inside.length > 0 ? textOf(inside) : token.content
    })
    .join('')
}

function shortened(address: string): string {
  return address.length > 80 ? `${address.slice(0, 79)}…` : address
}
