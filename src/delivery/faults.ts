import { declareFaults } from '#fault/fault'

export const deliveryFault = declareFaults({
  'delivery/malformed-name': 'invalid',
  'delivery/malformed-address': 'invalid',
  'delivery/malformed-secret': 'invalid',
  'delivery/malformed-subject': 'invalid',
  'delivery/no-such-target': 'not-found',
  'delivery/target-exists': 'conflict',
  'delivery/too-many-targets': 'too-large',
  /** Nobody answers there, it cannot take anything now, or it took too long: worth another attempt, for everything that goes there. */
  'delivery/unreachable': 'unavailable',
  /** It answers, and does not want this. */
  'delivery/refused': 'denied',
  /** Its name leads into a private network, and nobody has said that it may. */
  'delivery/private-address': 'denied',
})
export type DeliveryFaultCode = Parameters<typeof deliveryFault>[0]
