/** The most memory that the server ever had in use while 8 objects of 1 GiB went in at once, and came out at once. The ratio holds MB. */
import { readFileSync } from 'node:fs'
import { startClient } from '../client/client.ts'
import type { Row } from '../row.ts'
import { startStore } from '../store.ts'

const objects = 8
const bytes = 2 ** 30

export const memory: Row = {
  name: 'memory',
  unit: 'MB',
  better: 'lower',
  must: 400,
  aim: 250,
  async measure() {
    await using client = startClient()
    await using store = await startStore(client)
    const of = { target: store.target, objects, bytes, connections: objects, verify: false }
    await client.run({ kind: 'put', framing: 'signed-header', ...of })
    await client.run({ kind: 'get', ...of })
    return { ours: peakMegabytes(store.pid), baseline: 1 }
  },
}

/** The kernel's own high-water mark of what was resident. */
function peakMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return (Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024) / 1e6
}
