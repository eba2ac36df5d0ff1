/** Links that lead where a reader would not go. */
import type { PatternRule } from '#library/_scan-block'

/** What stands before an address in Markdown and HTML. */
const opening =
  /(?:\]\(\s{0,20}<?|^ {0,3}\[[^\]\n]{1,200}\]:[ \t]{0,20}<?|<|\b(?:href|src|action|formaction|poster|data)\s{0,5}=\s{0,5}["']?)\s{0,20}$/im
const openingCharsMax = 240

function isAddress({ index, input }: RegExpExecArray): boolean {
  return opening.test(input.slice(Math.max(0, index - openingCharsMax), index))
}

/** The same before a scheme, where a match begins at its colon. Browsers leave out tabs and line ends within a scheme. */
const openedScript = opened(['javascript', 'vbscript', 'livescript'])
const openedData = opened(['data'])

function opened(schemes: readonly string[]): RegExp {
  const spelt = schemes.map((name) => [...name].join('[\\t\\r\\n]{0,3}')).join('|')
  return new RegExp(`${opening.source.slice(0, -1)}(?:${spelt})\\s{0,5}$`, 'im')
}

function isOpened(pattern: RegExp): (match: RegExpExecArray) => boolean {
  return ({ index, input }) =>
    pattern.test(input.slice(Math.max(0, index - openingCharsMax), index))
}

/** With the address's beginning. */
function fromOpening({ 0: found, index, input }: RegExpExecArray): string {
  return input.slice(Math.max(0, index - 20), index) + found
}

const host = String.raw`https?:\/\/(?:[^\s/@"'<>]{1,100}@)?`

export const linkRules: readonly PatternRule[] = [
  {
    rule: 'link/script',
    severity: 'high',
    starts: [':'],
    pattern: /(?<=t\s{0,5}):[^\n]{0,80}/iy,
    counts: isOpened(openedScript),
    show: fromOpening,
  },
  {
    rule: 'link/data',
    severity: 'high',
    starts: [':'],
    pattern: /(?<=a\s{0,5}):(?!image\/(?:png|jpeg|gif|webp|avif)[;,])[^\n]{0,60}/iy,
    counts: isOpened(openedData),
    show: fromOpening,
  },
  {
    rule: 'link/data-image',
    severity: 'low',
    starts: ['data:image/'],
    pattern: /data:image\/(?:png|jpeg|gif|webp|avif)[;,][^\n]{0,20}/iy,
    counts: isAddress,
  },
  {
    rule: 'link/file',
    severity: 'medium',
    starts: ['file:', 'smb:', 'ftp:'],
    pattern: /(?:file|smb|ftp):[^\n]{0,80}/iy,
    counts: isAddress,
  },
  {
    rule: 'link/remote-image',
    severity: 'low',
    starts: ['![', '<img'],
    pattern:
      /!\[[^\]\n]{0,300}\]\(\s{0,20}<?(?:https?:)?\/\/[^\s)>]{1,200}|<img\b[^<>]{0,500}\bsrc(?:set)?\s{0,5}=\s{0,5}["']?(?:https?:)?\/\/[^\s"'>]{1,200}/iy,
  },
  {
    rule: 'link/metadata-service',
    severity: 'high',
    starts: ['169.254.', 'metadata.google', '[fd00:ec2'],
    pattern: /169\.254\.169\.254\b|metadata\.google\.internal\b|\[fd00:ec2::254\]/iy,
  },
  {
    rule: 'link/ip-host',
    severity: 'medium',
    starts: ['http'],
    pattern: new RegExp(
      `${host}(?:(\\d{1,3}(?:\\.\\d{1,3}){3})|\\[([0-9a-f:.]{2,45})\\]|0x[0-9a-f]{6,8}|\\d{8,10})(?=[:/?#\\s)>"'\`]|$)`,
      'imy',
    ),
    counts: ({ 1: four, 2: six }) => !isForDocuments(four, six),
  },
  {
    rule: 'link/lookalike-host',
    severity: 'medium',
    starts: ['http'],
    // Characters of other alphabets, written out or as punycode.
    pattern: new RegExp(
      `${host}(?:[\\w.-]{0,200}\\bxn--[\\w-]{1,100}|[\\w.-]{0,100}[^\\0-\\x7f\\s"'<>()\`…，。、）][^\\s/"'<>()]{0,100}\\.[a-z]{2,24}\\b)`,
      'iy',
    ),
  },
  {
    rule: 'link/disguised',
    severity: 'medium',
    starts: ['['],
    pattern:
      /\[\s{0,5}<?(https?:\/\/[^\]\s>]{1,300})>?\s{0,5}\]\(\s{0,5}<?(https?:\/\/[^\s)>]{1,500})/iy,
    counts: ({ 1: shown = '', 2: target = '' }) => {
      const [one, other] = [URL.parse(shown)?.hostname, URL.parse(target)?.hostname]
      return one !== undefined && other !== undefined && withoutWww(one) !== withoutWww(other)
    },
  },
]

function withoutWww(name: string): string {
  return name.replace(/^www\./, '')
}

/** This machine, private networks, and what RFC 5737 and RFC 3849 keep for documentation. */
function isForDocuments(four: string | undefined, six: string | undefined): boolean {
  if (six !== undefined) return six === '::1' || six === '::' || /^(?:2001:db8|f[cde])/i.test(six)
  return (
    four !== undefined &&
    /^(?:0|10|127)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^192\.0\.2\.|^198\.51\.100\.|^203\.0\.113\.|^(?:1\.2\.3\.4|255\.255\.255\.255)$/.test(
      four,
    )
  )
}

const named: Readonly<Record<string, string>> = {
  colon: ':',
  sol: '/',
  lpar: '(',
  rpar: ')',
  tab: '\t',
}
const entity = /&(?:#(?:x([0-9a-f]{1,6})|(\d{1,7}))|(colon|sol|lpar|rpar|tab));?/gi

/** As a browser reads it: rules of links look at this. What would become a line end is left out. */
export function withoutEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(entity, (all, hex?: string, decimal?: string, name?: string) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    if (name !== undefined) return named[name.toLowerCase()] ?? all
    return code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}
