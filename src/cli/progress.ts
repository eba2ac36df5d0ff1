/** How far a transfer is, and the line that says so. */
import type { Context } from '#cli/context'
import { printSeconds, printSize } from '#cli/units'

export interface Progress {
  readonly label: string
  /** `undefined` while nobody knows (standard input). */
  readonly bytesTotal: number | undefined
  /** Shown when there may be more than one. */
  readonly filesTotal: number | undefined
  filesDone: number
  /** Carried by this run; what is sent again is counted once. */
  bytesMoved: number
  /** There already. */
  bytesKept: number
}

export function newProgress(
  label: string,
  { bytesTotal, filesTotal }: { readonly bytesTotal?: number; readonly filesTotal?: number } = {},
): Progress {
  return { label, bytesTotal, filesTotal, filesDone: 0, bytesMoved: 0, bytesKept: 0 }
}

/** A moment of a transfer: when (monotonic), and how much had been moved. */
interface Sample {
  readonly ms: number
  readonly bytes: number
}

const drawMs = 200
/** The rate is that of the last seconds: long enough to be calm, short enough to be true. */
const rateSamples = 25

/** Draws while `work` goes on; nothing unless somebody looks. */
export async function showProgress<Result>(
  { terminal, world, isJson }: Pick<Context, 'terminal' | 'world' | 'isJson'>,
  progress: Progress,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!terminal.isInteractive || isJson) return await work()
  const done = new AbortController()
  const samples: Sample[] = [{ ms: world.monotonic(), bytes: 0 }]
  const drawing = (async () => {
    for (;;) {
      await world.sleep(drawMs, { signal: done.signal })
      samples.push({ ms: world.monotonic(), bytes: progress.bytesMoved })
      if (samples.length > rateSamples) samples.shift()
      terminal.draw(renderProgress(progress, rateOf(samples), terminal.columns()))
    }
  })().catch(() => {}) // `done`
  try {
    return await work()
  } finally {
    done.abort()
    await drawing
    terminal.draw('')
  }
}

/** Bytes per second. */
function rateOf(samples: readonly Sample[]): number {
  const first = samples[0]
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.ms <= first.ms) return 0
  return Math.max(0, (last.bytes - first.bytes) / ((last.ms - first.ms) / 1000))
}

const barMax = 30
const barMin = 5

/** One line of fewer than `columns` characters; the bar takes what the figures leave. */
export function renderProgress(progress: Progress, rate: number, columns: number): string {
  const { label, bytesTotal, filesTotal, filesDone, bytesMoved, bytesKept } = progress
  const bytes = bytesMoved + bytesKept
  const files = filesTotal === undefined ? [] : [`${filesDone}/${filesTotal} files`]
  const speed = `${printSize(Math.round(rate))}/s`
  if (bytesTotal === undefined) {
    return fit([label, ...files, printSize(bytes), speed].join('  '), columns)
  }
  const share = bytesTotal === 0 ? 1 : Math.min(1, bytes / bytesTotal)
  const left = rate > 0 ? `${printSeconds((bytesTotal - bytes) / rate)} left` : 'waiting'
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`
  const amount = `${printSize(bytes)} of ${printSize(bytesTotal)}`
  const figures = [percent, ...files, amount, speed, left].join('  ')
  const labelWidth = Math.min(label.length, Math.max(8, columns - figures.length - barMin - 8))
  const shown = label.length > labelWidth ? `…${label.slice(1 - labelWidth)}` : label
  const width = Math.min(barMax, columns - figures.length - shown.length - 6)
  if (width < barMin) return fit(`${shown} ${figures}`, columns)
  const full = Math.round(share * width)
  return `${shown} [${'█'.repeat(full)}${'░'.repeat(width - full)}] ${figures}`
}

function fit(text: string, columns: number): string {
  return text.length < columns ? text : text.slice(0, Math.max(0, columns - 1))
}
