/** The thread that reads what may hang it: the main one sees by `progress` that it goes on, and by its end that its memory held. */
import { parentPort, workerData } from 'node:worker_threads'
import { openAllTargets } from './all-targets.ts'
import { runCases } from './cases.ts'

export interface LaneTask {
  readonly names: readonly string[]
  readonly seed: string
  /** For each target, in milliseconds. */
  readonly sliceMs: number
  readonly from: number
  /** Place of the target and number of the case that is being run. */
  readonly progress: SharedArrayBuffer
}

export interface LaneReport {
  readonly name: string
  /** How many cases went well. */
  readonly cases: number
  readonly finding?: { readonly number: number; readonly input: string; readonly error: string }
}

async function run({ names, seed, sliceMs, from, progress }: LaneTask): Promise<void> {
  const place = new Int32Array(progress)
  await using opened = await openAllTargets()
  for (const [index, name] of names.entries()) {
    const target = opened.all[name]
    if (target === undefined) throw new Error(`there is no target ${name}`)
    const until = performance.now() + sliceMs
    Atomics.store(place, 0, index)
    const goesOn = (number: number): boolean => {
      Atomics.store(place, 1, number)
      return performance.now() < until
    }
    const result = await runCases(target, { name, seed, from, goesOn })
    parentPort?.postMessage(typeof result === 'number' ? { name, cases: result } : told(result))
  }
}

function told(finding: Exclude<Awaited<ReturnType<typeof runCases>>, number>): LaneReport {
  const { target, number, input, error } = finding
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    name: target,
    cases: number,
    finding: { number, input: input.toString('base64'), error: text },
  }
}

await run(workerData as LaneTask) // given by fuzz.ts
