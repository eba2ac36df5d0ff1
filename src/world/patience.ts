/** Waiting, but not for ever. */
import type { World } from '#world/world'

/** Waits for `work`, but no longer than `ms`: whether it came in time. Rejects when `work` does so in time; what comes later is nobody's error. */
export function endsWithin(world: World, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = world.timer(ms, () => resolve(false))
    work.then(
      () => {
        stop()
        resolve(true)
      },
      (error: unknown) => {
        stop()
        reject(error)
      },
    )
  })
}
