/**
 * Bodies that say what they are. Every 16 bytes hold the label's digest and their own number, so a reader can tell any whole version from a
 * mixture, a shifted one, or another's; a body shorter than that is known by its ETag and metadata.
 */
import { createHash } from 'node:crypto'
import type { IncomingBody } from '#object/model'
import type { Label } from './cell.ts'
import { clientFault } from './client-faults.ts'

const cellBytes = 16

export function contentOf(label: Label, bytes: number): Buffer {
  const cells = Math.ceil(bytes / cellBytes)
  const words = new BigUint64Array(2 * cells)
  const name = createHash('md5').update(label).digest().readBigUInt64BE()
  for (let cell = 0; cell < cells; cell += 1) {
    words[2 * cell] = name
    words[2 * cell + 1] = BigInt(cell)
  }
  return Buffer.from(words.buffer, 0, bytes)
}

export function etagOf(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex')
}

/** S3's ETag of a completed upload. */
export function etagOfParts(etags: readonly string[]): string {
  const digest = createHash('md5')
  for (const etag of etags) digest.update(Buffer.from(etag, 'hex'))
  return `${digest.digest('hex')}-${etags.length}`
}

/** How a client sends its bytes. */
export interface Sending {
  readonly pieceBytes: number
  /** Waits before each piece: a slow client. */
  readonly pause: () => Promise<void>
  /** The connection breaks after so many bytes. */
  readonly breaksAt?: number
  /** The client states a checksum that the bytes do not have. */
  readonly isRefused?: boolean
}

export function incoming(content: Buffer, sending: Sending): IncomingBody {
  return {
    stream: pieces(content, sending),
    bytes: content.length,
    digests: [],
    verify() {
      if (sending.isRefused === true) throw clientFault('client/checksum-refused')
      return undefined
    },
  }
}

async function* pieces(
  content: Buffer,
  { pieceBytes, pause, breaksAt = Number.POSITIVE_INFINITY }: Sending,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += pieceBytes) {
    await pause()
    if (at >= breaksAt) throw clientFault('client/gone')
    yield content.subarray(at, at + pieceBytes)
  }
  if (breaksAt <= content.length) throw clientFault('client/gone')
}
