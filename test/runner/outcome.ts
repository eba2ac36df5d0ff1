/** What a check came to: a test file, the types, the linter. */
export interface Outcome {
  readonly name: string
  readonly passed: number
  readonly failures: readonly Remark[]
  readonly skips: readonly Remark[]
  readonly ms: number
}

export interface Remark {
  readonly name: string
  readonly text: string
}

export function total(outcomes: readonly Outcome[]): {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
} {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failed: outcomes.reduce((sum, { failures }) => sum + failures.length, 0),
    skipped: outcomes.reduce((sum, { skips }) => sum + skips.length, 0),
  }
}

/** `12 passed, 0 failed` and, when there are any, `, 1 skipped`: the line programs read. */
export function summaryLine(outcomes: readonly Outcome[]): string {
  const { passed, failed, skipped } = total(outcomes)
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
