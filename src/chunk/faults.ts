import { declareFaults } from '#fault/fault'

export const chunkFault = declareFaults({
  'chunk/malformed-footer': 'corrupt',
  'chunk/unknown-format': 'unsupported',
  'chunk/invalid-geometry': 'invalid',
  'chunk/codec-stopped': 'unavailable',
})
