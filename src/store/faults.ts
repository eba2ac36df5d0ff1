import { declareFaults } from '#fault/fault'

export const storeFault = declareFaults({
  'store/too-few-shards': 'unavailable',
  'store/too-few-nodes': 'unavailable',
  'store/out-of-space': 'exhausted',
  'store/locked': 'denied',
  'store/node-too-slow': 'timeout',
  'store/unreadable': 'unavailable',
  'store/unknown-chunk': 'corrupt',
  'store/rebuild-differs': 'corrupt',
})
