/** A thread of the campaign: runs the seeds it is given and sends what they came to. */
import { parentPort, workerData } from 'node:worker_threads'
import { runSeed } from './run-seed.ts'
import { Tally } from './tally.ts'

const tally = new Tally()
for (const seed of workerData as readonly number[]) tally.count(await runSeed(seed)) // the campaign gave them
parentPort?.postMessage({ ...tally })
