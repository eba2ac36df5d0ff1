/**
 * `npm run campaign -- cdn-meta [--inputs 10000000] [--seed TEXT]`: metadata of links that is nearly right, millions of times. Reading it must give a
 * fault of its own room or a value whose bytes are the input, in memory that follows the input's size and not what it claims.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { decodeMetadata } from '#content/cdn-meta'
import { isFault } from '#fault/fault'
import { inputOf } from '../fuzz/cases.ts'
import { complaintOf, targets } from '../fuzz/targets.ts'

/** What one reading may take: the layouts are tried one after another, and an entry of 17 bytes becomes an object with a hash. */
const heapBytesPerByte = 64
/** Faults with their stacks; what V8 sets aside at once. */
const heapBytesFree = 2 * 1024 * 1024
/** The whole process, with the fuzzer. */
const residentMegabytesMax = 512
const readMsMax = 1_000
const progressEvery = 500_000

interface Tally {
  readonly outcomes: Map<string, number>
  inputs: number
  bytes: number
  largestInput: number
  /** Largest growth of the heap in one reading, beyond what its input accounts for. */
  largestGrowth: number
  slowestMs: number
  residentMegabytes: number
}

/** Rejects at the first input that is not read as it should be; run it again by its seed and number. */
export async function campaign(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      inputs: { type: 'string', default: '10000000' },
      seed: { type: 'string', default: 'of the campaign' },
    },
  })
  const inputs = Number(values.inputs)
  Error.stackTraceLimit = 0 // most inputs are refused, and a stack costs more than reading them
  const startedAt = performance.now()
  const tally: Tally = {
    outcomes: new Map(),
    inputs: 0,
    bytes: 0,
    largestInput: 0,
    largestGrowth: 0,
    slowestMs: 0,
    residentMegabytes: 0,
  }
  for (let number = 0; number < inputs; number += 1) {
    await tryInput(tally, { seed: values.seed, number })
    if (tally.inputs % progressEvery === 0) {
      const seconds = (performance.now() - startedAt) / 1000
      console.log(`${tally.inputs} of ${inputs} inputs in ${seconds.toFixed(0)} s`)
    }
  }
  const minutes = (performance.now() - startedAt) / 60_000
  const page = printPage(tally, { seed: values.seed, minutes })
  writeFileSync(new URL('../../docs/evidence/cdn-meta.md', import.meta.url), page)
  console.log(page)
}

async function tryInput(
  tally: Tally,
  { seed, number }: { readonly seed: string; readonly number: number },
): Promise<void> {
  const target = targets['cdn-meta']
  if (target === undefined) throw new Error('there is no target cdn-meta')
  const input = inputOf(target, { name: 'cdn-meta', seed, number })
  const { outcome, ms, growth } = readOnce(input)
  const error = await complaintOf(target, input)
  const residentMegabytes = number % 1000 === 0 ? process.memoryUsage.rss() / 2 ** 20 : 0
  const complaint =
    error ??
    ((growth > heapBytesFree && `the heap grew by ${growth} bytes too many`) ||
      (ms > readMsMax && `it took ${ms} ms`) ||
      (residentMegabytes > residentMegabytesMax && `the process has ${residentMegabytes} MiB`))
  if (complaint) {
    throw new Error(`seed "${seed}", input ${number}: ${complaint}`, { cause: error })
  }
  tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1)
  tally.inputs += 1
  tally.bytes += input.length
  tally.largestInput = Math.max(tally.largestInput, input.length)
  tally.largestGrowth = Math.max(tally.largestGrowth, growth)
  tally.slowestMs = Math.max(tally.slowestMs, ms)
  tally.residentMegabytes = Math.max(tally.residentMegabytes, residentMegabytes)
}

/** A collection in between makes the growth negative: then nothing is learnt, and the next inputs will tell. */
function readOnce(input: Uint8Array): {
  readonly outcome: string
  readonly ms: number
  readonly growth: number
} {
  const before = heapBytes()
  const start = process.threadCpuUsage() // of the thread, as others may have the processor meanwhile
  const outcome = outcomeOf(input)
  const { user, system } = process.threadCpuUsage(start)
  const ms = (user + system) / 1000
  return { outcome, ms, growth: heapBytes() - before - heapBytesPerByte * input.length }
}

function outcomeOf(input: Uint8Array): string {
  try {
    return `read: a ${decodeMetadata(input).kind}`
  } catch (error) {
    return isFault(error) ? error.code : 'not a fault' // which complaintOf tells
  }
}

function heapBytes(): number {
  const { used_heap_size: inside, external_memory: outside } = getHeapStatistics()
  return inside + outside
}

function printPage(
  tally: Tally,
  { seed, minutes }: { readonly seed: string; readonly minutes: number },
): string {
  const tree = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const rows = [...tally.outcomes]
    .sort(([, one], [, other]) => other - one)
    .map(([outcome, count]) => `| ${outcome} | ${count} |`)
  return `# Metadata of links that is nearly right

\`npm run campaign -- cdn-meta --inputs ${tally.inputs} --seed '${seed}'\` on \`${tree}\`, Node ${process.version}: ${minutes.toFixed(0)} minutes.

Fields of all three layouts in their order, of which up to three lie (lengths up to 2^64 - 1 above all), are left out, repeated or nested where they do not belong; and the vectors, cut anywhere.
Every input was read into a value that is written as the same bytes again, or was refused by a fault of its own room. One that did not would have ended the campaign, and this page would not be here.

| what | how much |
| --- | --- |
| inputs | ${tally.inputs} |
| bytes of them, the largest | ${tally.bytes}, ${tally.largestInput} |
| heap that one reading took beyond ${heapBytesPerByte} bytes per byte of input | ${Math.max(0, Math.round(tally.largestGrowth / 1024))} KiB (at most ${heapBytesFree / 1024}) |
| memory of the process at most | ${tally.residentMegabytes.toFixed(0)} MiB (at most ${residentMegabytesMax}) |
| the slowest reading, in time of the processor | ${tally.slowestMs.toFixed(1)} ms (at most ${readMsMax}) |

| outcome | times |
| --- | --- |
${rows.join('\n')}
`
}
