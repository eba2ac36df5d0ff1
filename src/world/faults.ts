import { declareFaults } from '#fault/fault'

export const worldFault = declareFaults({
  /** The simulated task waits, and nothing that could wake it is pending. */
  'world/deadlock': 'unavailable',
})
