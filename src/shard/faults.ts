import { declareFaults } from '#fault/fault'

export const shardFault = declareFaults({
  'shard/malformed-id': 'invalid',
  'shard/not-found': 'not-found',
  'shard/short': 'corrupt',
  'shard/exists': 'conflict',
  'shard/node-lost': 'unavailable',
  'shard/node-full': 'exhausted',
  'shard/io': 'unavailable',
})
export type ShardFaultCode = Parameters<typeof shardFault>[0]
