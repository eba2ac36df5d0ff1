import { declareFaults } from '#fault/fault'

export const forwardFault = declareFaults({
  /** Nobody has served for as long as a request waits. */
  'forward/no-holder': 'unavailable',
  /** The holder was lost before it answered: what became of the request is not known. */
  'forward/unanswered': 'unavailable',
  /** A request that says it was forwarded, but not by one of us, or not to us. */
  'forward/not-vouched': 'unavailable',
})
