/**
 * A world made from a seed, in which a day passes in milliseconds. Virtual time stands still while anything runs and then
 * jumps to the next sleeper, so one seed replays one history, whatever the machine is busy with. This holds as long as
 * everything inside waits only for this world: a task that waits for real I/O or a thread has a history of its own.
 * In the manner of FoundationDB's simulation and TigerBeetle's VOPR.
 */
import assert from 'node:assert'
import { worldFault } from '#world/faults'
import { Generator } from '#world/generator'
import { Timeline } from '#world/timeline'
import type { World } from '#world/world'

/** Where every simulated history begins: 2026-01-01T00:00:00Z. */
const epochMs = Date.UTC(2026, 0, 1)

/** Time and its sleepers: one for a world and all its forks. */
interface Course {
  elapsedMs: number
  steps: number
  isRunning: boolean
  readonly timeline: Timeline
  readonly ties: Generator
}

export class SimulatedWorld implements World {
  readonly seed: string
  readonly #course: Course
  readonly #generator: Generator
  #skewMs = 0
  #onPassing: (point: string) => void = () => {}

  constructor(seed: number | string, course?: Course) {
    this.seed = String(seed)
    this.#generator = new Generator(this.seed)
    this.#course = course ?? {
      elapsedMs: 0,
      steps: 0,
      isRunning: false,
      timeline: new Timeline(),
      ties: new Generator(`${this.seed}/ties`),
    }
  }

  /**
   * A part's own world: the same time, but own chance and own wall clock, so that one part's draws never shift another's.
   * The same label gives the same chance again.
   */
  fork(label: string): SimulatedWorld {
    return new SimulatedWorld(`${this.seed}/${label}`, this.#course)
  }

  now(): number {
    return epochMs + Math.floor(this.#course.elapsedMs + this.#skewMs)
  }

  monotonic(): number {
    return this.#course.elapsedMs
  }

  /** Moves this world's wall clock (not its forks', not the monotonic one), back when negative. */
  jump(ms: number): void {
    this.#skewMs += ms
  }

  random(): number {
    return this.#generator.random()
  }

  randomBytes(length: number): Uint8Array<ArrayBuffer> {
    return this.#generator.bytes(length)
  }

  /** What happens at crash points of whoever lives in this world (not in its forks). */
  onPassing(listener: (point: string) => void): void {
    this.#onPassing = listener
  }

  passing(point: string): void {
    this.#onPassing(point)
  }

  /** How many times somebody was woken: the length of the history so far. */
  get steps(): number {
    return this.#course.steps
  }

  timer(ms: number, wake: () => void): () => void {
    const { timeline, ties, elapsedMs } = this.#course
    const at = elapsedMs + Math.max(0, ms)
    const moment = { at, tie: ties.random(), wake: wake as (() => void) | undefined }
    timeline.add(moment)
    return () => {
      moment.wake = undefined
    }
  }

  sleep(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const stop = this.timer(ms, () => {
        signal?.removeEventListener('abort', cancel)
        resolve()
      })
      const cancel = (): void => {
        stop()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', cancel, { once: true })
    })
  }

  /** Whoever else is to be woken at this moment may come first, or not. */
  turns(): Promise<void> {
    return this.sleep(0)
  }

  /**
   * Runs `task` to its end, moving time on whenever everything waits. Sleepers left behind stay asleep until the next run.
   * `world/deadlock` when the task waits and nobody sleeps. One run at a time.
   */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const course = this.#course
    assert(!course.isRunning, 'a simulated world runs one task at a time')
    course.isRunning = true
    let isSettled = false
    try {
      const outcome = task().finally(() => {
        isSettled = true
      })
      outcome.catch(() => {}) // reported below, by awaiting it
      for (;;) {
        await quiet()
        if (isSettled) return await outcome
        this.#step()
      }
    } finally {
      course.isRunning = false
    }
  }

  #step(): void {
    const course = this.#course
    const moment = course.timeline.next()
    if (moment === undefined)
      throw worldFault('world/deadlock', { seed: this.seed, atMs: course.elapsedMs })
    course.elapsedMs = moment.at
    course.steps += 1
    moment.wake?.()
  }
}

/** Resolves when every promise that could go on has gone on: an immediate runs after all microtasks (1.5 µs). */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
