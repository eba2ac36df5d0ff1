import type { Branded } from '#bytes/brand'
import { shardFault } from '#shard/faults'

/** Lowercase hex BLAKE3 of a shard's bytes as the node stores them: 32 bytes, 64 characters. The wire's `chunk_id`. */
export type ShardId = Branded<string, 'ShardId'>

export function parseShardId(text: string): ShardId {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw shardFault('shard/malformed-id', { text: text.slice(0, 80) })
  return text as ShardId
}
