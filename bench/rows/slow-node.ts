/** One node that takes half a second longer for everything: what it costs the slowest of a hundred requests. */
import { startClient } from '../client/client.ts'
import type { Row } from '../row.ts'
import { type RunningStore, startStore } from '../store.ts'

const mebibyte = 2 ** 20

interface Traffic {
  readonly kind: 'put' | 'get'
  readonly bytes: number
  /** A hundred and more: else there is no 99th percentile. */
  readonly requests: number
  readonly connections: number
}

export const putSlowNode = rowOf('put-slow-node', {
  must: 2,
  aim: 1.3,
  traffic: { kind: 'put', bytes: 64 * mebibyte, requests: 100, connections: 4 },
})

export const getSlowNode = rowOf('get-slow-node', {
  must: 2,
  aim: 1.2,
  traffic: { kind: 'get', bytes: mebibyte, requests: 400, connections: 4 },
})

function rowOf(
  name: string,
  {
    must,
    aim,
    traffic,
  }: { readonly must: number; readonly aim: number; readonly traffic: Traffic },
): Row {
  return {
    name,
    unit: 'ms p99',
    better: 'lower',
    must,
    aim,
    async measure() {
      await using client = startClient()
      await using store = await startStore(client, { hasSlowNode: true })
      const time = (one: Traffic) => p99(client, store, one)
      await time({ ...traffic, kind: 'put', requests: 20 }) // what is read later, and warm code
      const baseline = await time(traffic)
      await store.slowDownNode()
      await time({ ...traffic, requests: 10 }) // until the store knows the node
      return { ours: await time(traffic), baseline }
    },
  }
}

/** Of every request's time, from the first byte sent to the last received; 20 objects in turn. */
async function p99(
  client: ReturnType<typeof startClient>,
  { target }: RunningStore,
  { kind, bytes, requests, connections }: Traffic,
): Promise<number> {
  const of = { target, bytes, requests, connections, objects: 20 }
  const times = await client.time({ kind: kind === 'put' ? 'time-puts' : 'time-gets', ...of })
  const sorted = times.toSorted((one, other) => one - other)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN
}
