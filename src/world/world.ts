/** Time and chance as parameters: the only clock, sleep and random source of the project. */

export interface World {
  /** Wall clock in milliseconds since 1970 (UTC). May jump; order never depends on it. */
  now(): number
  /** Milliseconds that only grow. For durations and deadlines. */
  monotonic(): number
  /** Calls `wake` after `ms`, unless the function it returns was called before. */
  timer(ms: number, wake: () => void): () => void
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>
  /**
   * Resolves when the event loop has gone round `count` times: whoever has called by then was heard. Costs microseconds while nothing happens,
   * and gathers callers while much does.
   */
  turns(count: number): Promise<void>
  /** Fresh unpredictable bytes (from the system), or replayable ones (from a seed). */
  randomBytes(length: number): Uint8Array<ArrayBuffer>
  /** A number in [0, 1). For jitter and sampling; never for keys. */
  random(): number
  /**
   * Called where a fault would hurt most, with the point's name (`room/what-just-happened`). Ordinarily does nothing; a crash run ends the
   * process here, a simulation cuts the power. The points are listed in docs/operate/crash-points.md.
   */
  passing(point: string): void
}
