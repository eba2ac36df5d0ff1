import type { IncomingMessage } from 'node:http'
import { freeAtOnce } from '#bytes/free'
import type { Fault } from '#fault/fault'
import { type HttpFaultCode, httpFault } from '#http/faults'
import { bodyQueueBytesMax, type HttpLimits } from '#http/limits'
import type { HttpBody } from '#http/message'
import type { World } from '#world/world'

interface Waiter {
  resolve(result: IteratorResult<Uint8Array>): void
  reject(reason: unknown): void
}

/**
 * A request's body as pieces on demand. Pieces that arrive in one burst wait in a short queue, so pulling costs one resolved
 * promise and no copy; past the queue's bound the socket is paused. It keeps the time it spent waiting for the client.
 */
export class RequestBody implements HttpBody, AsyncIterableIterator<Uint8Array> {
  readonly bytes: number | undefined
  readonly #source: IncomingMessage
  readonly #world: World
  readonly #sendContinue: (() => void) | undefined
  readonly #queue: Uint8Array[] = []
  #queuedBytes = 0
  #arrivedBytes = 0
  #received = 0
  /** What the consumer has until it pulls again. */
  #lent: Uint8Array | undefined
  #waiter: Waiter | undefined
  #waitingSince = 0
  #waitedMs = 0
  #failure: Fault<HttpFaultCode> | undefined
  #state: 'untouched' | 'flowing' | 'ended' | 'discarding' = 'untouched'

  constructor(
    source: IncomingMessage,
    options: {
      readonly bytes: number | undefined
      readonly world: World
      readonly sendContinue: (() => void) | undefined
    },
  ) {
    this.bytes = options.bytes
    this.#source = source
    this.#world = options.world
    this.#sendContinue = options.sendContinue
    source.on('error', () => this.fail(httpFault('http/client-gone')))
    source.on('close', () => this.#onClose())
    if (options.bytes === 0) this.#state = 'ended'
  }

  get received(): number {
    return this.#received
  }

  /** All of it has arrived, whether or not anybody took it. */
  get isComplete(): boolean {
    return this.#state === 'ended' || this.#source.complete
  }

  /** Bytes still to come, when the client has said. */
  get missing(): number {
    return this.bytes === undefined ? Number.POSITIVE_INFINITY : this.bytes - this.#arrivedBytes
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /** The client waits for a 100 which it never got. */
  get isWithheld(): boolean {
    return this.#sendContinue !== undefined && this.#state === 'untouched'
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#lent !== undefined) freeAtOnce(this.#lent)
    this.#lent = undefined
    if (this.#state === 'untouched') this.#start()
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const piece = this.#queue.shift()
    if (piece !== undefined) return Promise.resolve({ done: false, value: this.#take(piece) })
    if (this.#state !== 'flowing') return Promise.resolve({ done: true, value: undefined })
    this.#waitingSince = this.#world.monotonic()
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Ends the body with an error: a consumer that waits, or comes later, gets it. */
  fail(fault: Fault<HttpFaultCode>): void {
    if (this.#state === 'ended' || this.#failure !== undefined) return
    this.#failure = fault
    this.#queue.length = 0
    this.#wake()?.reject(fault)
  }

  /** From now on what arrives is dropped. */
  discard(): void {
    this.#queue.length = 0
    if (this.#state !== 'ended') this.#state = 'discarding'
    this.#source.resume()
  }

  /** The client has kept us waiting too long for one piece, or sends below the floor rate. */
  isOverdue(now: number, { idleTimeoutMs, bodyRateMin }: HttpLimits): boolean {
    if (this.#waiter === undefined) return false
    const waiting = now - this.#waitingSince
    const waited = this.#waitedMs + waiting
    return (
      waiting > idleTimeoutMs ||
      (waited > idleTimeoutMs && this.#arrivedBytes < (waited / 1000) * bodyRateMin)
    )
  }

  #start(): void {
    this.#state = 'flowing'
    this.#sendContinue?.()
    this.#source.on('data', (piece: Uint8Array) => this.#onData(piece))
    this.#source.on('end', () => this.#onEnd())
  }

  #onData(piece: Uint8Array): void {
    this.#arrivedBytes += piece.length
    if (this.#state !== 'flowing' || this.#failure !== undefined) return
    const waiter = this.#wake()
    if (waiter !== undefined) {
      this.#received += piece.length
      this.#lent = piece
      waiter.resolve({ done: false, value: piece })
      return
    }
    this.#queue.push(piece)
    this.#queuedBytes += piece.length
    if (this.#queuedBytes >= bodyQueueBytesMax) this.#source.pause()
  }

  #take(piece: Uint8Array): Uint8Array {
    this.#lent = piece
    this.#received += piece.length
    this.#queuedBytes -= piece.length
    if (this.#queuedBytes < bodyQueueBytesMax && this.#source.isPaused()) this.#source.resume()
    return piece
  }

  #onEnd(): void {
    this.#state = 'ended'
    this.#wake()?.resolve({ done: true, value: undefined })
  }

  #onClose(): void {
    if (!this.#source.complete) this.fail(httpFault('http/client-gone'))
  }

  #wake(): Waiter | undefined {
    const waiter = this.#waiter
    if (waiter === undefined) return undefined
    this.#waiter = undefined
    this.#waitedMs += this.#world.monotonic() - this.#waitingSince
    return waiter
  }
}
