/** One end of a port between threads. What is said in one turn of the event loop travels together: a message costs more than what it says. */
import type { MessagePort } from 'node:worker_threads'

/** No more than so many wait for each other: a thread that handles thirty requests in one turn would otherwise keep the other one idle that long. */
const togetherMax = 4

export class Link<Out, In> {
  readonly #port: MessagePort
  #waiting: Out[] = []
  #transferred: ArrayBuffer[] = []

  constructor(port: MessagePort, onMessage: (message: In) => void) {
    this.#port = port
    port.on('message', (messages: readonly In[]) => {
      for (const message of messages) onMessage(message)
    })
  }

  /** What is `moved` belongs to the other side from now on, unless both sides have its memory. */
  send(message: Out, ...moved: readonly Uint8Array[]): void {
    for (const { buffer } of moved)
      if (buffer instanceof ArrayBuffer) this.#transferred.push(buffer)
    this.#waiting.push(message)
    if (this.#waiting.length === togetherMax) this.#flush()
    else if (this.#waiting.length === 1) setImmediate(() => this.#flush())
  }

  close(): void {
    this.#port.close()
  }

  #flush(): void {
    if (this.#waiting.length === 0) return
    const messages = this.#waiting
    const transferred = this.#transferred
    this.#waiting = []
    this.#transferred = []
    this.#port.postMessage(messages, transferred)
  }
}
