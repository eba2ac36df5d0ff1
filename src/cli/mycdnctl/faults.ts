import { declareFaults } from '#fault/fault'

export const cdnFault = declareFaults({
  /** `path`, and `mistakes`: sentences, one per line. */
  'mycdnctl/mistaken-settings': 'invalid',
  'mycdnctl/no-settings': 'not-found',
  /** A name that a stranger chose is taken here by something else. */
  'mycdnctl/file-exists': 'conflict',
  /** `shards` of `objects` are not there, but what is there is enough. */
  'mycdnctl/degraded': 'unavailable',
  'mycdnctl/lost': 'corrupt',
  /** Something was not removed. */
  'mycdnctl/not-removed': 'unavailable',
})
export type CdnFaultCode = Parameters<typeof cdnFault>[0]
