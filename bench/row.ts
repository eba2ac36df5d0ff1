/** A row of the benchmark: one promise about speed, as a ratio to something measured beside it in the same run. */

export interface Row {
  readonly name: string
  /** What `ours` and `baseline` count. */
  readonly unit: string
  readonly better: 'higher' | 'lower'
  /** The ratio below (or above) which the row fails, and the one we are after. A row without them is shown, and promises nothing. */
  readonly must?: number
  readonly aim?: number
  /** Rates (or times) of both, each the median of `rounds`. */
  measure(): Promise<Measured>
}

export interface Measured {
  readonly ours: number
  readonly baseline: number
}

/** One line of bench/latest.json. */
export interface RowResult extends Measured {
  readonly row: string
  /** `ours / baseline` */
  readonly ratio: number
  readonly must: number | null
  readonly aim: number | null
  readonly better: Row['better']
}

export type Verdict = 'aim' | 'must' | 'missed' | 'shown'

export async function runRow({ name, must, aim, better, measure }: Row): Promise<RowResult> {
  const { ours, baseline } = await measure()
  const ratio = ours / baseline
  if (!Number.isFinite(ratio) || ratio <= 0) throw new Error(`no ratio: ${ours} / ${baseline}`)
  return { row: name, ours, baseline, ratio, must: must ?? null, aim: aim ?? null, better }
}

export function judge({ ratio, must, aim, better }: RowResult): Verdict {
  if (must === null || aim === null) return 'shown'
  const reaches = (goal: number): boolean => (better === 'higher' ? ratio >= goal : ratio <= goal)
  if (reaches(aim)) return 'aim'
  return reaches(must) ? 'must' : 'missed'
}

const rounds = 5

/**
 * Runs both `rounds` times in turn, so that whatever else the machine does falls on both, and returns the medians. One round of each
 * before the first counts for nothing: it warms code, connections and files.
 */
export async function inTurn(
  ours: () => Promise<number>,
  baseline: () => Promise<number>,
): Promise<Measured> {
  const oursRates: number[] = []
  const baselineRates: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const rates = [await baseline(), await ours()] as const
    if (round === 0) continue
    baselineRates.push(rates[0])
    oursRates.push(rates[1])
  }
  return { ours: median(oursRates), baseline: median(baselineRates) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('no median of nothing')
  return middle
}
