/** `mycelium rebuild` of 100,000 small objects, against reading the bytes of the change log that it reads. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startClient } from '../client/client.ts'
import type { Row } from '../row.ts'
import { startStore } from '../store.ts'
import { putSmall } from './small.ts'

const objects = 100_000

export const rebuildRow: Row = {
  name: 'rebuild',
  unit: 's',
  better: 'lower',
  async measure() {
    await using client = startClient()
    await using store = await startStore(client)
    await putSmall(client, store.target, { first: 0, objects })
    await store.stop()
    const baseline = secondsOf(() => readLogs(store.data))
    const startedAt = performance.now()
    await store.rebuild()
    return { ours: (performance.now() - startedAt) / 1000, baseline }
  },
}

function readLogs(data: string): void {
  const nodes = join(data, 'nodes')
  for (const node of readdirSync(nodes))
    for (const name of readdirSync(join(nodes, node, 'log')))
      readFileSync(join(nodes, node, 'log', name))
}

function secondsOf(work: () => void): number {
  const startedAt = performance.now()
  work()
  return (performance.now() - startedAt) / 1000
}
