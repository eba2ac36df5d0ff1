import { declareFaults } from '#fault/fault'

export const cryptoFault = declareFaults({
  'crypto/not-authentic': 'corrupt',
  'crypto/unwrap-failed': 'corrupt',
  'crypto/not-compressed': 'corrupt',
})
