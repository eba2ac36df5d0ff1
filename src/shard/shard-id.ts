import type { Branded } from '#bytes/brand'
import { toHex } from '#bytes/text'
import { shardFault } from '#shard/faults'

/** Lowercase hex BLAKE3 of a shard's bytes as the node stores them: 32 bytes, 64 characters. The wire's `chunk_id`. */
export type ShardId = Branded<string, 'ShardId'>

export function parseShardId(text: string): ShardId {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw shardFault('shard/malformed-id', { text: text.slice(0, 80) })
  return text as ShardId
}

const shardIdBytes = 32

/** From the 32 bytes of the hash. */
export function shardIdOf(bytes: Uint8Array): ShardId {
  if (bytes.length !== shardIdBytes) throw shardFault('shard/malformed-id', { bytes: bytes.length })
  return toHex(bytes) as ShardId // as hex, it cannot be malformed
}
