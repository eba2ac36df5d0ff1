/** What the load client sends, made once: the clock must never wait for a checksum or a frame of the client's own. */
import { createHash, randomFillSync } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** `signed-header`: the bare bytes. `trailer`: as an SDK sends a stream by default, in chunks with a CRC32 at the end. */
export type Framing = 'signed-header' | 'trailer'

export interface Body {
  readonly wire: Buffer
  readonly headers: Readonly<Record<string, string>>
  /** Lower-case hex of the object's bytes. */
  readonly md5: string
  readonly sha256: string
}

/** What the SDKs cut a stream into. */
const chunkBytes = 65_536

/** Bytes that do not compress, `bytes` of them. */
export function makeBody(bytes: number, framing: Framing): Body {
  const plain = randomFillSync(Buffer.allocUnsafe(bytes))
  const wire = framing === 'trailer' ? frame(plain) : plain
  return {
    wire,
    headers: { 'content-length': String(wire.length), ...framingHeaders(plain, framing) },
    md5: createHash('md5').update(plain).digest('hex'),
    sha256: createHash('sha256').update(plain).digest('hex'),
  }
}

function framingHeaders(plain: Buffer, framing: Framing): Readonly<Record<string, string>> {
  if (framing === 'signed-header') return { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
  return {
    'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    'x-amz-decoded-content-length': String(plain.length),
    'x-amz-sdk-checksum-algorithm': 'CRC32',
    'x-amz-trailer': 'x-amz-checksum-crc32',
    'content-encoding': 'aws-chunked',
  }
}

function frame(plain: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let offset = 0; offset < plain.length; offset += chunkBytes) {
    const chunk = plain.subarray(offset, offset + chunkBytes)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(plain))
  parts.push(Buffer.from(`0\r\nx-amz-checksum-crc32:${checksum.toString('base64')}\r\n\r\n`))
  return Buffer.concat(parts)
}
