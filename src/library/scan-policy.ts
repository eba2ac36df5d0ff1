/** What follows from findings. */
import type { Finding, Severity } from '#library/scan'

export type Verdict = 'pass' | 'warn' | 'quarantine' | 'block'

export interface ScanPolicy {
  readonly bySeverity: Readonly<Record<Severity, Verdict>>
  /** Wins over the severity. By rule, or its first part (`hidden`). */
  readonly byRule: Readonly<Record<string, Verdict>>
}

export const defaultScanPolicy: ScanPolicy = {
  bySeverity: { info: 'pass', low: 'warn', medium: 'warn', high: 'quarantine', critical: 'block' },
  byRule: {},
}

export interface Judgement {
  /** The worst of all findings'. */
  readonly verdict: Verdict
  /** What brought it there. */
  readonly because: readonly Finding[]
}

export function judgeFindings(_findings: readonly Finding[], _policy: ScanPolicy): Judgement {
  throw new Error('to come')
}
