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
    sleep,
    randomBytes: (length) => randomFillSync(new Uint8Array(length)),
    random: () => Math.random(),
    passing: onPassing,
  }
}

async function sleep(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  let restMs = Math.max(0, ms)
  do {
    const turnMs = Math.min(restMs, timerMsMax)
    await sleepOnce(turnMs, signal)
    restMs -= turnMs
  } while (restMs > 0)
}

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason)
    const wake = (): void => {
      signal?.removeEventListener('abort', cancel)
      resolve()
    }
    const timer = setTimeout(wake, ms)
    const cancel = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', cancel, { once: true })
  })
}
