import { declareFaults } from '#fault/fault'

export const registryFault = declareFaults({
  /** The file of tokens is not what it should be. */
  'content/malformed-tokens': 'invalid',
})
