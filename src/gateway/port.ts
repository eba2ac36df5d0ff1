/** What gateways and the store talk through: a `MessagePort` between threads, or what a simulation puts in its place. */
import type { MessagePort } from 'node:worker_threads'

export interface GatewayPort {
  /** Messages arrive in the order they were sent. What is `moved` is not the sender's any more. */
  post(messages: readonly unknown[], moved: readonly ArrayBuffer[]): void
  /** Called with all that was posted at once. Once. */
  onMessages(listener: (messages: readonly unknown[]) => void): void
  /** Calls `work` at the end of this turn. */
  soon(work: () => void): void
}

export function threadPort(port: MessagePort): GatewayPort {
  return {
    post: (messages, moved) => port.postMessage(messages, [...moved]),
    onMessages: (listener) => void port.on('message', listener),
    soon: (work) => void setImmediate(work),
  }
}
