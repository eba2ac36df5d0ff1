/** One end of a port between threads. What is said in one turn of the event loop travels together: a message costs more than what it says. */
import type { GatewayPort } from '#gateway/port'

/** No more than so many wait for each other: a thread that handles thirty requests in one turn would otherwise keep the other one idle that long. */
const togetherMax = 4

export class Link<Out, In> {
  readonly #port: GatewayPort
  #waiting: Out[] = []
  #transferred: ArrayBuffer[] = []

  constructor(port: GatewayPort, onMessage: (message: In) => void) {
    this.#port = port
    port.onMessages((messages) => {
      for (const message of messages) onMessage(message as In) // the other end is of this version too
    })
  }

  /** What is `moved` belongs to the other side from now on, unless both sides have its memory. */
  send(message: Out, ...moved: readonly Uint8Array[]): void {
    for (const { buffer } of moved)
      if (buffer instanceof ArrayBuffer) this.#transferred.push(buffer)
    this.#waiting.push(message)
    if (this.#waiting.length === togetherMax) this.#flush()
    else if (this.#waiting.length === 1) this.#port.soon(() => this.#flush())
  }

  #flush(): void {
    if (this.#waiting.length === 0) return
    const messages = this.#waiting
    const transferred = this.#transferred
    this.#waiting = []
    this.#transferred = []
    this.#port.post(messages, transferred)
  }
}
