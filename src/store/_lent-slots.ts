/** Slots that disks have not let go of when nobody waits for them any more. */
import type { Slot } from '#chunk/slots'
import type { ChunkStore } from '#store/chunk-store'
import { endsWithin } from '#world/patience'

/**
 * A disk that keeps a slot for longer hangs. One that is only slow gives it back before a spare one is needed: spare slots are memory that
 * an ordinary day does not touch.
 */
const hangingAfterMs = 500

/** Gives the slot back when `settled`, which never rejects, is; once a disk hangs with it, a spare one may stand in for it until then. */
export async function releaseWhen(
  { parts: { codec, world } }: ChunkStore,
  slot: Slot,
  settled: Promise<unknown>,
): Promise<void> {
  if (await endsWithin(world, hangingAfterMs, settled)) codec.slots.release(slot)
  else codec.slots.releaseWhen(slot, settled)
}
