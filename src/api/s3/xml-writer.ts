import type { Branded } from '#bytes/brand'

/** Well-formed XML content: only these functions make it, so no text gets in unescaped. */
export type Xml = Branded<string, 'Xml'>

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** A document whose root is in S3's namespace. */
export function xmlDocument(root: string, ...children: readonly Xml[]): string {
  return xmlDocumentOf(root, namespace, ...children)
}

/** A document whose root is in another namespace. */
export function xmlDocumentOf(root: string, namespaceUri: string, ...children: readonly Xml[]) {
  return `${prolog}<${root} xmlns="${namespaceUri}">${children.join('')}</${root}>`
}

/** A document without namespace, as errors are. */
export function plainXmlDocument(root: string, ...children: readonly Xml[]): string {
  return prolog + branch(root, ...children)
}

export function branch(name: string, ...children: readonly Xml[]): Xml {
  return `<${name}>${children.join('')}</${name}>` as Xml // its parts are well-formed
}

/** `<name>text</name>`; nothing at all for `undefined`. */
export function leaf(name: string, text: string | number | boolean | undefined): Xml {
  if (text === undefined) return '' as Xml // nothing is well-formed
  return `<${name}>${escapeXml(String(text))}</${name}>` as Xml // the text is escaped
}

export function textNode(text: string): Xml {
  return escapeXml(text) as Xml // the text is escaped
}

export function branches<T>(items: readonly T[], write: (item: T) => Xml): Xml {
  return items.map(write).join('') as Xml // its parts are well-formed
}

/**
 * Escapes markup, and as character references whatever a parser would change (line ends) or an XML 1.0 text may not hold (control
 * characters). AWS does the same; strict parsers refuse such references, so clients ask for `encoding-type=url` instead.
 */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return text.replace(/[&<>"\u0000-\u001f\u007f\ufffe\uffff]/g, (character) => {
    const named = names[character]
    return named ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`
  })
}

/** Whether XML 1.0 can hold the text; a parser refuses the others even as character references. */
export function isXmlText(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text)
}

const names: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
