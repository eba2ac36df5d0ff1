/**
 * `npm run campaign -- simulate [--seeds 100000] [--from 1] [--threads 2]`: the simulation, long. Every seed is run by one of the threads; what they
 * found is added up, printed as it comes, and left in docs/evidence/simulate.md and .json after each batch, so that a campaign that was broken off
 * goes on where it was: `npm run campaign -- simulate --resume`. It begins with the seeds that found something: those that pass now are mended.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Tally, tallyFromJson, tallyOf } from '../simulation/tally.ts'

/** Seeds given to a thread at a time: the first hundred of a thread, before its code is compiled, take half as long again. */
const batchSeeds = 500
/** Most of what a seed allocates is dead within it: measured, 64 MB save 12 % of the time, 128 MB some 5 % more. */
const youngGenerationMb = 128
const progressEveryMs = 15_000

interface Plan {
  readonly from: number
  readonly seeds: number
  readonly threads: number
}

/** What has been done of the plan. */
interface Progress {
  /** First seeds of the batches that are not finished. */
  readonly open: Set<number>
  readonly total: Tally
  /** Seeds that found something, on which tree, and on which one they passed afterwards. */
  readonly mended: readonly Mended[]
  /** Of the runs before this one. */
  readonly runs: readonly Run[]
}

interface Mended {
  readonly seed: number
  readonly foundOn: string
  readonly passedOn: string
}

/** One run of the campaign, of perhaps several. */
interface Run {
  /** The commit whose store was tried. */
  readonly tree: string
  readonly seeds: number
  readonly minutes: number
}

const evidence = new URL('../../docs/evidence/', import.meta.url)

/** Rejects when a seed has found a violation; the evidence is written all the same. */
export async function campaign(args: readonly string[]): Promise<void> {
  const begun = begin(args)
  const { plan } = begun
  const tree = treeNow()
  const progress = await tryAgain(begun.progress, tree)
  const { total } = progress
  console.log(`seeds ${plan.from} to ${plan.from + plan.seeds - 1}, ${plan.threads} threads`)
  const clock = { startedAt: performance.now(), had: total.seeds }
  const printing = setInterval(() => print(total, plan, clock), progressEveryMs)
  const onBatch = (first: number, found: Tally): void => {
    for (const { seed, text } of found.violations) console.log(`\nseed ${seed}: ${text}\n`)
    total.add(found)
    progress.open.delete(first)
    const minutes = (performance.now() - clock.startedAt) / 60_000
    const run = { tree, seeds: total.seeds - clock.had, minutes }
    leaveEvidence(plan, { ...progress, runs: [...progress.runs, run] })
  }
  try {
    const firsts = [...progress.open].values()
    await Promise.all(Array.from({ length: plan.threads }, () => work(plan, firsts, onBatch)))
  } finally {
    clearInterval(printing)
  }
  print(total, plan, clock)
  if (total.violations.length > 0)
    throw new Error(`${total.violations.length} seeds found violations: docs/evidence/simulate.md`)
}

function begin(args: readonly string[]): { readonly plan: Plan; readonly progress: Progress } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '100000' },
      from: { type: 'string', default: '1' },
      threads: { type: 'string', default: String(availableParallelism()) },
      resume: { type: 'boolean', default: false },
    },
  })
  const threads = Number(values.threads)
  if (values.resume) {
    const file = new URL('simulate.json', evidence)
    if (!existsSync(file))
      throw new Error('nothing to resume: docs/evidence/simulate.json is not there')
    const { from, seeds, open, mended, runs, tally } = JSON.parse(readFileSync(file, 'utf8'))
    const progress = { open: new Set<number>(open), total: tallyFromJson(tally), mended, runs }
    return { plan: { from, seeds, threads }, progress }
  }
  const plan = { from: Number(values.from), seeds: Number(values.seeds), threads }
  const open = new Set<number>()
  for (let at = plan.from; at < plan.from + plan.seeds; at += batchSeeds) open.add(at)
  return { plan, progress: { open, total: new Tally(), mended: [], runs: [] } }
}

/** Seeds of former runs that found something, once more on this tree. */
async function tryAgain(
  { total, mended, runs, open }: Progress,
  passedOn: string,
): Promise<Progress> {
  const foundOn = runs.at(-1)?.tree ?? 'an unknown tree'
  const again = await runBatch(total.violations.map(({ seed }) => seed))
  const failing = new Set(again.violations.map(({ seed }) => seed))
  const passing = total.violations.filter(({ seed }) => !failing.has(seed))
  const found = passing.map(({ seed }) => ({ seed, foundOn, passedOn }))
  total.violations.splice(0, total.violations.length, ...again.violations)
  return { open, total, runs, mended: [...mended, ...found] }
}

function treeNow(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
}

/** A fresh thread for each batch, so that memory a thread has leaked does not add up. */
async function work(
  { from, seeds }: Plan,
  firsts: Iterable<number>,
  onBatch: (first: number, found: Tally) => void,
): Promise<void> {
  for (const first of firsts) {
    const count = Math.min(batchSeeds, from + seeds - first)
    const batch = Array.from({ length: count }, (_, index) => first + index)
    onBatch(first, await runBatch(batch))
  }
}

function runBatch(batch: readonly number[]): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('../simulation/batch-worker.ts', import.meta.url), {
      workerData: batch,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    })
    worker.once('message', (found: unknown) => resolve(tallyOf(found)))
    worker.once('error', (error) =>
      reject(new Error(`seeds ${batch[0]} to ${batch.at(-1)}`, { cause: error })),
    )
  })
}

function print(
  total: Tally,
  { seeds }: Plan,
  { startedAt, had }: { readonly startedAt: number; readonly had: number },
): void {
  const seconds = (performance.now() - startedAt) / 1000
  const rate = (total.seeds - had) / seconds
  const left = rate > 0 ? `, ${((seeds - total.seeds) / rate / 60).toFixed(0)} minutes left` : ''
  console.log(`${total.seeds} of ${seeds} seeds, ${total.summary()}${left}`)
}

/** Synchronous, so that no two threads' writes mix. */
function leaveEvidence(plan: Plan, progress: Progress): void {
  mkdirSync(evidence, { recursive: true })
  writeFileSync(new URL('simulate.md', evidence), printPage(plan, progress))
  const { from, seeds } = plan
  const { open, total, mended, runs } = progress
  const node = process.version
  const json = { from, seeds, node, open: [...open], mended, runs, tally: total }
  writeFileSync(new URL('simulate.json', evidence), `${JSON.stringify(json, null, 2)}\n`)
}

function printPage({ from, seeds, threads }: Plan, { total, mended, runs }: Progress): string {
  const minutes = runs.reduce((sum, run) => sum + run.minutes, 0)
  const failures = total.violations.map(
    ({ seed, text }) => `- seed ${seed}: ${text.split('\n')[0]}`,
  )
  return `# Simulation

\`npm run campaign -- simulate --seeds ${seeds} --from ${from}\`: ${total.seeds} of ${seeds} seeds in ${minutes.toFixed(0)} minutes on ${threads} threads, Node ${process.version}.
What a seed does and what is checked: [simulation.md](../operate/simulation.md).

| what | how much |
| --- | --- |
| seeds | ${total.seeds} of ${seeds} |
| operations of clients | ${total.operations} |
| simulated time | ${(total.simulatedMs / 3_600_000).toFixed(0)} hours |
| processes of the store | ${total.processes} |
| databases rebuilt from the nodes and compared | ${total.rebuilds} |
| **seeds with a violation that is not mended** | **${total.violations.length}** |

${failures.length === 0 ? 'Nothing that was acknowledged was lost, nothing that was removed came back, every reader saw one whole version, and every store healed.' : failures.join('\n')}

| run | of commit | seeds | minutes |
| --- | --- | --- | --- |
${runs.map((run, index) => `| ${index + 1} | \`${run.tree}\` | ${run.seeds} | ${run.minutes.toFixed(0)} |`).join('\n')}

${mended.map((one) => `Seed ${one.seed} found a violation on \`${one.foundOn}\`; it was mended, and the seed passes on \`${one.passedOn}\`.\n`).join('\n')}
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
