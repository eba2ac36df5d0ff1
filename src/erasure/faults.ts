import { declareFaults } from '#fault/fault'

export const erasureFault = declareFaults({
  'erasure/invalid-profile': 'invalid',
  'erasure/too-few-shards': 'unavailable',
})
export type ErasureFaultCode = Parameters<typeof erasureFault>[0]
