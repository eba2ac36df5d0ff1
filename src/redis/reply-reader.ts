import { redisFault } from '#redis/faults'
import { parseCount, RespInput, type RespReply } from '#redis/resp'

/** Longest line of a reply: a simple string, or an error with what the server thinks of it. */
const lineBytesMax = 4096

/** Reads what a server answers, however it is cut. Holds no more than one value, of the length it was told to expect at most. */
export class ReplyReader {
  readonly #input = new RespInput({ lineBytesMax })
  readonly #valueBytesMax: number
  #valueBytes: number | undefined

  constructor({ valueBytesMax }: { readonly valueBytesMax: number }) {
    this.#valueBytesMax = valueBytesMax
  }

  /** After `next` was `undefined`. */
  give(piece: Uint8Array): void {
    this.#input.give(piece)
  }

  /** The next reply, or `undefined` when it has not all come. After a fault nothing more can be read. `redis/malformed`, `redis/too-large` */
  next(): RespReply | undefined {
    if (this.#valueBytes === undefined) {
      const line = this.#input.takeLine()
      const reply = line === undefined ? undefined : this.#read(line)
      if (reply === undefined || typeof reply !== 'number') return reply
      this.#valueBytes = reply
    }
    const bytes = this.#input.takeRun(this.#valueBytes)
    if (bytes === undefined) return undefined
    this.#valueBytes = undefined
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
