/** Reads a segment of the log from its start, finding every whole frame whatever lies between them. */
import type { DiskFile } from '#disk/disk'
import {
  type FrameHeader,
  filledBytes,
  frameBytes,
  framePageBytes,
  isWholeFrame,
  payloadOf,
  peekFrame,
} from '#shard/log-frame'

/** Read ahead this much: a log of small frames is then one read for each MiB. */
const windowBytes = 1024 * 1024

export type Scanned =
  | {
      readonly kind: 'frame'
      readonly first: bigint
      readonly last: bigint
      /** The payload, in memory of its own. */
      readonly frame: Uint8Array<ArrayBuffer>
    }
  /** Pages that hold something, but no whole frame, with a whole frame after them. */
  | { readonly kind: 'damage'; readonly page: number }
  /** The same at the end of the segment: an append that a crash cut short, or rot in the last one. */
  | { readonly kind: 'torn'; readonly page: number }

export async function* scanSegment(file: DiskFile, bytes: number): AsyncGenerator<Scanned> {
  const window = new Window(file, bytes)
  let damagedPage: number | undefined
  for (let page = 0; page * framePageBytes < bytes; ) {
    const found = await frameAt(window, { page, bytes })
    if (found !== undefined) {
      if (damagedPage !== undefined) yield { kind: 'damage', page: damagedPage }
      damagedPage = undefined
      yield { kind: 'frame', first: found.first, last: found.last, frame: found.frame }
      page += frameBytes(found.payloadBytes) / framePageBytes
      continue
    }
    damagedPage ??= (await isBlank(window, page)) ? undefined : page
    page += 1
  }
  if (damagedPage !== undefined) yield { kind: 'torn', page: damagedPage }
}

async function frameAt(
  window: Window,
  { page, bytes }: { page: number; bytes: number },
): Promise<(FrameHeader & { frame: Uint8Array<ArrayBuffer> }) | undefined> {
  const offset = page * framePageBytes
  const header = peekFrame(await window.view(offset, framePageBytes))
  if (header === undefined || header.page !== page) return undefined
  if (offset + frameBytes(header.payloadBytes) > bytes) return undefined
  const filled = await window.view(offset, filledBytes(header))
  return isWholeFrame(filled) ? { ...header, frame: payloadOf(filled) } : undefined
}

const blankPage = Buffer.alloc(framePageBytes)

async function isBlank(window: Window, page: number): Promise<boolean> {
  return blankPage.equals(await window.view(page * framePageBytes, framePageBytes))
}

/** A stretch of the file in memory that moves forward as it is asked for. */
class Window {
  readonly #file: DiskFile
  readonly #fileBytes: number
  #memory = new Uint8Array(0)
  #start = 0
  #filled = 0

  constructor(file: DiskFile, fileBytes: number) {
    this.#file = file
    this.#fileBytes = fileBytes
  }

  /** Valid until the next call. Zeros stand for what is past the end of the file. */
  async view(offset: number, bytes: number): Promise<Uint8Array> {
    const isHeld = offset >= this.#start && offset + bytes <= this.#start + this.#filled
    if (!isHeld) await this.#move(offset, bytes)
    return this.#memory.subarray(offset - this.#start, offset - this.#start + bytes)
  }

  async #move(offset: number, bytes: number): Promise<void> {
    const wanted = Math.max(Math.min(windowBytes, this.#fileBytes), bytes)
    if (this.#memory.length !== wanted) this.#memory = new Uint8Array(wanted)
    const into = this.#memory.subarray(0, Math.min(wanted, this.#fileBytes - offset))
    const count = await this.#file.read(into, offset)
    this.#memory.fill(0, count)
    this.#start = offset
    this.#filled = wanted
  }
}
