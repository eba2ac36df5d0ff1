/** Reads requests off a connection, however they are cut. Inline commands (plain lines) are refused: what a browser can be made to send begins like one. */
import { redisFault } from '#redis/faults'
import { parseCount, RespInput } from '#redis/resp'

/** `*` or `$` and a number. */
const lineBytesMax = 64
/** Enough for EXISTS and DEL of many keys. */
export const argumentsMax = 1_024
/** Arguments that are longer than this together need room of their own. */
export const smallRequestBytes = 64 * 1024

export type RequestStep =
  /** Not all of it has come: give the next piece. */
  | { readonly state: 'begun' }
  /** It is a long one: once there is room for the longest, say `makeRoom`, then go on. Told once for each request. */
  | { readonly state: 'large' }
  | { readonly state: 'whole'; readonly args: readonly Uint8Array[] }

export class RequestReader {
  readonly #input = new RespInput({ lineBytesMax })
  #missing = 0
  #args: Uint8Array[] = []
  #bytes = 0
  #argumentBytes: number | undefined
  #hasRoom = false

  /** After `next` was `begun`. */
  give(piece: Uint8Array): void {
    this.#input.give(piece)
  }

  /** Some of a request has come, and not all of it. */
  get isWithin(): boolean {
    return this.#missing > 0 || !this.#input.isBetween
  }

  /** After `next` was `large`. */
  makeRoom(): void {
    this.#hasRoom = true
  }

  /** `bytesMax` bounds all arguments of a request together. After a fault nothing more can be read. `redis/malformed`, `redis/too-large` */
  next(bytesMax: number): RequestStep {
    for (;;) {
      if (this.#missing === 0) {
        const count = this.#takeCount('*')
        if (count === undefined) return { state: 'begun' }
        if (count > argumentsMax) throw malformed('invalid multibulk length')
        this.#missing = count
      } else if (this.#argumentBytes === undefined) {
        const bytes = this.#takeCount('$')
        if (bytes === undefined) return { state: 'begun' }
        this.#bytes += bytes
        if (this.#bytes > bytesMax) throw redisFault('redis/too-large', { bytesMax })
        this.#argumentBytes = bytes
      } else {
        if (this.#bytes > smallRequestBytes && !this.#hasRoom) return { state: 'large' }
        const arg = this.#input.takeRun(this.#argumentBytes)
        if (arg === undefined) return { state: 'begun' }
        this.#argumentBytes = undefined
        this.#args.push(arg)
        this.#missing -= 1
        if (this.#missing === 0) return { state: 'whole', args: this.#takeArgs() }
      }
    }
  }

  #takeArgs(): readonly Uint8Array[] {
    const args = this.#args
    this.#args = []
    this.#bytes = 0
    this.#hasRoom = false
    return args
  }

  #takeCount(kind: '*' | '$'): number | undefined {
    const line = this.#input.takeLine()
    if (line === undefined) return undefined
    if (line[0] !== kind) throw malformed(`expected '${kind}', got '${printable(line)}'`)
    const count = parseCount(line.slice(1))
    if (count !== undefined) return count
    throw malformed(kind === '*' ? 'invalid multibulk length' : 'invalid bulk length')
  }
}

function printable(line: string): string {
  return /^[!-~]/.exec(line)?.[0] ?? ' '
}

function malformed(reason: string): Error {
  return redisFault('redis/malformed', { reason })
}
