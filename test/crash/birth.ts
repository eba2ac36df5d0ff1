/** A store whose first start is cut short: the next start, with nothing said to it, makes the whole store. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStore } from '../harness.ts'
import { bucketOf } from '../s3-bucket.ts'
import { healthOf } from '../until.ts'

const nodesDefault = 14

/** Rejects when the second start does not come up whole. */
export async function beBornTwice(point: string, time: number): Promise<{ isAtPoint: boolean }> {
  const data = await mkdtemp(join(tmpdir(), 'mycelium-birth-'))
  try {
    const env = { MYCELIUM_KILL_AT: `${point}:${time}` }
    const first = await startStore({ data, env }).catch((error: unknown) => String(error))
    const isAtPoint = typeof first === 'string' && first.includes('ended with null')
    if (typeof first !== 'string') await first.kill()
    else if (!isAtPoint) throw new Error(first)
    await using second = await startStore({ data })
    const { nodesUp } = await healthOf(second)
    if (nodesUp !== nodesDefault) throw new Error(`${nodesUp} nodes after ${point}:${time}`)
    using bucket = bucketOf(second, 'newborn')
    await bucket.create()
    await bucket.put('key', 'alive')
    if ((await bucket.get('key')).toString() !== 'alive') throw new Error('other bytes')
    return { isAtPoint }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}
