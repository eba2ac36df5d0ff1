import { redisFault } from '#redis/faults'
import { parseCount, RespInput, type RespReply } from '#redis/resp'

/** Longest line of a reply: a simple string, or an error with what the server thinks of it. */
const lineBytesMax = 4096

/** Memory of that many bytes for a value, from whoever asked for it; fresh memory when there is none. */
export type RoomFor = (bytes: number) => Uint8Array | undefined

/** Shorter gaps are not worth a call of the system of their own. */
const gapBytesMin = 16 * 1024

/** Reads what a server answers, however it is cut. Holds no more than one value, of the length it was told to expect at most. */
export class ReplyReader {
  readonly #input = new RespInput({ lineBytesMax })
  readonly #valueBytesMax: number
  readonly #roomFor: RoomFor
  #value: { readonly bytes: number; readonly room: Uint8Array | undefined } | undefined

  /** `roomFor` is asked once for each value. */
  constructor({
    valueBytesMax,
    roomFor = () => undefined,
  }: {
    readonly valueBytesMax: number
    readonly roomFor?: RoomFor
  }) {
    this.#valueBytesMax = valueBytesMax
    this.#roomFor = roomFor
  }

  /** After `next` was `undefined`. */
  give(piece: Uint8Array): void {
    this.#input.give(piece)
  }

  /** Where the next bytes may be read into, after `next` was `undefined`: they belong to a value. Then `filled` takes the place of `give`. */
  get gap(): Uint8Array | undefined {
    const { gap } = this.#input
    return gap !== undefined && gap.length >= gapBytesMin ? gap : undefined
  }

  /** So many bytes were read into the gap. */
  filled(bytes: number): void {
    this.#input.filled(bytes)
  }

  /** The next reply, or `undefined` when it has not all come. After a fault nothing more can be read. `redis/malformed`, `redis/too-large` */
  next(): RespReply | undefined {
    if (this.#value === undefined) {
      const line = this.#input.takeLine()
      const reply = line === undefined ? undefined : this.#read(line)
      if (reply === undefined || typeof reply !== 'number') return reply
      this.#value = { bytes: reply, room: this.#roomFor(reply) }
    }
    const bytes = this.#input.takeRun(this.#value.bytes, this.#value.room)
    if (bytes === undefined) return undefined
    this.#value = undefined
    return { kind: 'bulk', bytes }
  }

  /** The reply, or how many bytes of it follow. */
  #read(line: string): RespReply | number {
    const text = line.slice(1)
    switch (line[0]) {
      case '+':
        return { kind: 'simple', text }
      case '-':
        return { kind: 'error', text }
      case ':':
        if (!/^-?\d{1,15}$/.test(text)) throw malformed('an integer is none')
        return { kind: 'integer', value: Number(text) }
      case '$':
        return text === '-1' ? { kind: 'nil' } : this.#lengthOf(text)
      default:
        throw malformed('a reply is none of RESP2')
    }
  }

  #lengthOf(text: string): number {
    const bytes = parseCount(text)
    if (bytes === undefined) throw malformed('a length is none')
    if (bytes <= this.#valueBytesMax) return bytes
    throw redisFault('redis/too-large', {
      bytes,
      bytesMax: this.#valueBytesMax,
      reason: 'the value is longer than was asked for',
    })
  }
}

function malformed(reason: string): Error {
  return redisFault('redis/malformed', { reason })
}
