/** Links that lead where a reader would not go. */
import {
  type Block,
  type BlockFinding,
  type PatternRule,
  patternFindings,
  rewritten,
} from '#library/_scan-block'

/** What stands before an address in Markdown and HTML. */
const opening = String.raw`(?:\]\(\s{0,20}<?|^ {0,3}\[[^\]\n]{1,200}\]:[ \t]{0,20}<?|<|\b(?:href|src|action|formaction|poster|data)\s{0,5}=\s{0,5}["']?)\s{0,20}`
/** Browsers leave these out of a scheme. */
const gap = String.raw`[\t\r\n]{0,3}`

function scheme(name: string): string {
  return [...name].join(gap) + String.raw`\s{0,5}:`
}

const host = String.raw`https?:\/\/(?:[^\s/@"'<>]{1,100}@)?`

const rules: readonly PatternRule[] = [
  {
    rule: 'link/script',
    severity: 'high',
    pattern: new RegExp(
      `${opening}(?:${scheme('javascript')}|${scheme('vbscript')}|${scheme('livescript')})[^\\n]{0,80}`,
      'gim',
    ),
  },
  {
    rule: 'link/data',
    severity: 'high',
    pattern: new RegExp(
      `${opening}${scheme('data')}(?!image/(?:png|jpeg|gif|webp|avif)[;,])[^\\n]{0,60}`,
      'gim',
    ),
  },
  {
    rule: 'link/data-image',
    severity: 'low',
    pattern: new RegExp(`${opening}data:image/(?:png|jpeg|gif|webp|avif)[;,][^\\n]{0,20}`, 'gim'),
  },
  {
    rule: 'link/file',
    severity: 'medium',
    pattern: new RegExp(`${opening}(?:file|smb|ftp):[^\\n]{0,80}`, 'gim'),
  },
  {
    rule: 'link/remote-image',
    severity: 'low',
    pattern:
      /!\[[^\]\n]{0,300}\]\(\s{0,20}<?(?:https?:)?\/\/[^\s)>]{1,200}|<img\b[^<>]{0,500}\bsrc(?:set)?\s{0,5}=\s{0,5}["']?(?:https?:)?\/\/[^\s"'>]{1,200}/gi,
  },
  {
    rule: 'link/metadata-service',
    severity: 'high',
    pattern: /\b169\.254\.169\.254\b|\bmetadata\.google\.internal\b|\[fd00:ec2::254\]/gi,
  },
  {
    rule: 'link/ip-host',
    severity: 'medium',
    pattern: new RegExp(
      `${host}(?:(\\d{1,3}(?:\\.\\d{1,3}){3})|\\[([0-9a-f:.]{2,45})\\]|0x[0-9a-f]{6,8}|\\d{8,10})(?=[:/?#\\s)>"'\`]|$)`,
      'gim',
    ),
    counts: ({ 1: four, 2: six }) => !isForDocuments(four, six),
  },
  {
    rule: 'link/lookalike-host',
    severity: 'medium',
    // Characters of other alphabets, written out or as punycode.
    pattern: new RegExp(
      `${host}(?:[\\w.-]{0,200}\\bxn--[\\w-]{1,100}|[\\w.-]{0,100}[^\\0-\\x7f\\s"'<>()\`…，。、）][^\\s/"'<>()]{0,100}\\.[a-z]{2,24}\\b)`,
      'gi',
    ),
  },
  {
    rule: 'link/disguised',
    severity: 'medium',
    pattern:
      /\[\s{0,5}<?(https?:\/\/[^\]\s>]{1,300})>?\s{0,5}\]\(\s{0,5}<?(https?:\/\/[^\s)>]{1,500})/gi,
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

/** As a browser reads it. What would be a line end stays as it is. */
function withoutEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(entity, (all, hex?: string, decimal?: string, name?: string) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    if (name !== undefined) return named[name.toLowerCase()] ?? all
    return code >= 0x20 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}

export function* linkFindings(block: Block): Generator<BlockFinding, void, undefined> {
  yield* patternFindings(rewritten(block, withoutEntities), rules)
}
