/**
 * `npm run fuzz`: a minute of nearly right inputs for everything that reads what strangers send. `--seconds N`, `--target NAME`; `--seed TEXT --from N`
 * runs cases again. What is found is kept in test/fuzz/findings/, one file each,
 * beside inputs that once hurt other readers, and is a test from then on.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { targetNames } from './all-targets.ts'
import type { LaneReport, LaneTask } from './lane.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(process.hrtime.bigint()) },
    target: { type: 'string' },
    from: { type: 'string', default: '0' },
  },
})
const { seed, target } = values
const names = target === undefined ? targetNames : [target]

/** A case that takes longer hangs. The largest inputs take a tenth of a second. */
const caseMsMax = 10_000
const heapMegabytesMax = 512

async function fuzz(): Promise<number> {
  const progress = new SharedArrayBuffer(8)
  const sliceMs = (Number(values.seconds) * 1_000) / names.length
  const task: LaneTask = { names, seed, sliceMs, from: Number(values.from), progress }
  console.log(`seed ${seed}, ${values.seconds} seconds for ${names.length} targets`)
  const worker = new Worker(new URL('lane.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  })
  let found = 0
  const reported = new Set<string>()
  const place = new Int32Array(progress)
  const at = (): string => `target ${names[place[0] ?? 0]}, case ${place[1]}`
  worker.on('message', (report: LaneReport) => {
    reported.add(report.name)
    console.log(`${report.name}: ${report.cases} cases`)
    if (report.finding === undefined) return
    found += 1
    void keep(report)
  })
  const ended = new Promise<void>((resolve, reject) => {
    worker.once('error', (cause) => reject(new Error(`${at()} ended the thread`, { cause })))
    worker.once('exit', () => resolve())
  })
  const watch = watchOver(place, () => {
    process.stderr.write(`${at()} hangs (seed ${seed})\n`)
    found += 1
    void worker.terminate()
  })
  try {
    await ended
  } finally {
    clearInterval(watch)
  }
  const missing = names.filter((name) => !reported.has(name))
  if (missing.length > 0) process.stderr.write(`not finished: ${missing.join(', ')}\n`)
  return found + missing.length
}

/** Calls when the same case runs for too long. */
function watchOver(place: Int32Array, onHang: () => void): NodeJS.Timeout {
  let last = ''
  let since = performance.now()
  return setInterval(() => {
    const now = place.join(' ')
    if (now !== last) since = performance.now()
    else if (performance.now() - since > caseMsMax) onHang()
    last = now
  }, caseMsMax / 10)
}

async function keep({ name, finding }: LaneReport): Promise<void> {
  if (finding === undefined) return
  const file = new URL(`findings/${name}-${seed}-${finding.number}.json`, import.meta.url)
  process.stderr.write(
    `found: --seed ${seed} --target ${name} --from ${finding.number}\n${finding.error}\n`,
  )
  await mkdir(new URL('.', file), { recursive: true })
  await writeFile(file, `${JSON.stringify({ target: name, input: finding.input }, undefined, 2)}\n`)
}

process.exitCode = (await fuzz()) === 0 ? 0 : 1
