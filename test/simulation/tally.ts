/** What many seeds came to. */
import { describeFailure, type SeedReport } from './run-seed.ts'

export interface Violation {
  readonly seed: number
  readonly text: string
}

type Counts = Map<string, number>

export class Tally {
  seeds = 0
  operations = 0
  simulatedMs = 0
  processes = 0
  rebuilds = 0
  readonly outcomes: Counts = new Map()
  readonly faults: Counts = new Map()
  readonly crashPoints: Counts = new Map()
  readonly violations: Violation[] = []

  count(report: SeedReport): void {
    this.seeds += 1
    this.operations += report.operations
    this.simulatedMs += report.simulatedMs
    this.processes += report.processes
    this.rebuilds += report.rebuilds
    addCounts(this.outcomes, Object.entries(report.outcomes))
    addCounts(this.faults, report.faults)
    addCounts(this.crashPoints, report.crashPoints)
    if (report.violations.length > 0)
      this.violations.push({ seed: report.seed, text: describeFailure(report) })
  }

  add(other: Tally): void {
    this.seeds += other.seeds
    this.operations += other.operations
    this.simulatedMs += other.simulatedMs
    this.processes += other.processes
    this.rebuilds += other.rebuilds
    addCounts(this.outcomes, other.outcomes)
    addCounts(this.faults, other.faults)
    addCounts(this.crashPoints, other.crashPoints)
    this.violations.push(...other.violations)
  }

  summary(): string {
    const faults = [...this.faults.values()].reduce((sum, count) => sum + count, 0)
    const hours = (this.simulatedMs / 3_600_000).toFixed(1)
    return `${this.operations} operations, ${faults} faults, ${hours} simulated hours, ${this.violations.length} violations`
  }

  toJSON() {
    const { seeds, operations, simulatedMs, processes, rebuilds, violations } = this
    return {
      ...{ seeds, operations, simulatedMs, processes, rebuilds },
      outcomes: Object.fromEntries(this.outcomes),
      faults: Object.fromEntries(this.faults),
      crashPoints: Object.fromEntries(this.crashPoints),
      violations,
    }
  }
}

function addCounts(counts: Counts, more: Iterable<readonly [string, number]>): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count)
}

/** What `toJSON` has made, read again. */
export function tallyFromJson(json: ReturnType<Tally['toJSON']>): Tally {
  const { outcomes, faults, crashPoints, ...numbers } = json
  return Object.assign(new Tally(), {
    ...numbers,
    outcomes: new Map(Object.entries(outcomes)),
    faults: new Map(Object.entries(faults)),
    crashPoints: new Map(Object.entries(crashPoints)),
  })
}

/** An empty tally, or what another thread has sent of one. */
export function tallyOf(sent: unknown = {}): Tally {
  return Object.assign(new Tally(), sent)
}
