/**
 * Lines of the log to a file, a pipe or a terminal, in order. Whatever becomes of that (a reader that stops reading, a disk that is full), the
 * program that writes them goes on: lines are lost then, and counted.
 */
import { write } from 'node:fs'
import { promisify } from 'node:util'
import { endsWithin } from '#world/patience'
import type { World } from '#world/world'

/** What may wait for somebody who reads more slowly than is written, in characters. */
export const waitingCharsMax = 4 * 1024 * 1024
/** How long the end waits for that reader. */
const closePatienceMs = 1_000
/** Somebody else has made the descriptor one that does not wait: it is asked again after this. */
const busyMs = 10

const busyCodes = ['EAGAIN', 'EBUSY', 'EINTR']

const writeTo = promisify(write)

export interface LineWriterOptions {
  /** Of an open file, which stays open. */
  readonly descriptor: number
  readonly world: World
  /** Lines can be written again, and so many are lost. */
  readonly onLoss: (lines: number) => void
}

export class LineWriter {
  readonly #options: LineWriterOptions
  #waiting: string[] = []
  #waitingChars = 0
  #lost = 0
  #work: Promise<void> | undefined

  constructor(options: LineWriterOptions) {
    this.#options = options
  }

  /** With its line break. Returns at once. */
  write(line: string): void {
    if (this.#waitingChars + line.length > waitingCharsMax) {
      this.#lost += 1
      return
    }
    this.#waiting.push(line)
    this.#waitingChars += line.length
    this.#work ??= this.#writeAll()
  }

  /** What waits is written, or lost when nobody takes it within a second. Never rejects. */
  async close(): Promise<void> {
    const { world } = this.#options
    await endsWithin(world, closePatienceMs, this.#work ?? Promise.resolve())
  }

  async #writeAll(): Promise<void> {
    await undefined // lines of one moment go together
    while (this.#waiting.length > 0) {
      const lines = this.#takeAll()
      const isWritten = await this.#put(Buffer.from(lines.join('')))
      if (!isWritten) this.#lost += lines.length
      else if (this.#lost > 0) this.#tellLoss()
    }
    this.#work = undefined // at once: a line that came a moment later would wait for the next one
  }

  #takeAll(): readonly string[] {
    this.#waitingChars = 0
    return this.#waiting.splice(0)
  }

  #tellLoss(): void {
    const lost = this.#lost
    this.#lost = 0
    this.#options.onLoss(lost)
  }

  async #put(bytes: Uint8Array): Promise<boolean> {
    const { descriptor, world } = this.#options
    for (let rest = bytes; rest.length > 0; )
      try {
        const { bytesWritten } = await writeTo(descriptor, rest)
        rest = rest.subarray(bytesWritten)
      } catch (error) {
        if (!isBusy(error)) return false
        await world.sleep(busyMs)
      }
    return true
  }
}

function isBusy(error: unknown): boolean {
  return busyCodes.includes((error as NodeJS.ErrnoException).code ?? '') // what `node:fs` throws
}
