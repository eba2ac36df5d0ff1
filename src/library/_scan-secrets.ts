/** Keys and tokens that somebody forgot. Shapes are those that their makers publish so that they are found. */
import type { PatternRule } from '#library/_scan-block'

/** Of documentation: nobody's key. */
const placeholder =
  /example|sample|placeholder|changeme|redacted|dummy|your[_-]?|xxxx|\.\.\.|<|\$\{|1234567890|abcdef0123|(.)\1{7}/i

/** What stands for a password. */
const named = /^(?:pass(?:word)?|pwd|pw|secret|token|\*+|\$\w+|%\w+%|\{.*)$/i

/** Bits per character that text of a language never has. */
const entropyMin = 3.8

export const secretRules: readonly PatternRule[] = [
  {
    rule: 'secret/private-key',
    severity: 'critical',
    starts: ['-----begin '],
    pattern:
      /-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----(?:\s{1,4}[\w-]{1,30}: [^\n]{0,100}){0,5}\s{1,4}[A-Za-z0-9+/=\\]{32}/y,
    show: () => '-----BEGIN PRIVATE KEY-----',
  },
  token('aws-key', ['akia', 'asia'], /\b(?:AKIA|ASIA)[A-Z2-7]{16}\b/y),
  token(
    'aws-key',
    ['aws_secret_'],
    /\baws_secret_access_key["']?\s{0,3}[:=]\s{0,3}["']?[A-Za-z0-9/+]{40}\b/iy,
  ),
  token(
    'github',
    ['gho_', 'ghp_', 'ghr_', 'ghs_', 'ghu_', 'github_pat_'],
    /\b(?:gh[oprsu]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,255})\b/y,
  ),
  token('gitlab', ['glpat-'], /\bglpat-[\w-]{20,64}/y),
  token('slack', ['xox'], /\bxox[abeoprs]-[A-Za-z0-9-]{20,255}/y),
  token(
    'slack',
    ['hooks.slack.com/'],
    /\bhooks\.slack\.com\/services\/T\w{6,12}\/B\w{6,12}\/\w{20,30}/y,
  ),
  token('stripe', ['sk_live_', 'rk_live_'], /\b[rs]k_live_[A-Za-z0-9]{16,128}\b/y),
  token('google', ['aiza'], /\bAIza[\w-]{35}(?![\w-])/y),
  token(
    'model-provider',
    ['sk-'],
    /\bsk-(?:(?:ant-|proj-|or-|svcacct-)[\w-]{32,255}|[A-Za-z0-9]{48}\b)/y,
  ),
  token('npm', ['npm_'], /\bnpm_[A-Za-z0-9]{36}\b/y),
  token('pypi', ['pypi-'], /\bpypi-AgEI[\w-]{50,255}/y),
  token('sendgrid', ['sg.'], /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/y),
  token('hugging-face', ['hf_'], /\bhf_[A-Za-z0-9]{34}\b/y),
  token('mdlibs', ['mdl_'], /\bmdl_[\w-]{43}(?![\w-])/y),
  {
    rule: 'secret/json-web-token',
    severity: 'medium',
    starts: ['eyj'],
    pattern: /\beyJ[\w-]{10,1024}\.eyJ[\w-]{10,2048}\.[\w-]{20,1024}/y,
    show: masked,
  },
  {
    rule: 'secret/url-password',
    severity: 'medium',
    starts: ['://'],
    pattern: /:\/\/[^\s/:@"'<>]{1,64}:([^\s/:@"'<>]{3,128})@[^\s"'<>]{3,100}/y,
    counts: ({ 0: all, 1: password = '' }) => !placeholder.test(all) && !named.test(password),
    show: masked,
  },
  {
    rule: 'secret/high-entropy',
    severity: 'medium',
    starts: ['key', 'secret', 'token', 'passw', 'credential'],
    pattern:
      /(?:key|secret|token|password|passwd|credential)s?["']?\s{0,3}[:=]\s{0,3}["']?([A-Za-z0-9+/_=-]{20,200})(?![A-Za-z0-9+/_=-])/iy,
    counts: ({ 1: value = '' }) => isRandom(value) && !placeholder.test(value),
    show: masked,
  },
]

function token(name: string, starts: readonly string[], pattern: RegExp): PatternRule {
  const counts = ({ 0: all }: RegExpExecArray): boolean => !placeholder.test(all)
  return { rule: `secret/${name}`, severity: 'critical', starts, pattern, counts, show: masked }
}

/** Enough to find it again. */
function masked({ 0: all }: RegExpExecArray): string {
  return `${all.slice(0, 8)}… (${all.length} characters)`
}

function isRandom(text: string): boolean {
  return /\d/.test(text) && /[A-Za-z]/.test(text) && entropyOf(text) > entropyMin
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
