/** Repairs come by the thousand, a chunk each: a terminal or a log hears of them in sums. */
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** The longest time between a repair and the line that counts it. */
const tellAfterMs = 5_000

export interface RepairSum {
  readonly chunks: number
  readonly shards: number
  readonly bytes: number
}

export interface RepairTally {
  readonly repaired: Telemetry['repaired']
  /** Tells what has not been told yet. */
  close(): void
}

export function tallyRepairs(world: World, tell: (sum: RepairSum) => void): RepairTally {
  const closed = new AbortController()
  let sum: RepairSum | undefined
  const tellNow = (): void => {
    if (sum !== undefined) tell(sum)
    sum = undefined
  }
  return {
    repaired({ shards, bytes }) {
      const isFirst = sum === undefined
      const { chunks, shards: shardsBefore, bytes: bytesBefore } = sum ?? nothing
      sum = { chunks: chunks + 1, shards: shardsBefore + shards, bytes: bytesBefore + bytes }
      if (isFirst) world.sleep(tellAfterMs, { signal: closed.signal }).then(tellNow, tellNow)
    },
    close() {
      closed.abort()
      tellNow()
    },
  }
}

const nothing: RepairSum = { chunks: 0, shards: 0, bytes: 0 }
