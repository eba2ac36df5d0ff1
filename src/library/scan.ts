/** What was found in published files. */

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'

/** From mild to grave. */
export const severities: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical']

export interface Finding {
  /** e.g. `hidden/bidi`. */
  readonly rule: string
  readonly severity: Severity
  readonly path: string
  /** From 1. */
  readonly line: number
  /** Of what was found, with what cannot be seen escaped and secrets masked; at most `excerptCharsMax`. */
  readonly excerpt: string
}

export const excerptCharsMax = 120

/** One rule may find things of several severities. */
export function sortOf({ rule, severity }: Pick<Finding, 'rule' | 'severity'>): string {
  return `${rule} ${severity}`
}

/** Findings of many files, so many of each rule at most: what is grave is never lost behind what is frequent. */
export class FindingShelf {
  readonly #ofRuleMax: number
  readonly #byRule = new Map<string, Finding[]>()

  constructor(ofRuleMax = 50) {
    this.#ofRuleMax = ofRuleMax
  }

  add(findings: readonly Finding[]): void {
    for (const finding of findings) {
      const key = sortOf(finding)
      const kept = this.#byRule.get(key) ?? []
      this.#byRule.set(key, kept)
      if (kept.length < this.#ofRuleMax) kept.push(finding)
    }
  }

  /** The gravest first, then as they came. */
  all(): readonly Finding[] {
    const grade = ({ severity }: Finding): number => severities.indexOf(severity)
    return [...this.#byRule.values()].flat().sort((one, other) => grade(other) - grade(one))
  }
}
