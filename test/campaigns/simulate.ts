/**
 * `npm run campaign -- simulate [--seeds 100000] [--from 1] [--threads 2]`: the simulation, long. Every seed is run by one of the threads; what they
 * found is added up, printed as it comes, and left in docs/evidence/simulate.md and .json.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Tally, tallyOf } from '../simulation/tally.ts'

/** Seeds given to a thread at a time. */
const batchSeeds = 50
const progressEveryMs = 15_000

interface Plan {
  readonly from: number
  readonly seeds: number
  readonly threads: number
}

/** Rejects when a seed has found a violation; the evidence is written all the same. */
export async function campaign(args: readonly string[]): Promise<void> {
  const plan = readPlan(args)
  console.log(`seeds ${plan.from} to ${plan.from + plan.seeds - 1}, ${plan.threads} threads`)
  const startedAt = performance.now()
  const total = tallyOf()
  const progress = setInterval(() => print(total, plan, startedAt), progressEveryMs)
  try {
    const batches = batchesOf(plan)
    await Promise.all(Array.from({ length: plan.threads }, () => work(batches, total)))
  } finally {
    clearInterval(progress)
  }
  print(total, plan, startedAt)
  await leaveEvidence(total, { ...plan, minutes: (performance.now() - startedAt) / 60_000 })
  if (total.violations.length > 0)
    throw new Error(`${total.violations.length} seeds found violations: docs/evidence/simulate.md`)
}

function readPlan(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '100000' },
      from: { type: 'string', default: '1' },
      threads: { type: 'string', default: String(availableParallelism()) },
    },
  })
  return {
    from: Number(values.from),
    seeds: Number(values.seeds),
    threads: Number(values.threads),
  }
}

function* batchesOf({ from, seeds }: Plan): Generator<readonly number[], void, undefined> {
  for (let at = from; at < from + seeds; at += batchSeeds) {
    const count = Math.min(batchSeeds, from + seeds - at)
    yield Array.from({ length: count }, (_, index) => at + index)
  }
}

/** A fresh thread for each batch, so that memory a thread has leaked does not add up. */
async function work(batches: Iterable<readonly number[]>, total: Tally): Promise<void> {
  for (const batch of batches) {
    const found = await runBatch(batch)
    for (const { seed, text } of found.violations) console.log(`\nseed ${seed}: ${text}\n`)
    total.add(found)
  }
}

function runBatch(batch: readonly number[]): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../simulation/batch-worker.ts', import.meta.url), {
      workerData: batch,
    })
    worker.once('message', (found: unknown) => resolve(tallyOf(found)))
    worker.once('error', (error) =>
      reject(new Error(`seeds ${batch[0]} to ${batch.at(-1)}`, { cause: error })),
    )
  })
}

function print(total: Tally, { seeds }: Plan, startedAt: number): void {
  const seconds = (performance.now() - startedAt) / 1000
  const rate = total.seeds / seconds
  const left = rate > 0 ? `, ${((seeds - total.seeds) / rate / 60).toFixed(0)} minutes left` : ''
  console.log(`${total.seeds} of ${seeds} seeds, ${total.summary()}${left}`)
}

async function leaveEvidence(
  total: Tally,
  run: Plan & { readonly minutes: number },
): Promise<void> {
  const evidence = new URL('../../docs/evidence/', import.meta.url)
  await mkdir(evidence, { recursive: true })
  await writeFile(new URL('simulate.md', evidence), printPage(total, run))
  const json = { ...run, node: process.version, ...total.toJSON() }
  await writeFile(new URL('simulate.json', evidence), `${JSON.stringify(json, null, 2)}\n`)
}

function printPage(
  total: Tally,
  { from, seeds, threads, minutes }: Plan & { readonly minutes: number },
): string {
  const failures = total.violations.map(
    ({ seed, text }) => `- seed ${seed}: ${text.split('\n')[0]}`,
  )
  return `# Simulation

\`npm run campaign -- simulate --seeds ${seeds} --from ${from}\`: ${seeds} seeds in ${minutes.toFixed(0)} minutes on ${threads} threads, Node ${process.version}.
What a seed does and what is checked: [simulation.md](../operate/simulation.md).

| what | how much |
| --- | --- |
| seeds | ${total.seeds} |
| operations of clients | ${total.operations} |
| simulated time | ${(total.simulatedMs / 3_600_000).toFixed(0)} hours |
| processes of the store | ${total.processes} |
| databases rebuilt from the nodes and compared | ${total.rebuilds} |
| **seeds with a violation** | **${total.violations.length}** |

${failures.length === 0 ? 'Nothing that was acknowledged was lost, nothing that was removed came back, every reader saw one whole version, and every store healed.' : failures.join('\n')}

How operations ended: ${printCounts(total.outcomes)}.

| fault | times |
| --- | --- |
${printRows(total.faults)}

| crash point | passed |
| --- | --- |
${printRows(total.crashPoints)}
`
}

function printCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}

function printRows(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort()
    .map(([name, count]) => `| ${name} | ${count} |`)
    .join('\n')
}
