/** What follows from findings. */
import type { Finding, Severity } from '#library/scan'

export type Verdict = 'pass' | 'warn' | 'quarantine' | 'block'

/** From mild to grave. */
export const verdicts: readonly Verdict[] = ['pass', 'warn', 'quarantine', 'block']

export interface ScanPolicy {
  readonly bySeverity: Readonly<Record<Severity, Verdict>>
  /** Wins over the severity. By rule (`secret/private-key`), or by its first part (`secret`). */
  readonly byRule: Readonly<Record<string, Verdict>>
}

export const defaultScanPolicy: ScanPolicy = {
  bySeverity: { info: 'pass', low: 'warn', medium: 'warn', high: 'quarantine', critical: 'block' },
  byRule: {},
}

export interface Judgement {
  /** The gravest of all findings'. */
  readonly verdict: Verdict
  /** What brought it there; nothing when all passes. */
  readonly because: readonly Finding[]
}

export function judgeFindings(findings: readonly Finding[], policy: ScanPolicy): Judgement {
  const judged = findings.map((finding) => ({ finding, verdict: verdictOf(finding, policy) }))
  const verdict = verdicts.findLast((one) => judged.some((other) => other.verdict === one))
  if (verdict === undefined || verdict === 'pass') return { verdict: 'pass', because: [] }
  const because = judged.filter((one) => one.verdict === verdict).map(({ finding }) => finding)
  return { verdict, because }
}

function verdictOf({ rule, severity }: Finding, { bySeverity, byRule }: ScanPolicy): Verdict {
  const family = rule.slice(0, rule.indexOf('/'))
  return byRule[rule] ?? byRule[family] ?? bySeverity[severity]
}
