import type { OutgoingMessage } from 'node:http'
import { httpFault } from '#http/faults'
import type { HttpLimits } from '#http/limits'
import type { World } from '#world/world'

interface Waiter {
  resolve(): void
  reject(reason: unknown): void
}

/** Writes a message's body piece by piece, each awaited until the kernel has it; knows how long the other side has kept it waiting. */
export class BodyWriter {
  readonly #message: OutgoingMessage
  readonly #world: World
  #waiter: Waiter | undefined
  #waitingSince = 0
  #bytes = 0
  readonly #settle = (error?: unknown): void => {
    const waiter = this.#waiter
    this.#waiter = undefined
    if (waiter === undefined) return
    if (error === undefined || error === null) waiter.resolve()
    else waiter.reject(httpFault('http/client-gone', {}, error))
  }

  constructor(message: OutgoingMessage, world: World) {
    this.#message = message
    this.#world = world
    message.on('close', () => {
      if (this.#waiter !== undefined) this.#settle(httpFault('http/client-gone'))
    })
    message.on('error', this.#settle)
  }

  /** Bytes of body that the kernel has taken. */
  get bytes(): number {
    return this.#bytes
  }

  /** Resolves when `piece` may be reused. */
  async write(piece: string | Uint8Array): Promise<void> {
    if (this.#message.destroyed) throw httpFault('http/client-gone')
    await this.#wait(() => this.#message.write(piece, this.#settle))
    this.#bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
  }

  /** Ends the message with `piece`; resolves when the kernel has all of it. */
  async end(piece?: string | Uint8Array): Promise<void> {
    if (this.#message.destroyed) throw httpFault('http/client-gone')
    await this.#wait(() => this.#message.end(piece, () => this.#settle()))
    if (piece !== undefined)
      this.#bytes += typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length
  }

  isOverdue(now: number, { takeTimeoutMs }: HttpLimits): boolean {
    return this.#waiter !== undefined && now - this.#waitingSince > takeTimeoutMs
  }

  #wait(begin: () => void): Promise<void> {
    this.#waitingSince = this.#world.monotonic()
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      begin()
    })
  }
}
