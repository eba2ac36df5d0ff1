/** One client: one deed after another, on few keys that it shares with the others. What it does is drawn from the seed. */
import { Hands } from './hands.ts'
import { get, head, list } from './look-deeds.ts'
import { fleetingPlace, type Place, places } from './place.ts'
import { between, chance, pick } from './scenario.ts'
import type { Stage } from './stage.ts'
import { runUpload } from './upload-deeds.ts'
import { changeBucket, copy, count, put, remove, removeMany } from './write-deeds.ts'

interface Deed {
  readonly share: number
  readonly act: (hands: Hands, place: Place) => Promise<void>
}

const deeds: readonly Deed[] = [
  { share: 26, act: put },
  { share: 18, act: (hands, place) => get(hands, place) },
  { share: 5, act: head },
  { share: 8, act: remove },
  { share: 4, act: removeMany },
  { share: 9, act: list },
  { share: 8, act: copy },
  { share: 8, act: runUpload },
  { share: 9, act: count },
  { share: 5, act: (hands) => changeBucket(hands, fleetingPlace) },
]
const shares = deeds.reduce((sum, { share }) => sum + share, 0)

export async function runClient(stage: Stage, name: string): Promise<void> {
  const hands = new Hands(stage, name)
  const { world } = hands
  const { thinkMs, operationsPerClient } = stage.scenario
  const own = places.filter(() => chance(world, 0.5))
  for (let done = 0; done < operationsPerClient; done += 1) {
    await world.sleep(between(world, 0.1, 4) * thinkMs)
    const place = pick(world, own) ?? fleetingPlace
    await drawDeed(world.random()).act(hands, place)
  }
}

function drawDeed(drawn: number): Deed {
  let rest = drawn * shares
  for (const deed of deeds) {
    if (rest < deed.share) return deed
    rest -= deed.share
  }
  throw new RangeError('shares do not add up')
}
