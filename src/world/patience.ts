/** Waiting, but not for ever. */
import type { World } from '#world/world'

/** Why a deadline's sleep is given up: nobody sees it, so it needs no stack. */
const cameInTime = 'came in time'

/** Waits for `work`, but no longer than `ms`: whether it came in time. Rejects when `work` does so in time; what comes later is nobody's error. */
export async function endsWithin(
  world: World,
  ms: number,
  work: Promise<unknown>,
): Promise<boolean> {
  const stop = new AbortController()
  const late = world.sleep(ms, { signal: stop.signal }).then(
    () => false,
    () => true, // given up below
  )
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    stop.abort(cameInTime)
  }
}
