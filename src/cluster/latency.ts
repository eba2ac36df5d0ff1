/**
 * How long reads take, node by node, over the last few. For hedging (Dean and Barroso, "The tail at scale", 2013) and for
 * demoting a node that is slow rather than dead.
 */
import type { NodeNumber } from '#cluster/node'

/** Reads a node's window holds. With 64, the 95th percentile stands on three or four slower ones. */
const windowReads = 64
/** Fewer than this say nothing yet. */
const readsMin = 16
/** A window nobody added to for so long is forgotten: a node that was slow gets another chance. */
const forgottenAfterMs = 60_000

/** Until enough reads are known. */
const slowAfterMsAtFirst = 250
/** Hedging earlier than this would only double the work of a busy disk. */
const slowAfterMsMin = 20
const slowAfterMsMax = 1_000
/** A node is slow when its 95th percentile is this many times that of its peers. */
const slowFactor = 4

interface Window {
  readonly ms: Float64Array
  reads: number
  lastAt: number
}

export class ReadLatency {
  readonly #windows = new Map<NodeNumber, Window>()
  #slowAfterMs = slowAfterMsAtFirst

  /** `at` is monotonic time, ms. Cheap: the sums are done by `refresh`. */
  observe(node: NodeNumber, ms: number, at: number): void {
    let window = this.#windows.get(node)
    if (window === undefined) {
      window = { ms: new Float64Array(windowReads), reads: 0, lastAt: at }
      this.#windows.set(node, window)
    }
    window.ms[window.reads % windowReads] = ms
    window.reads += 1
    window.lastAt = at
  }

  /** A read that takes longer is worth a second one elsewhere: twice what a healthy node's slow reads take. */
  slowAfterMs(): number {
    return this.#slowAfterMs
  }

  /** 95th percentile of the node's last reads, ms; `undefined` when too few are known. */
  p95(node: NodeNumber): number | undefined {
    const window = this.#windows.get(node)
    if (window === undefined || window.reads < readsMin) return undefined
    const sorted = window.ms.slice(0, Math.min(window.reads, windowReads)).sort()
    return sorted[Math.floor(sorted.length * 0.95)]
  }

  /** Forgets what is old, and returns the nodes that are slow now. */
  refresh(at: number): ReadonlySet<NodeNumber> {
    for (const [node, { lastAt }] of this.#windows) {
      if (at - lastAt > forgottenAfterMs) this.#windows.delete(node)
    }
    const known = [...this.#windows.keys()].flatMap((node) => {
      const p95 = this.p95(node)
      return p95 === undefined ? [] : [{ node, p95 }]
    })
    // The median over nodes, not the percentile of all reads: one slow node of 14 is more than 5 % of them.
    const typical = known.map(({ p95 }) => p95).sort((a, b) => a - b)[(known.length - 1) >> 1]
    this.#slowAfterMs =
      typical === undefined
        ? slowAfterMsAtFirst
        : Math.min(slowAfterMsMax, Math.max(slowAfterMsMin, 2 * typical))
    const isSlow = (p95: number): boolean =>
      typical !== undefined && p95 > slowFactor * typical && p95 > slowAfterMsMin
    return new Set(known.filter(({ p95 }) => isSlow(p95)).map(({ node }) => node))
  }
}
