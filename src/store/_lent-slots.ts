/** Slots that disks have not let go of when nobody waits for them any more. */
import type { Slot } from '#chunk/slots'
import type { ChunkStore } from '#store/chunk-store'

/**
 * A disk that keeps a slot for longer hangs. One that is only slow gives it back before a spare one is needed: spare slots are memory that
 * an ordinary day does not touch.
 */
const hangingAfterMs = 500

/** Gives the slot back when `settled` is, and lets a spare one stand in for it meanwhile if a disk hangs with it. */
export function releaseWhen(
  { parts: { codec, world } }: ChunkStore,
  slot: Slot,
  settled: Promise<unknown>,
): void {
  const { promise: hanging, resolve } = Promise.withResolvers<void>()
  const stop = world.timer(hangingAfterMs, resolve)
  settled.then(stop, stop)
  codec.slots.releaseWhen(slot, { settled, hanging })
}
