/** The world the programs run in: the machine's clocks and the operating system's randomness. */
import { randomFillSync } from 'node:crypto'
import type { World } from '#world/world'

/** `setTimeout` counts in 32 bits: a longer delay would fire at once. */
const timerMsMax = 2 ** 31 - 1

export interface SystemWorldOptions {
  /** Called at every crash point: for crash runs. */
  readonly onPassing?: (point: string) => void
}

export function systemWorld({ onPassing = () => {} }: SystemWorldOptions = {}): World {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    timer,
    sleep,
    turns,
    randomBytes,
    random: () => Math.random(),
    passing: onPassing,
  }
}

/** Drawn in advance: each call to the system costs as much as a hash. What is handed out is not kept. */
const pool = Buffer.allocUnsafeSlow(16 * 1024)
let poolUsed = pool.length

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  if (length > pool.length / 16) return randomFillSync(new Uint8Array(length))
  if (poolUsed + length > pool.length) {
    randomFillSync(pool)
    poolUsed = 0
  }
  const bytes = new Uint8Array(pool.subarray(poolUsed, poolUsed + length))
  pool.fill(0, poolUsed, poolUsed + length)
  poolUsed += length
  return bytes
}

function timer(ms: number, wake: () => void): () => void {
  let restMs = Math.max(0, ms)
  const wait = (): NodeJS.Timeout => {
    const turnMs = Math.min(restMs, timerMsMax)
    restMs -= turnMs
    return setTimeout(() => {
      if (restMs > 0) timeout = wait()
      else wake()
    }, turnMs)
  }
  let timeout = wait()
  return () => clearTimeout(timeout)
}

function sleep(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const stop = timer(ms, () => {
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

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1)
    await new Promise<void>((proceed) => void setImmediate(proceed))
}
