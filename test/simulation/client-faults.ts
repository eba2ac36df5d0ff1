/** What clients mean by their failures, so that they are told from the store's, on whichever side of a gateway. */
import { declareFaults } from '#fault/fault'

export const clientFault = declareFaults({
  'client/gone': 'unavailable',
  'client/gave-up': 'unavailable',
  'client/checksum-refused': 'invalid',
})
