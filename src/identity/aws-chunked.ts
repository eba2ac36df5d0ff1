/**
 * The aws-chunked framing of a body: `size[;chunk-signature=…]` CRLF, that many bytes, CRLF, … a chunk of size 0, and then perhaps
 * trailer lines. It lies inside HTTP's own transfer coding. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 *
 * A signed chunk's bytes are handed on before its signature can be checked, since that covers the whole chunk; a wrong one throws
 * before the end of the stream, and nothing of a stream that throws may become visible.
 */
import { type Digest, openDigest } from '#crypto/digest'
import type { ChunkSignatures } from '#identity/chunk-signatures'
import { identityFault } from '#identity/faults'
import { isSameText } from '#identity/latin1'

export interface AwsChunkedOptions {
  /** `x-amz-decoded-content-length`: what the chunks must add up to. */
  readonly decodedBytes: number
  /** Set when chunks (and the trailer, if any) are signed. */
  readonly signatures?: ChunkSignatures
  readonly hasTrailer: boolean
}

/** By lower-case name. */
export type Trailers = ReadonlyMap<string, string>

/** A size, a signature and some room for extensions. */
const headerBytesMax = 256
/** A checksum, a signature and some room. */
const trailerBytesMax = 4096

const lineFeed = 10
const carriageReturn = 13

/** Feed it pieces in order, cut anywhere. Faults: `identity/malformed-chunk`, `-malformed-trailer`, `-wrong-signature`, `-incomplete-chunks`. */
export class AwsChunkedDecoder {
  readonly #options: AwsChunkedOptions
  #state: 'header' | 'data' | 'data-end' | 'tail' = 'header'
  #line = ''
  #chunkRest = 0
  #decodedRest: number
  #signature = ''
  #digest: Digest | undefined

  constructor(options: AwsChunkedOptions) {
    this.#options = options
    this.#decodedRest = options.decodedBytes
  }

  /** The payload in `piece`, as views of it. */
  push(piece: Uint8Array): readonly Uint8Array[] {
    const payload: Uint8Array[] = []
    let offset = 0
    while (offset < piece.length) {
      if (this.#state === 'data') {
        const taken = piece.subarray(offset, offset + this.#chunkRest)
        this.#digest?.update(taken)
        payload.push(taken)
        offset += taken.length
        this.#chunkRest -= taken.length
        if (this.#chunkRest === 0) this.#state = 'data-end'
      } else if (this.#state === 'tail') {
        this.#appendToLine(piece.subarray(offset), trailerBytesMax)
        offset = piece.length
      } else {
        offset = this.#takeLine(piece, offset)
      }
    }
    return payload
  }

  /** Call after the last piece: checks that the end was the end, and gives the trailers. */
  finish(): Trailers {
    if (this.#state !== 'tail' || this.#decodedRest > 0) {
      throw identityFault('identity/incomplete-chunks')
    }
    const lines = this.#line.split(/\r?\n/).filter((line) => line !== '')
    if (!this.#options.hasTrailer && lines.length > 0) throw malformed('bytes after the last chunk')
    const trailers = parseTrailers(lines)
    if (this.#options.hasTrailer) this.#checkTrailerSignature(trailers)
    return trailers
  }

  #takeLine(piece: Uint8Array, offset: number): number {
    const end = piece.indexOf(lineFeed, offset)
    this.#appendToLine(piece.subarray(offset, end < 0 ? piece.length : end), headerBytesMax)
    if (end < 0) return piece.length
    if (this.#line.charCodeAt(this.#line.length - 1) !== carriageReturn) throw malformed('line end')
    const line = this.#line.slice(0, -1)
    this.#line = ''
    if (this.#state === 'header') this.#onHeader(line)
    else this.#onDataEnd(line)
    return end + 1
  }

  #onHeader(line: string): void {
    const parts = /^([0-9a-fA-F]{1,12})(?:;(.*))?$/.exec(line)
    if (parts === null) throw malformed('chunk size')
    const [, size = '', extension = ''] = parts
    this.#chunkRest = Number.parseInt(size, 16)
    if (this.#chunkRest > this.#decodedRest) throw identityFault('identity/incomplete-chunks')
    this.#decodedRest -= this.#chunkRest
    if (this.#options.signatures !== undefined) {
      this.#signature = /^chunk-signature=([0-9a-f]{64})$/.exec(extension)?.[1] ?? ''
      this.#digest = openDigest('sha256')
    }
    if (this.#chunkRest > 0) {
      this.#state = 'data'
      return
    }
    this.#checkSignature()
    this.#state = 'tail'
  }

  #onDataEnd(line: string): void {
    if (line !== '') throw malformed('chunk longer than its size')
    this.#checkSignature()
    this.#state = 'header'
  }

  #checkSignature(): void {
    const { signatures } = this.#options
    if (signatures === undefined || this.#digest === undefined) return
    const expected = signatures.next(Buffer.from(this.#digest.digest()).toString('hex'))
    if (!isSameText(expected, this.#signature)) throw identityFault('identity/wrong-signature')
  }

  #checkTrailerSignature(trailers: Map<string, string>): void {
    const { signatures } = this.#options
    const given = trailers.get(trailerSignature) ?? ''
    trailers.delete(trailerSignature)
    if (signatures === undefined) return
    const lines = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('')
    if (!isSameText(signatures.trailer(lines), given)) {
      throw identityFault('identity/wrong-signature')
    }
  }

  #appendToLine(bytes: Uint8Array, bytesMax: number): void {
    if (this.#line.length + bytes.length > bytesMax) throw malformed('line too long')
    this.#line += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  }
}

/** The payload of an aws-chunked body. `onTrailers` is called once, after the last byte was handed out and before the stream ends. */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  { onTrailers, ...options }: AwsChunkedOptions & { onTrailers(trailers: Trailers): void },
): AsyncGenerator<Uint8Array, void, undefined> {
  const decoder = new AwsChunkedDecoder(options)
  for await (const piece of source) {
    for (const payload of decoder.push(piece)) yield payload
  }
  onTrailers(decoder.finish())
}

const trailerSignature = 'x-amz-trailer-signature'

function parseTrailers(lines: readonly string[]): Map<string, string> {
  return new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      if (colon < 1) throw identityFault('identity/malformed-trailer')
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
}

function malformed(reason: string): Error {
  return identityFault('identity/malformed-chunk', { reason })
}
