/** A page of 1,000 keys out of a million, against one out of ten thousand: the first after a start, and later ones. */
import { startClient } from '../client/client.ts'
import { type Measured, median, type Row } from '../row.ts'
import { startStore } from '../store.ts'

const few = 10_000
const many = 1_000_000
const pages = 40

export const listWarm = rowOf('list', 'warm')
export const listCold = rowOf('list-cold', 'cold')

function rowOf(name: string, how: 'warm' | 'cold'): Row {
  return {
    name,
    unit: 'ms',
    better: 'lower',
    must: 1.3,
    aim: 1.1,
    measure: () => measure(how),
  }
}

async function measure(how: 'warm' | 'cold'): Promise<Measured> {
  await using client = startClient()
  await using store = await startStore(client)
  await store.fillBucket('few', few)
  await store.fillBucket('many', many)
  const times = { few: [] as number[], many: [] as number[] }
  if (how === 'cold') {
    for (let round = 0; round < 5; round += 1)
      for (const name of ['few', 'many'] as const) {
        await store.restart()
        times[name].push(...(await list(name, 1)))
      }
  } else {
    await list('few', pages)
    await list('many', pages)
    for (let round = 0; round < 5; round += 1)
      for (const name of ['few', 'many'] as const) times[name].push(...(await list(name, pages)))
  }
  return { ours: median(times.many), baseline: median(times.few) }

  /** Pages from anywhere in the bucket. */
  function list(bucket: string, requests: number): Promise<readonly number[]> {
    const objects = bucket === 'few' ? few : many
    return client.time({
      kind: 'time-lists',
      target: { ...store.target, bucket },
      objects,
      requests,
    })
  }
}
