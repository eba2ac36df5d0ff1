/** Waiting for a running store to become what a test says it will become. */
import { setTimeout } from 'node:timers/promises'
import type { RunningStore } from './harness.ts'

export interface HealthFacts {
  readonly status: string
  readonly nodesUp: number
  readonly nodesDown: number
  readonly toleratedNodeLosses: number
  readonly repairQueue: number
  readonly warnings: readonly string[]
}

export async function healthOf({ httpUrl }: Pick<RunningStore, 'httpUrl'>): Promise<HealthFacts> {
  const answer = await fetch(`${httpUrl}/health`, { headers: { accept: 'application/json' } })
  return (await answer.json()) as HealthFacts // the program's own
}

const pauseMs = 50

/** Asks again until the claim holds; rejects with the last answer when that takes longer than `timeoutMs`. */
export async function until<T>(
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  { timeoutMs = 60_000 }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const startedAt = performance.now()
  for (;;) {
    const answer = await ask()
    if (holds(answer)) return answer
    if (performance.now() - startedAt > timeoutMs)
      throw new Error(`still not so after ${timeoutMs} ms: ${JSON.stringify(answer)}`)
    await setTimeout(pauseMs)
  }
}
