import { declareFaults } from '#fault/fault'

export const shardFault = declareFaults({
  'shard/malformed-id': 'invalid',
  'shard/malformed-record': 'corrupt',
  'shard/not-found': 'not-found',
  'shard/short': 'corrupt',
  'shard/exists': 'conflict',
  'shard/node-lost': 'unavailable',
  'shard/node-full': 'exhausted',
  'shard/io': 'unavailable',
  /** Files that this process may not open now; the node may be well. */
  'shard/too-many-open': 'unavailable',
  /** The directory belongs to another store or node, or holds shards but no metadata: nobody may clean it up. */
  'shard/foreign-node': 'conflict',
  'shard/malformed-metadata': 'corrupt',
  /** The file that holds the node is gone, or shorter than what it tells of itself. */
  'shard/truncated': 'corrupt',
})
