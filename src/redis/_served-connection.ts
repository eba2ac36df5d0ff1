/** One client's connection, as the listener sees it: one request after the other, each answered before the next is looked at. */
import type { Socket } from 'node:net'
import { isFault } from '#fault/fault'
import type { RedisServerLimits } from '#redis/limits'
import { RequestReader, type RequestStep } from '#redis/request-reader'
import { encodeReply, type RespReply } from '#redis/resp'
import type { RedisSession } from '#redis/session'
import type { Permits } from '#stream/permits'
import type { World } from '#world/world'

export interface ServedConnectionParts {
  readonly session: RedisSession
  /** Of all connections together. */
  readonly rooms: { readonly requests: Permits; readonly values: Permits }
  readonly limits: RedisServerLimits
  readonly world: Pick<World, 'timer'>
}

export class ServedConnection {
  readonly #socket: Socket
  readonly #parts: ServedConnectionParts
  readonly #reader = new RequestReader()
  readonly #held: (() => void)[] = []
  #waitsFor: 'idle' | 'request' | 'nothing' = 'nothing'
  #stopClock = (): void => {}
  #isEnding = false
  #isAnswering = false

  constructor(socket: Socket, parts: ServedConnectionParts) {
    this.#socket = socket
    this.#parts = parts
  }

  /** Until one of the two sides has closed it. Rejects only with what the session has thrown. */
  async run(): Promise<void> {
    this.#expect('idle')
    try {
      for await (const piece of this.#pieces()) {
        if (this.#isEnding) continue // what is still on its way, so that our last words are not lost
        this.#reader.give(piece)
        await this.#answerAll()
      }
      await this.#finish()
    } finally {
      this.#expect('nothing')
      this.#giveRoomBack()
    }
  }

  /** Once it is answered what is being done. */
  endSoon(): void {
    if (!this.#isAnswering) this.#end()
    this.#isEnding = true
  }

  cut(): void {
    this.#socket.destroy()
  }

  /** A connection that breaks has no more pieces, and is nobody's error. */
  async *#pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    const pieces: AsyncIterator<Uint8Array> = this.#socket.iterator({ destroyOnReturn: false })
    for (;;) {
      const next = await pieces.next().catch(() => undefined)
      if (next === undefined || next.done === true) return
      yield next.value
    }
  }

  async #answerAll(): Promise<void> {
    while (!this.#isEnding && !this.#socket.destroyed) {
      const step = this.#step()
      switch (step?.state) {
        case undefined:
          return
        case 'begun':
          this.#expect(this.#reader.isWithin ? 'request' : 'idle')
          return
        case 'large':
          this.#expect('request')
          this.#held.push(await this.#parts.rooms.requests.take(1))
          this.#reader.makeRoom()
          break
        case 'whole':
          await this.#answer(step.args)
      }
    }
  }

  /** `undefined` when nothing more can be read: the client has been told why. */
  #step(): RequestStep | undefined {
    const { bytesMax, refusal } = this.#parts.session.limit
    try {
      return this.#reader.next(bytesMax)
    } catch (error) {
      if (!isFault(error, 'redis/malformed', 'redis/too-large')) throw error
      const { reason } = error.detail
      const text = error.code === 'redis/too-large' ? refusal : `ERR Protocol error: ${reason}`
      this.#giveUp({ kind: 'error', text })
      return undefined
    }
  }

  async #answer(args: readonly Uint8Array[]): Promise<void> {
    this.#expect('nothing')
    this.#isAnswering = true
    try {
      const makeRoom = async (): Promise<void> => {
        this.#held.push(await this.#parts.rooms.values.take(1))
      }
      const { reply, isLast = false } = await this.#parts.session.answer(args, { makeRoom })
      if (isLast || this.#isEnding) this.#giveUp(reply)
      else await this.#send(reply)
    } finally {
      this.#isAnswering = false
      this.#giveRoomBack()
    }
  }

  /** Resolves once the client has taken most of it. */
  async #send(reply: RespReply): Promise<void> {
    if (this.#write(reply) || this.#socket.destroyed) return
    const taken = Promise.withResolvers<void>()
    this.#socket.once('drain', taken.resolve)
    this.#socket.once('close', taken.resolve)
    const { world, limits } = this.#parts
    const stop = world.timer(limits.answerMs, () => this.#socket.destroy())
    await taken.promise
    stop()
    this.#socket.off('drain', taken.resolve)
    this.#socket.off('close', taken.resolve)
  }

  #write(reply: RespReply): boolean {
    this.#socket.cork()
    const taken = encodeReply(reply).map((piece) => this.#socket.write(piece))
    this.#socket.uncork()
    return taken.every(Boolean)
  }

  /** The last words: what comes after them is not read as a request any more. */
  #giveUp(reply: RespReply): void {
    this.#write(reply)
    this.#end()
  }

  #end(): void {
    this.#isEnding = true
    this.#socket.end()
    this.#stopClock()
    const { world, limits } = this.#parts
    this.#stopClock = world.timer(limits.lingerMs, () => this.#socket.destroy())
  }

  /** The client has ended its side: what it was told is still taken. */
  async #finish(): Promise<void> {
    if (this.#socket.destroyed) return
    const closed = new Promise((resolve) => this.#socket.once('close', resolve))
    const { world, limits } = this.#parts
    const stop = world.timer(limits.answerMs, () => this.#socket.destroy())
    this.#socket.destroySoon()
    await closed
    stop()
  }

  /** The client has so long for the next of these. A request that goes on has the time it began with. */
  #expect(what: 'idle' | 'request' | 'nothing'): void {
    if (what === this.#waitsFor && what === 'request') return
    this.#waitsFor = what
    this.#stopClock()
    this.#stopClock = () => {}
    if (what === 'nothing') return
    const { world, limits } = this.#parts
    const ms = what === 'idle' ? limits.idleMs : limits.requestMs
    this.#stopClock = world.timer(ms, () => this.#socket.destroy())
  }

  #giveRoomBack(): void {
    for (const giveBack of this.#held.splice(0)) giveBack()
  }
}
