/** Senders over one connection to a broker, which is opened when it is first needed, and anew after anything went wrong with it. */
import { deliveryFault } from '#delivery/faults'
import type { Message } from '#delivery/message'
import type { Sender } from '#delivery/sender'
import { Fault } from '#fault/fault'

export interface Broker<Connection extends AsyncDisposable> {
  connect(): Promise<Connection>
  /** The broker has it when this resolves. */
  hand(connection: Connection, message: Message): Promise<void>
}

export function connectedSender<Connection extends AsyncDisposable>({
  connect,
  hand,
}: Broker<Connection>): Sender {
  let current: Promise<Connection> | undefined
  /** Whoever still waits on it hears that it is gone. */
  const drop = async (connection: Promise<Connection> | undefined): Promise<void> => {
    if (current === connection) current = undefined
    await connection?.then((opened) => opened[Symbol.asyncDispose]()).catch(() => {}) // it never opened, or is closed
  }
  return {
    async send(message, { signal }) {
      signal.throwIfAborted()
      current ??= connect()
      const connection = current
      const aborted = Promise.withResolvers<never>()
      const onAbort = (): void => aborted.reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        const handed = connection.then((opened) => hand(opened, message))
        await Promise.race([handed, aborted.promise])
      } catch (error) {
        void drop(connection)
        throw asDeliveryFault(error)
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    [Symbol.asyncDispose]: () => drop(current),
  }
}

/** What goes wrong with a broker goes wrong for everything that goes there. */
function asDeliveryFault(error: unknown): unknown {
  if (!(error instanceof Fault) || error.code.startsWith('delivery/')) return error
  return deliveryFault(
    'delivery/unreachable',
    { reason: error.detail['reason'] ?? error.code },
    error,
  )
}
