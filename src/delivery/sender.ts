/** Ways to hand something to a target. */
import { deliveryFault } from '#delivery/faults'
import type { Message } from '#delivery/message'
import type { World } from '#world/world'

/** An open way to one target. */
export interface Sender extends AsyncDisposable {
  /** The target has it when this resolves. `delivery/unreachable`, `delivery/refused`, `delivery/private-address` */
  send(message: Message, options: { readonly signal: AbortSignal }): Promise<void>
}

/** Nothing is waited for longer. */
const sendMs = 15_000

/** Sends, but does not wait for ever. */
export async function sendInTime(
  sender: Sender,
  message: Message,
  { world, signal }: { readonly world: World; readonly signal: AbortSignal },
): Promise<void> {
  const late = new AbortController()
  const stop = world.timer(sendMs, () =>
    late.abort(deliveryFault('delivery/unreachable', { reason: `no answer within ${sendMs} ms` })),
  )
  try {
    await sender.send(message, { signal: AbortSignal.any([signal, late.signal]) })
  } finally {
    stop()
  }
}
