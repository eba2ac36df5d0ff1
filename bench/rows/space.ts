/** What small objects take on disk, right after the last of them is acknowledged, against their size. */
import { execFileSync } from 'node:child_process'
import { startClient } from '../client/client.ts'
import type { Measured, Row } from '../row.ts'
import { startStore } from '../store.ts'
import { putSmall, smallBytes } from './small.ts'

/** `du` counts blocks of the file system: what is gone from the disk. */
export function diskMebibytes(directory: string): number {
  const [kibibytes] = execFileSync('du', ['-sk', directory], { encoding: 'utf8' }).split('\t')
  return Number(kibibytes) / 1024
}

export const space: Row = {
  name: 'space',
  unit: 'MiB',
  better: 'lower',
  must: 2.2,
  aim: 1.7,
  measure: () => measure({ objects: 100_000, connections: 32 }),
}

/** One writer shares no frames and no commits with anybody. */
export const spaceOneWriter: Row = {
  name: 'space-one-writer',
  unit: 'MiB',
  better: 'lower',
  measure: () => measure({ objects: 20_000, connections: 1 }),
}

async function measure(of: {
  readonly objects: number
  readonly connections: number
}): Promise<Measured> {
  await using client = startClient()
  await using store = await startStore(client)
  await putSmall(client, store.target, { first: 0, ...of })
  return {
    ours: diskMebibytes(store.data),
    baseline: (of.objects * smallBytes) / 2 ** 20,
  }
}
