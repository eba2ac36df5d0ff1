/** The page's end of its worker. */
import { Fault } from '#fault/fault'
import { type Problem, webFault } from '#web/faults'
import type { Answer, Described, Place, Pulled, Question, Trouble } from '#web/messages'

export interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly trouble: Trouble
}

export class Reader {
  readonly #worker: Worker
  readonly #asked = new Map<number, PromiseWithResolvers<Described>>()
  #count = 0

  /** `distrustsCache`: what lies in the browser's cache is fetched again. */
  constructor({ distrustsCache }: { readonly distrustsCache: boolean }) {
    const url = new URL('./worker.ts', import.meta.url)
    if (distrustsCache) url.search = '?reload'
    this.#worker = new Worker(url, { type: 'module' })
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#settle(data)
    this.#worker.onerror = () => {
      for (const { reject } of this.#asked.values()) reject(webFault('web/not-started'))
      this.#asked.clear()
    }
  }

  /** All faults of `openManifest`. */
  async describe(place: Place): Promise<Described> {
    this.#count += 1
    const asked = Promise.withResolvers<Described>()
    this.#asked.set(this.#count, asked)
    this.#worker.postMessage({ ask: 'describe', id: this.#count, place } satisfies Question)
    return await asked.promise
  }

  /** The file's blocks. Returns whether all of them together are what the manifest says. All faults of `readBlock`. */
  async *read(
    place: Place,
    { signal, distrustsCache }: { readonly signal: AbortSignal; readonly distrustsCache: boolean },
  ): AsyncGenerator<Piece, boolean> {
    const { port1: port, port2 } = new MessageChannel()
    const question: Question = { ask: 'read', place, port: port2, distrustsCache }
    this.#worker.postMessage(question, [port2])
    try {
      for (;;) {
        const pulled = await pull(port, signal)
        if (pulled.kind === 'problem') throw faultOf(pulled.problem)
        if (pulled.kind === 'end') return pulled.isWhole
        yield pulled
      }
    } finally {
      port.postMessage('stop')
      port.close()
    }
  }

  #settle(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if ('described' in answer) asked?.resolve(answer.described)
    else asked?.reject(faultOf(answer.problem))
  }
}

async function pull(port: MessagePort, signal: AbortSignal): Promise<Pulled> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<Pulled>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  port.onmessage = ({ data }: MessageEvent<Pulled>) => resolve(data)
  port.postMessage('next')
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The kind does not travel: sentences go by the code. */
function faultOf({ code, detail }: Problem): Fault {
  return new Fault('unavailable', code, detail)
}
