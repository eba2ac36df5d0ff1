/** One change as bytes, in log frames, in the outbox and in snapshots alike: docs/formats/changelog.md. */
import assert from 'node:assert/strict'
import type { SequencedChange } from '#changelog/change'
import { changelogFault } from '#changelog/faults'
import type { Run } from '#changelog/frame'
import { parseChangeBody } from '#changelog/rooms'

/** A change whose body is still text. */
export interface ChangeRecord {
  readonly sequence: bigint
  readonly at: number
  readonly json: Uint8Array
}

const headerBytes = 20

/** A record is held in memory whole; this is what one change may weigh. 8 MiB of text describe some 50,000 extents. */
export const changeBytesMax = 8 * 1024 * 1024

/** `changelog/too-large` */
export function encodeRecord({ sequence, at, json }: ChangeRecord): Buffer {
  if (json.length > changeBytesMax)
    throw changelogFault('changelog/too-large', { bytes: json.length, bytesMax: changeBytesMax })
  const record = Buffer.allocUnsafe(headerBytes + json.length)
  record.writeUInt32BE(json.length, 0)
  record.writeBigUInt64BE(sequence, 4)
  record.writeBigUInt64BE(BigInt(at), 12)
  record.set(json, headerBytes)
  return record
}

/** Records that follow one another, at least one. */
export function runOf(records: readonly ChangeRecord[]): Run {
  const first = records[0]?.sequence ?? 0n
  const last = records.at(-1)?.sequence ?? 0n
  assert(first > 0n && last - first === BigInt(records.length - 1))
  return { first, last, changes: Buffer.concat(records.map(encodeRecord)) }
}

/** Every record of `bytes`; views of it. `changelog/malformed-record` when the bytes do not end with one. */
export function* decodeRecords(bytes: Uint8Array): Generator<ChangeRecord, void, undefined> {
  let rest = bytes
  while (rest.length > 0) {
    const taken = takeRecord(rest)
    if (taken === undefined) throw changelogFault('changelog/malformed-record')
    yield taken.record
    rest = taken.rest
  }
}

/** The same from a stream, however it is cut; its pieces' memory may be used again. Holds one piece and one record. */
export async function* decodeRecordStream(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<ChangeRecord, void, undefined> {
  let rest: Uint8Array = new Uint8Array(0)
  for await (const piece of source) {
    rest = Buffer.concat([rest, piece]) // a copy: records are kept longer than pieces
    for (let taken = takeRecord(rest); taken !== undefined; taken = takeRecord(rest)) {
      yield taken.record
      rest = taken.rest
    }
  }
  if (rest.length > 0) throw changelogFault('changelog/malformed-record')
}

export function changeOf({ sequence, at, json }: ChangeRecord): SequencedChange {
  return { sequence, at, body: parseChangeBody(Buffer.from(json).toString()) }
}

export function recordOf({ sequence, at, body }: SequencedChange): Buffer {
  assert(Number.isSafeInteger(at))
  return encodeRecord({ sequence, at, json: Buffer.from(JSON.stringify(body)) })
}

function takeRecord(bytes: Uint8Array): { record: ChangeRecord; rest: Uint8Array } | undefined {
  if (bytes.length < headerBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const jsonBytes = view.getUint32(0)
  if (jsonBytes > changeBytesMax) throw changelogFault('changelog/malformed-record', { jsonBytes })
  const end = headerBytes + jsonBytes
  if (bytes.length < end) return undefined
  const record = {
    sequence: view.getBigUint64(4),
    at: Number(view.getBigUint64(12)),
    json: bytes.subarray(headerBytes, end),
  }
  return { record, rest: bytes.subarray(end) }
}
