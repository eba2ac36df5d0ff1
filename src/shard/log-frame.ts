/** One frame of a node's log as bytes: a header, the payload, zeros up to a page. Format: docs/formats/node.md. */
import assert from 'node:assert'
import { blake3 } from '#crypto/blake3'
import { directAlignment } from '#disk/disk'

/** Every frame starts on a page, which is what direct I/O writes and what a reader looks at after damage. */
export const framePageBytes = directAlignment

/** The largest payload; a frame is collected in memory. */
export const framePayloadBytesMax = 256 * 1024 * 1024

const headerBytes = 48
const digestOffset = 32
const magic = 0x4d59_4c46 // MYLF
const version = 1

export interface FrameHeader {
  readonly first: bigint
  readonly last: bigint
  readonly payloadBytes: number
  /** Which page of its file the frame starts on: a copy found elsewhere is not the frame. */
  readonly page: number
}

/** Bytes of the frame in its file. */
export function frameBytes(payloadBytes: number): number {
  return Math.ceil((headerBytes + payloadBytes) / framePageBytes) * framePageBytes
}

/** Bytes of header and payload: what `isWholeFrame` wants to see. */
export function filledBytes({ payloadBytes }: Pick<FrameHeader, 'payloadBytes'>): number {
  return headerBytes + payloadBytes
}

/** The frame, in fresh memory. */
export function encodeFrame(payload: Uint8Array, place: Place): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(frameBytes(payload.length))
  fillFrame(frame, payload, place)
  return frame
}

/** The same in memory of `frameBytes`, whatever it holds. */
export function fillFrame(frame: Uint8Array, payload: Uint8Array, place: Place): void {
  assert(payload.length <= framePayloadBytesMax && frame.length === frameBytes(payload.length))
  assertRange(place)
  frame.set(headerOf(payload, place))
  frame.set(payload, headerBytes)
  frame.fill(0, headerBytes + payload.length)
}

type Place = Pick<FrameHeader, 'first' | 'last' | 'page'>

/** What is known of a payload: it goes to several nodes, perhaps in one process, and often to the same page of each. */
interface Headed extends Place {
  readonly payloadDigest: Uint8Array
  readonly header: Uint8Array
}

const headers = new WeakMap<Uint8Array, Headed>()

function headerOf(payload: Uint8Array, { first, last, page }: Place): Uint8Array {
  const known = headers.get(payload)
  if (known?.page === page && known.first === first && known.last === last) return known.header
  const payloadDigest = known?.payloadDigest ?? blake3(payload)
  const header = new Uint8Array(headerBytes)
  const view = new DataView(header.buffer)
  view.setUint32(0, magic)
  view.setUint16(4, version)
  view.setUint16(6, 0)
  view.setBigUint64(8, first)
  view.setBigUint64(16, last)
  view.setUint32(24, payload.length)
  view.setUint32(28, page)
  header.set(digestOf(header, payloadDigest), digestOffset)
  headers.set(payload, { first, last, page, payloadDigest, header })
  return header
}

/** Sequence numbers start at 1: a reader who has seen nothing asks for what comes after 0. */
export function assertRange({
  first,
  last,
}: {
  readonly first: bigint
  readonly last: bigint
}): void {
  assert(first >= 1n && first <= last, `not a range of sequence numbers: ${first}..${last}`)
}

/** The header at the start of `page`, when it looks like one; `isWholeFrame` says whether it is true. */
export function peekFrame(page: Uint8Array): FrameHeader | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.length)
  if (view.getUint32(0) !== magic || view.getUint16(4) !== version || view.getUint16(6) !== 0)
    return undefined
  const header = {
    first: view.getBigUint64(8),
    last: view.getBigUint64(16),
    payloadBytes: view.getUint32(24),
    page: view.getUint32(28),
  }
  return header.payloadBytes <= framePayloadBytesMax && header.first <= header.last
    ? header
    : undefined
}

/** Whether header and payload, as `filledBytes` of them, are the ones that were written. */
export function isWholeFrame(filled: Uint8Array): boolean {
  const stored = filled.subarray(digestOffset, headerBytes)
  return Buffer.compare(stored, digestOf(filled, blake3(filled.subarray(headerBytes)))) === 0
}

export function payloadOf(filled: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(filled.subarray(headerBytes))
}

/** The first 16 bytes of BLAKE3 over the header's other fields and the BLAKE3 of the payload. */
function digestOf(frame: Uint8Array, payloadDigest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(digestOffset + payloadDigest.length)
  bytes.set(frame.subarray(0, digestOffset))
  bytes.set(payloadDigest, digestOffset)
  return blake3(bytes).subarray(0, 16)
}
