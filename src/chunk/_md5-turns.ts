/**
 * MD5 of large bodies beside the threads that seal them. One MD5 cannot be shortened, but four of different bodies cost little more
 * than one when they are hashed together; so stripes gather here while there is something else to do.
 */
import { strict as assert } from 'node:assert'
import type { CodecThread } from '#chunk/_threads'
import { type Md5Piece, md5LanesMax } from '#crypto/md5-lanes'

/** Answers of sealing threads that a stripe lets pass in the hope of company: reads may keep those threads busy for ever. */
export const patienceAnswers = 12

interface Stripe {
  /** The body's. */
  readonly handle: number
  /** Answers it will still let pass. */
  readonly patience: number
}

interface Waiting extends Stripe {
  readonly pieces: readonly Md5Piece[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  patience: number
}

/**
 * Which of the waiting stripes, oldest first, are to be hashed now: the oldest and, beside it, the oldest of other bodies; none while it
 * is better to wait. Not worth waiting: nobody else can join, nobody else has work that could be done meanwhile, or one has waited enough.
 */
export function planTurn<Job extends Stripe>(
  waiting: readonly Job[],
  { bodies, isElseIdle }: { readonly bodies: number; readonly isElseIdle: boolean },
): readonly Job[] {
  const oldest = new Map<number, Job>()
  for (const job of waiting) if (!oldest.has(job.handle)) oldest.set(job.handle, job)
  const isFull = oldest.size >= Math.min(md5LanesMax, bodies)
  if (!isFull && !isElseIdle && waiting.every(({ patience }) => patience > 0)) return []
  return [...oldest.values()].slice(0, md5LanesMax)
}

export class Md5Turns {
  readonly #thread: CodecThread
  readonly #others: readonly CodecThread[]
  /** Bodies being hashed here, with what was given last of each. */
  readonly #open = new Map<number, Promise<void>>()
  #waiting: Waiting[] = []
  #isHashing = false

  /** `thread` hashes; the `others` are what makes waiting worth while. */
  constructor(thread: CodecThread, others: readonly CodecThread[]) {
    this.#thread = thread
    this.#others = others
    for (const other of others) other.onAnswer = () => this.#passAnswer()
  }

  /** `handle` names a body among all that were ever opened. */
  open(handle: number): void {
    this.#open.set(handle, Promise.resolve())
  }

  /** Resolves when the pieces are hashed, in the order they were given; until then their memory must rest. */
  absorb(handle: number, pieces: readonly Md5Piece[]): Promise<void> {
    assert(this.#open.has(handle))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#open.set(handle, promise)
    this.#waiting.push({ handle, pieces, resolve, reject, patience: patienceAnswers })
    this.#consider()
    return promise
  }

  /** Of everything the body has absorbed. */
  digest(handle: number): Promise<Uint8Array> {
    return this.#thread.call('md5', { handle })
  }

  /** Waits for what the body has given and not heard of yet. */
  async close(handle: number): Promise<void> {
    await this.#open.get(handle)?.catch(() => {}) // told to whoever gave it
    this.#open.delete(handle)
    this.#consider()
    await this.#thread.call('close', { handle })
  }

  /** Ends the thread; whoever waits is told. */
  stop(): Promise<void> {
    return this.#thread.close()
  }

  #passAnswer(): void {
    for (const job of this.#waiting) job.patience -= 1
    this.#consider()
  }

  #consider(): void {
    if (this.#isHashing) return
    const isElseIdle = this.#others.every(({ pending }) => pending === 0)
    const turn = planTurn(this.#waiting, { bodies: this.#open.size, isElseIdle })
    if (turn.length === 0) return
    this.#waiting = this.#waiting.filter((job) => !turn.includes(job))
    void this.#hash(turn)
  }

  async #hash(turn: readonly Waiting[]): Promise<void> {
    this.#isHashing = true
    try {
      const jobs = turn.map(({ handle, pieces }) => ({ handle, pieces }))
      await this.#thread.call('hashTogether', { jobs })
      for (const { resolve } of turn) resolve()
    } catch (error) {
      for (const { reject } of turn) reject(error)
    } finally {
      this.#isHashing = false
      this.#consider()
    }
  }
}
