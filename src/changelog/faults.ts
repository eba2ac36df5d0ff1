import { declareFaults } from '#fault/fault'

export const changelogFault = declareFaults({
  'changelog/unavailable': 'unavailable',
  'changelog/node-timeout': 'timeout',
  'changelog/too-large': 'too-large',
  'changelog/unknown-change': 'unsupported',
  'changelog/unsupported-version': 'unsupported',
  'changelog/malformed-record': 'corrupt',
  'changelog/snapshot-damaged': 'corrupt',
  'changelog/database-missing': 'conflict',
  'changelog/database-older': 'conflict',
  'changelog/database-foreign': 'conflict',
  'changelog/database-not-empty': 'conflict',
  'changelog/copy-differs': 'corrupt',
  'changelog/uncertain': 'conflict',
  'changelog/gap': 'corrupt',
  'changelog/forked': 'corrupt',
})
