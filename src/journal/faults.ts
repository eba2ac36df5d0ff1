import { declareFaults } from '#fault/fault'

export const journalFault = declareFaults({
  /** Nobody answers there, or what answers does not take what we bring. */
  'journal/unavailable': 'unavailable',
})
