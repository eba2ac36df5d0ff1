/** What the rows about erasure coding share: 10+4 on blocks of 100 KiB, one core, MB/s of data. */
import { fileURLToPath } from 'node:url'
import { rateOnOneCore } from '../one-core.ts'

export const blockBytes = 100 * 1024
/** Of CPU time per run: a few hundred stripes. */
export const runMs = 300
export const unit = 'MB/s'

const program = fileURLToPath(new URL('../erasure-speed.ts', import.meta.url))

/** Our codec's rate, in a process of its own. */
export function ourRate(mode: 'encode' | 'rebuild'): Promise<number> {
  return rateOnOneCore(process.execPath, [program, mode, String(blockBytes), String(runMs)])
}
