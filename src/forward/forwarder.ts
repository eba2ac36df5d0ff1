/**
 * Answers requests in one of two ways: forwards them to the holder, as long as another process is it, or has them answered here, once this
 * one is. Listeners stay as they are while the one becomes the other. Who asks while there is no holder waits, but not for ever.
 */
import { forwardFault } from '#forward/faults'
import type { Holder } from '#forward/holder'
import { Line, type LineOptions } from '#forward/line'
import { receive, vouchHeader } from '#forward/vouch'
import { httpFault } from '#http/faults'
import type { HttpHandler, HttpRequest, HttpResponse } from '#http/message'

/** Twice what a lease lasts whose holder was killed: enough for the next one to see it and to open the store. */
export const holderWaitMs = 30_000
/** A holder that ends is there for so long after it has said so: those that forward to it look more often than that whom to forward to. */
export const leaveMs = 1_500
/** How soon a holder that takes no connection is tried again. */
const againMs = 250

export interface ForwarderOptions extends LineOptions {
  /** Words for what cannot be forwarded. */
  readonly refuse: (error: unknown, request: HttpRequest) => HttpResponse
}

type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'forwarding'; readonly line: Line }
  | { readonly kind: 'serving'; readonly handler: HttpHandler; readonly pass: string | undefined }

export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #sleepers = new Set<() => void>()
  #state: State = { kind: 'waiting' }
  /** The last one: what is under way on it goes on while nobody else holds the lease. */
  #line: Line | undefined
  #isClosing = false
  /** Others have forwarded to us. */
  #isForwardedTo = false

  constructor(options: ForwarderOptions) {
    this.#options = options
  }

  readonly handle: HttpHandler = async (request) => {
    try {
      return await this.#answer(request)
    } catch (error) {
      return this.#options.refuse(error, request)
    }
  }

  /** Forwards to it from now on; to nobody: requests wait. What is under way to a former one is cut once there is another. */
  follow(holder: Holder | undefined): void {
    if (this.#state.kind === 'serving') return
    if (holder === undefined) {
      this.#change({ kind: 'waiting' })
      return
    }
    if (this.#line === undefined || !isSame(this.#line.holder, holder)) {
      this.#line?.[Symbol.dispose]()
      this.#line = new Line(holder, this.#options)
    } else if (this.#state.kind === 'forwarding') return
    this.#change({ kind: 'forwarding', line: this.#line })
  }

  /** Requests are answered here from now on, those that wait first. `pass` is the one that others have. */
  serve(handler: HttpHandler, { pass }: { readonly pass: string | undefined }): void {
    this.#change({ kind: 'serving', handler, pass })
    this.#line?.[Symbol.dispose]()
    this.#line = undefined
  }

  /**
   * Nobody waits for a holder any more; what is under way goes on. Resolves when those that forwarded to us have had the time to stop that, so
   * that no connection is closed on a request of theirs.
   */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#wake()
    if (this.#isForwardedTo) await this.#options.world.sleep(leaveMs)
  }

  async #answer(request: HttpRequest): Promise<HttpResponse> {
    const { world } = this.#options
    const until = world.monotonic() + holderWaitMs
    for (;;) {
      const state = this.#state
      if (state.kind === 'serving') {
        const received = receive(request, state.pass)
        this.#isForwardedTo ||= received !== request
        return await state.handler(received)
      }
      if (request.headers[vouchHeader] !== undefined) throw forwardFault('forward/not-vouched') // for a holder, which we are not
      const answer = state.kind === 'forwarding' ? await state.line.send(request) : undefined
      if (answer !== undefined) return answer
      if (this.#state !== state) continue
      const leftMs = until - world.monotonic()
      if (leftMs <= 0 || this.#isClosing) throw forwardFault('forward/no-holder')
      await this.#pause(request, state.kind === 'forwarding' ? Math.min(leftMs, againMs) : leftMs)
    }
  }

  /** Ends early when things have changed. `http/client-gone` */
  async #pause({ signal }: HttpRequest, ms: number): Promise<void> {
    const awake = new AbortController()
    const wake = (): void => awake.abort()
    this.#sleepers.add(wake)
    signal.addEventListener('abort', wake, { once: true })
    await this.#options.world.sleep(ms, { signal: awake.signal }).catch(() => {}) // awake
    this.#sleepers.delete(wake)
    signal.removeEventListener('abort', wake)
    if (signal.aborted) throw httpFault('http/client-gone')
  }

  #change(state: State): void {
    this.#state = state
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#sleepers) wake()
  }
}

function isSame(one: Holder, other: Holder): boolean {
  return one.token === other.token && one.address === other.address && one.pass === other.pass
}
