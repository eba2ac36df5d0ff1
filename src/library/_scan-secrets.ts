/** Keys and tokens that somebody forgot. Shapes are those that their makers publish so that they are found. */
import {
  type Block,
  type BlockFinding,
  type PatternRule,
  patternFindings,
} from '#library/_scan-block'

/** Of documentation: nobody's key. */
const placeholder =
  /example|sample|placeholder|changeme|redacted|dummy|your[_-]?|xxxx|\.\.\.|<|\$\{|1234567890|abcdef0123|(.)\1{7}/i

/** Bits per character that text of a language never has. */
const entropyMin = 3.8

const shapes: readonly PatternRule[] = [
  {
    rule: 'secret/private-key',
    severity: 'critical',
    pattern:
      /-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:\s{1,4}[\w-]{1,30}: [^\n]{0,100}){0,5}\s{1,4}[A-Za-z0-9+/=\\]{32}/g,
    show: () => '-----BEGIN PRIVATE KEY-----',
  },
  ...tokens([
    ['aws-key', /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/g],
    ['aws-key', /\baws_secret_access_key["']?\s{0,3}[:=]\s{0,3}["']?[A-Za-z0-9/+]{40}\b/gi],
    ['github', /\b(?:gh[oprsu]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/g],
    ['gitlab', /\bglpat-[\w-]{20,64}/g],
    [
      'slack',
      /\bxox[abeoprs]-[A-Za-z0-9-]{20,255}|hooks\.slack\.com\/services\/T\w{6,12}\/B\w{6,12}\/\w{20,30}/g,
    ],
    ['stripe', /\b[rs]k_live_[A-Za-z0-9]{16,128}\b/g],
    ['google', /\bAIza[\w-]{35}\b/g],
    ['model-provider', /\bsk-(?:ant-|proj-|or-|svcacct-)[\w-]{32,255}|\bsk-[A-Za-z0-9]{48}\b/g],
    ['npm', /\bnpm_[A-Za-z0-9]{36}\b/g],
    ['pypi', /\bpypi-AgEI[\w-]{50,255}/g],
    ['sendgrid', /\bSG\.[\w-]{22}\.[\w-]{43}\b/g],
    ['hugging-face', /\bhf_[A-Za-z0-9]{34}\b/g],
    ['mdlibs', /\bmdl_[\w-]{43}(?![\w-])/g],
  ]),
  {
    rule: 'secret/json-web-token',
    severity: 'medium',
    pattern: /\beyJ[\w-]{10,1024}\.eyJ[\w-]{10,2048}\.[\w-]{20,1024}/g,
    show: masked,
  },
  {
    rule: 'secret/url-password',
    severity: 'medium',
    pattern:
      /\b[a-z][a-z0-9+.-]{1,15}:\/\/[^\s/:@"'<>]{1,64}:([^\s/:@"'<>]{3,128})@[^\s"'<>]{3,100}/gi,
    counts: ({ 0: all, 1: password = '' }) =>
      !placeholder.test(all) &&
      !/^(?:pass(?:word)?|pwd|secret|token|pw|\*+|\$\w+|%\w+%|\{+.*)$/i.test(password),
    show: masked,
  },
  {
    rule: 'secret/high-entropy',
    severity: 'medium',
    pattern:
      /\b(?:api|access|auth|client|private|secret|signing|encryption)?[_-]?(?:key|secret|token|password|passwd|credential)s?["']?\s{0,3}[:=]\s{0,3}["']?([A-Za-z0-9+/_=-]{20,200})(?![A-Za-z0-9+/_=-])/gi,
    counts: ({ 1: value = '' }) =>
      /\d/.test(value) &&
      /[A-Za-z]/.test(value) &&
      !placeholder.test(value) &&
      entropyOf(value) > entropyMin,
    show: masked,
  },
]

function tokens(
  kinds: readonly (readonly [name: string, pattern: RegExp])[],
): readonly PatternRule[] {
  return kinds.map(([name, pattern]) => ({
    rule: `secret/${name}`,
    severity: 'critical',
    pattern,
    counts: ({ 0: all }) => !placeholder.test(all),
    show: masked,
  }))
}

/** Enough to find it again. */
function masked({ 0: all }: RegExpExecArray): string {
  return `${all.slice(0, 8)}… (${all.length} characters)`
}

/** Shannon's, in bits per character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => {
    const share = count / text.length
    return sum - share * Math.log2(share)
  }, 0)
}

/** Digits or long words without spaces: what every secret has. */
export function* secretFindings(block: Block): Generator<BlockFinding, void, undefined> {
  if (/[\w/+=-]{16}|:\/\/[^\s@]{1,200}@/.test(block.text)) yield* patternFindings(block, shapes)
}
