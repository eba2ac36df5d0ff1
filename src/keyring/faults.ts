import { declareFaults } from '#fault/fault'

export const keyringFault = declareFaults({
  'keyring/malformed-master-key': 'invalid',
  'keyring/wrong-master-key': 'denied',
  'keyring/damaged': 'corrupt',
  'keyring/unsupported-version': 'unsupported',
  'keyring/mixed-stores': 'conflict',
  'keyring/unknown-generation': 'corrupt',
  'keyring/unwrap-failed': 'corrupt',
})
