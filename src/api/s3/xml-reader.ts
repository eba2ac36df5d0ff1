/**
 * Reads the small XML documents that S3 clients send: elements, text, CDATA, comments, a prolog. Attributes are skipped and prefixes
 * dropped. There are no document types and so no entities but the five of XML and character references: nothing can expand.
 * One pass, no recursion; size, depth and number of elements are bounded. Anything else is `s3/malformed-xml`.
 */
import { malformedXml } from '#api/s3/faults'
import { xmlDepthMax, xmlElementsMax } from '#api/s3/limits'

export interface XmlElement {
  /** Without prefix. */
  readonly name: string
  readonly children: readonly XmlElement[]
  /** Its own text, unescaped, without that of its children. */
  readonly text: string
}

interface OpenElement {
  readonly name: string
  readonly tag: string
  readonly children: OpenElement[]
  text: string
}

/** The document's root. */
export function readXml(bytes: Uint8Array): XmlElement {
  const text = decode(bytes)
  const document: OpenElement = { name: '', tag: '', children: [], text: '' }
  const open: OpenElement[] = [document]
  let elements = 0
  let offset = 0
  while (offset < text.length) {
    const current = open.at(-1) ?? document
    const mark = text.indexOf('<', offset)
    const end = mark < 0 ? text.length : mark
    if (end > offset) current.text += unescapeXml(text.slice(offset, end))
    if (mark < 0) break
    if (text.startsWith('<!--', mark)) {
      offset = after(text, '-->', mark + 4)
    } else if (text.startsWith('<![CDATA[', mark)) {
      offset = after(text, ']]>', mark + 9)
      current.text += text.slice(mark + 9, offset - 3)
    } else if (text.startsWith('<?', mark)) {
      offset = after(text, '?>', mark + 2)
    } else if (text.startsWith('</', mark)) {
      offset = after(text, '>', mark + 2)
      if (open.length === 1 || current.tag !== text.slice(mark + 2, offset - 1).trimEnd()) {
        throw malformedXml('end tag without start')
      }
      open.pop()
    } else {
      startTag.lastIndex = mark
      const parts = startTag.exec(text)
      if (parts === null) throw malformedXml('not a tag')
      const [whole, tag = '', slash] = parts
      elements += 1
      if (elements > xmlElementsMax || open.length > xmlDepthMax) throw malformedXml('too much')
      const element = { name: tag.slice(tag.indexOf(':') + 1), tag, children: [], text: '' }
      current.children.push(element)
      if (slash === '') open.push(element)
      offset = mark + whole.length
    }
  }
  const [root, ...others] = document.children
  if (open.length > 1 || root === undefined || others.length > 0 || document.text.trim() !== '') {
    throw malformedXml('not one element')
  }
  return root
}

/** The only child of that name; `undefined` when there is none. Two are malformed. */
export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  const found = childrenOf(element, name)
  if (found.length > 1) throw malformedXml(`${name} twice`)
  return found[0]
}

/** All of that name, in their order; of an element that is not there, none. */
export function childrenOf(element: XmlElement | undefined, wanted: string): readonly XmlElement[] {
  return element?.children.filter(({ name }) => name === wanted) ?? []
}

/** The text of the only child of that name. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.text
}

/** A start tag with its attributes, quoted as XML wants; sticky, so it matches exactly where asked. */
const startTag =
  /<([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(\/?)>/y

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n')
  } catch (cause) {
    throw malformedXml('not UTF-8', cause)
  }
}

function after(text: string, end: string, from: number): number {
  const index = text.indexOf(end, from)
  if (index < 0) throw malformedXml(`missing ${end}`)
  return index + end.length
}

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const character = entities[name] ?? numbered(name)
    if (character === undefined || !whole.endsWith(';')) throw malformedXml('unknown entity')
    return character
  })
}

const entities: Readonly<Record<string, string | undefined>> = Object.assign(Object.create(null), {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
})

function numbered(name: string): string | undefined {
  const parts = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name)
  if (parts === null) return undefined
  const [, hex, decimal] = parts
  const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  const isCharacter = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
  return isCharacter ? String.fromCodePoint(point) : undefined
}
