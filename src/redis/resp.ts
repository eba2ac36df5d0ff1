/**
 * RESP2, Redis's protocol, as bytes: requests are arrays of bulk strings, replies anything but arrays.
 * https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import { copyInto } from '#bytes/copy'
import { redisFault } from '#redis/faults'

export type RespReply =
  | { readonly kind: 'simple'; readonly text: string }
  /** Its first word is the code: `ERR`, `NOAUTH`, … */
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'bulk'; readonly bytes: Uint8Array }
  | { readonly kind: 'nil' }

/** Arguments up to this length are copied together with what stands around them; longer ones are written from where they lie. */
const joinedBytesMax = 4096

const lineEnd = Buffer.from('\r\n')

/** Long arguments are not copied: they must stay as they are until they are written. */
export function encodeRequest(args: readonly Uint8Array[]): readonly Uint8Array[] {
  const pieces: Uint8Array[] = []
  let joined: Uint8Array[] = [Buffer.from(`*${args.length}\r\n`)]
  for (const arg of args) {
    joined.push(Buffer.from(`$${arg.length}\r\n`))
    if (arg.length <= joinedBytesMax) joined.push(arg, lineEnd)
    else {
      pieces.push(Buffer.concat(joined), arg)
      joined = [lineEnd]
    }
  }
  pieces.push(Buffer.concat(joined))
  return pieces
}

/** The same for replies. Texts are ours: one line each. */
export function encodeReply(reply: RespReply): readonly Uint8Array[] {
  switch (reply.kind) {
    case 'simple':
      return [Buffer.from(`+${reply.text}\r\n`, 'latin1')]
    case 'error':
      return [Buffer.from(`-${reply.text}\r\n`, 'latin1')]
    case 'integer':
      return [Buffer.from(`:${reply.value}\r\n`)]
    case 'nil':
      return [Buffer.from('$-1\r\n')]
    case 'bulk':
      return [Buffer.from(`$${reply.bytes.length}\r\n`), reply.bytes, lineEnd]
  }
}

const lineFeed = 0x0a
const carriageReturn = 0x0d
const none = new Uint8Array(0)

/** What comes off a socket, piece by piece, taken as lines and as runs of bytes. Keeps copies only of what is not whole yet. */
export class RespInput {
  readonly #lineBytesMax: number
  #piece: Uint8Array = none
  #at = 0
  #begunLine: Uint8Array = none
  #begunRun: Uint8Array | undefined
  #runBytes = 0

  constructor({ lineBytesMax }: { readonly lineBytesMax: number }) {
    this.#lineBytesMax = lineBytesMax
  }

  /** The piece before must be used up: taken from until something was `undefined`. It is not kept beyond that. */
  give(piece: Uint8Array): void {
    this.#piece = piece
    this.#at = 0
  }

  /** Nothing is half taken. */
  get isBetween(): boolean {
    return this.#begunLine.length === 0 && this.#begunRun === undefined
  }

  /** Up to the next line end and without it; `undefined` when that has not come yet. `redis/malformed` */
  takeLine(): string | undefined {
    const end = this.#piece.indexOf(lineFeed, this.#at)
    const fresh = this.#piece.subarray(this.#at, end < 0 ? undefined : end + 1)
    if (this.#begunLine.length + fresh.length > this.#lineBytesMax) {
      throw redisFault('redis/malformed', { reason: 'a line is too long' })
    }
    const line = Buffer.concat([this.#begunLine, fresh])
    this.#at += fresh.length
    this.#begunLine = end < 0 ? line : none
    if (end < 0) return undefined
    if (line.at(-2) !== carriageReturn) {
      throw redisFault('redis/malformed', { reason: 'a line has no proper end' })
    }
    return line.toString('latin1', 0, line.length - lineEnd.length)
  }

  /** That many bytes, in `room` of that length or in memory of their own, and the line end behind them; `undefined` when they have not all come yet. `redis/malformed` */
  takeRun(bytes: number, room?: Uint8Array): Uint8Array | undefined {
    this.#begunRun ??= room ?? new Uint8Array(bytes)
    const run = this.#begunRun
    const fresh = this.#piece.subarray(this.#at, this.#at + Math.max(0, bytes - this.#runBytes))
    copyInto(run, fresh, Math.min(this.#runBytes, bytes))
    this.#at += fresh.length
    this.#runBytes += fresh.length
    while (this.#runBytes >= bytes && this.#runBytes < bytes + lineEnd.length) {
      const next = this.#piece[this.#at]
      if (next === undefined) return undefined
      if (next !== lineEnd[this.#runBytes - bytes]) {
        throw redisFault('redis/malformed', { reason: 'a string is longer than it says' })
      }
      this.#at += 1
      this.#runBytes += 1
    }
    if (this.#runBytes < bytes) return undefined
    this.#begunRun = undefined
    this.#runBytes = 0
    return run
  }

  /** What has not come yet of a run that was begun: whoever reads into it says how much by `filled`, in place of giving a piece. */
  get gap(): Uint8Array | undefined {
    const run = this.#begunRun
    return run !== undefined && this.#runBytes < run.length
      ? run.subarray(this.#runBytes)
      : undefined
  }

  filled(bytes: number): void {
    this.give(none)
    this.#runBytes += bytes
  }
}

/** A number of RESP that counts something; `undefined` for anything else. */
export function parseCount(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined
}
