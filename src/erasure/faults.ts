import { declareFaults } from '#fault/fault'

export const erasureFault = declareFaults({
  'erasure/invalid-profile': 'invalid',
  'erasure/too-few-shards': 'unavailable',
})
