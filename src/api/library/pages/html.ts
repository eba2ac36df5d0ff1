/**
 * HTML as tagged templates. Whatever stands in `${…}` arrives as text: it is escaped, and a template with a hole where escaping is no help (a tag's name,
 * an attribute without quotes, a script) is refused the first time it is used. Addresses are looked at as well: none can run anything.
 */
import assert from 'node:assert/strict'

/** Markup that was made by a template of ours. Nothing else makes one. */
class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

export type { Html }

/** One attribute of a tag, or none. */
class Attribute {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type HtmlPart = string | number | Html | undefined | false | readonly HtmlPart[]

type Hole =
  | { readonly kind: 'text' }
  /** Between a tag's name and its `>`. */
  | { readonly kind: 'attribute' }
  /** Inside of quotes. */
  | { readonly kind: 'value' }
  /** Inside of quotes, and all of an address. */
  | { readonly kind: 'address' }

const holesOf = new WeakMap<TemplateStringsArray, readonly Hole[]>()

export function html(
  strings: TemplateStringsArray,
  ...parts: readonly (HtmlPart | Attribute)[]
): Html {
  const holes = holesOf.get(strings) ?? findHoles(strings)
  holesOf.set(strings, holes)
  let text = strings[0] ?? ''
  for (const [at, part] of parts.entries()) {
    text += fill(holes[at], part) + (strings[at + 1] ?? '')
  }
  return new Html(text)
}

export const nothing: Html = new Html('')

/** `name="value"`, `name` for `true`, and nothing for `false` and `undefined`. */
export function attribute(name: string, value: string | number | boolean | undefined): Attribute {
  assert(/^[a-z][a-z-]*$/.test(name) && !name.startsWith('on') && !addresses.has(name), name)
  if (value === undefined || value === false) return new Attribute('')
  return new Attribute(value === true ? ` ${name}` : ` ${name}="${escapeHtml(String(value))}"`)
}

export function join(parts: readonly HtmlPart[], between: HtmlPart): HtmlPart {
  return parts.flatMap((part, at) => (at === 0 ? [part] : [between, part]))
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** What a browser follows without running anything: to servers, to mail programs, and on this one. */
export function isSafeAddress(address: string): boolean {
  return (
    /^(?:https?:\/\/|mailto:|\/(?![/\\])|[#?])[^\0-\x20\x7f]*$/i.test(address) || address === '/'
  )
}

function fill(hole: Hole | undefined, part: HtmlPart | Attribute): string {
  switch (hole?.kind) {
    case 'text':
      return textOf(part)
    case 'attribute':
      assert(part instanceof Attribute, 'only attribute() may stand here')
      return part.text
    case 'value':
      assert(typeof part === 'string' || typeof part === 'number', 'only text may stand here')
      return escapeHtml(String(part))
    case 'address':
      assert(typeof part === 'string' && isSafeAddress(part), 'no address that is safe to follow')
      return escapeHtml(part)
    case undefined:
      assert.fail('a template has one hole for each part')
  }
}

function textOf(part: HtmlPart | Attribute): string {
  if (part === undefined || part === false) return ''
  if (part instanceof Html) return String(part)
  assert(!(part instanceof Attribute), 'attributes stand in tags')
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  return part.map(textOf).join('')
}

const addresses: ReadonlySet<string> = new Set([
  'href',
  'src',
  'action',
  'formaction',
  'poster',
  'cite',
  'data',
])

type Place = 'text' | 'tag' | 'value' | 'raw'

interface Reading {
  place: Place
  tag: string
  /** Of the attribute whose value is being read. */
  name: string
  /** Of that value, up to here; a hole counts. */
  value: string
}

/** Reads the fixed text as a browser would, as far as is needed to know where each hole lies. */
function findHoles(strings: readonly string[]): readonly Hole[] {
  const reading: Reading = { place: 'text', tag: '', name: '', value: '' }
  return strings.slice(0, -1).map((string) => {
    for (let at = 0; at < string.length; at += 1) readOn(reading, string, at)
    const hole = holeIn(reading, string)
    reading.value += '\0'
    return hole
  })
}

function readOn(reading: Reading, string: string, at: number): void {
  const character = string.charAt(at)
  switch (reading.place) {
    case 'text':
    case 'raw': {
      if (character !== '<') return
      const [, tag] = /^<([/!]?[a-z][\w-]*)/i.exec(string.slice(at)) ?? []
      assert(tag !== undefined, 'a tag begins with its name')
      reading.place = 'tag'
      reading.tag = tag
      return
    }
    case 'tag':
      if (character === '>') reading.place = /^(?:script|style)$/.test(reading.tag) ? 'raw' : 'text'
      assert(character !== "'", 'values stand in double quotes')
      if (character !== '"') return
      reading.name = /([a-z][a-z0-9-]*)=$/.exec(string.slice(0, at))?.[1] ?? ''
      assert(!/^(?:|on.*|style)$/.test(reading.name), `no attribute "${reading.name}"`)
      reading.value = ''
      reading.place = 'value'
      return
    case 'value':
      if (character === '"') reading.place = 'tag'
      else reading.value += character
  }
}

function holeIn({ place, name, value }: Reading, string: string): Hole {
  switch (place) {
    case 'raw':
      return assert.fail('no hole in a script or a style')
    case 'text':
      return { kind: 'text' }
    case 'tag':
      assert(/[\w"]$/.test(string) || string === '', 'attribute() brings its own space')
      return { kind: 'attribute' }
    case 'value':
      if (!addresses.has(name)) return { kind: 'value' }
      assert(value === '', 'an address is one hole')
      return { kind: 'address' }
  }
}
