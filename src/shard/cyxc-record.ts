/**
 * The CYXC record: a shard as other nodes and tools pass it around, a header before the bytes. Sizes and hash describe the bytes as the node received them.
 * Format: docs/formats/cyxc.md. Integers are big-endian.
 */
import { blake3 } from '#crypto/blake3'
import { shardFault } from '#shard/faults'

export const cyxcHeaderBytes = 60
const magic = 0x43595843 // CYXC
const version = 1
const hashOffset = 28

/** A header for these bytes: not encrypted and not compressed by the node, whatever they are by themselves. */
export function cyxcHeader(bytes: Uint8Array): Uint8Array {
  const header = new Uint8Array(cyxcHeaderBytes)
  const view = new DataView(header.buffer)
  view.setUint32(0, magic)
  view.setUint32(4, version)
  view.setUint32(8, 0)
  view.setBigUint64(12, BigInt(bytes.length))
  view.setBigUint64(20, BigInt(bytes.length))
  header.set(blake3(bytes), hashOffset)
  return header
}

/** The bytes of a record; a view. `shard/malformed-record` when it is not one of ours, whole and unchanged. */
export function openCyxc(record: Uint8Array): Uint8Array {
  if (record.length < cyxcHeaderBytes)
    throw shardFault('shard/malformed-record', { reason: 'short' })
  const bytes = record.subarray(cyxcHeaderBytes)
  const expected = cyxcHeader(bytes)
  if (Buffer.compare(expected, record.subarray(0, cyxcHeaderBytes)) !== 0)
    throw shardFault('shard/malformed-record', { reason: 'the header is not that of these bytes' })
  return bytes
}
