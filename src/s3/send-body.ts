/** Bodies of requests: bytes in memory, handed over piece by piece, so that whoever shows progress sees them go. */
import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { openDigest } from '#crypto/digest'
import { type CallOptions, call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'

const pieceBytes = 256 * 1024

/** Counts bytes as they are handed to the connection; negative when an attempt has failed and they go again. */
export type OnSent = (bytes: number) => void

/** What every request with a body carries. The checksum is signed with the headers, and the endpoint compares it with what came. */
export interface BodyInput {
  readonly Body: Readable | Uint8Array
  readonly ContentLength: number
  readonly ChecksumCRC32: string
}

export interface BodyOptions extends CallOptions {
  readonly onSent: OnSent
}

/** `bytes` must stay as they are until this returns. */
export async function callWithBody<Answer>(
  endpoint: Endpoint,
  bytes: Uint8Array,
  send: (
    client: S3Client,
    body: BodyInput,
    options: { readonly abortSignal: AbortSignal },
  ) => Promise<Answer>,
  { onSent, ...options }: BodyOptions,
): Promise<Answer> {
  const checksum = crc32Of(bytes)
  return await call(
    endpoint,
    async (client, sending) => {
      let sent = 0
      const body = pieces(bytes, (count) => {
        sent += count
        onSent(count)
      })
      const input = {
        Body: bytes.length === 0 ? bytes : Readable.from(body),
        ContentLength: bytes.length,
        ChecksumCRC32: checksum,
      }
      try {
        return await send(client, input, sending)
      } catch (error) {
        onSent(-sent)
        throw error
      }
    },
    options,
  )
}

function* pieces(bytes: Uint8Array, onSent: OnSent): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    const piece = bytes.subarray(offset, offset + pieceBytes)
    onSent(piece.length)
    yield piece
  }
}

/** Base64, as S3's headers carry it. */
export function crc32Of(bytes: Uint8Array): string {
  const digest = openDigest('crc32')
  digest.update(bytes)
  return Buffer.from(digest.digest()).toString('base64')
}
