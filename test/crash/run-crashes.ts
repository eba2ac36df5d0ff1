/** A list of crashes, ten lives to a store, and what came of each. */
import { Generator } from '#world/generator'
import { beBornTwice } from './birth.ts'
import { type Crash, type Loss, MortalStore, tell } from './mortal-store.ts'
import { type CrashPoint, crashPoints } from './points.ts'

export interface CrashResult {
  readonly point: CrashPoint
  readonly time: number
  readonly loss: Loss
  /** False when the process was killed at another moment, the point not having been reached. */
  readonly isAtPoint: boolean
  readonly acknowledged: number
}

const livesPerStore = 10
/** One crash in two takes something with it. */
const losses: readonly Loss[] = ['nothing', 'database', 'nothing', 'database and two nodes']

interface Planned {
  readonly point: CrashPoint
  readonly time: number
  readonly loss: Loss
}

/** Every point so many times, in an order and at passings that the seed decides. */
export function planCrashes(seed: string, timesEach: number): readonly Planned[] {
  const chance = new Generator(seed)
  const points = Array.from({ length: timesEach }, () => crashPoints).flat()
  return points
    .map((point) => ({ point, rank: chance.next(), time: 1 + (chance.next() % point.timesMax) }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ point, time }, index) => {
      const isOnline = !['birth', 'rotation', 'rebuild'].includes(point.scene)
      const loss = (isOnline && losses[index % losses.length]) || 'nothing'
      return { point, time, loss }
    })
}

/** Rejects at the first contradiction, with everything that is known of it. */
export async function runCrashes(
  seed: string,
  planned: readonly Planned[],
  onResult: (result: CrashResult) => void = () => {},
): Promise<void> {
  const births = planned.filter(({ point }) => point.scene === 'birth')
  for (const { point, time } of births) {
    const { isAtPoint } = await beBornTwice(point.name, time)
    onResult({ point, time, loss: 'nothing', isAtPoint, acknowledged: 0 })
  }
  const others = planned.filter(({ point }) => point.scene !== 'birth')
  for (let from = 0; from < others.length; from += livesPerStore)
    await runStore(`${seed}/${from}`, others.slice(from, from + livesPerStore), onResult)
}

async function runStore(
  seed: string,
  planned: readonly Planned[],
  onResult: (result: CrashResult) => void,
): Promise<void> {
  await using store = await MortalStore.make(seed)
  for (const { point, time, loss } of planned) {
    if (point.scene === 'birth') continue
    const crash: Crash = { point: point.name, scene: point.scene, time, loss }
    try {
      onResult({ point, time, loss, ...(await store.live(crash)) })
    } catch (error) {
      throw new Error(`seed ${seed}, in ${tell(crash)}`, { cause: error })
    }
  }
  await store.bury()
}
