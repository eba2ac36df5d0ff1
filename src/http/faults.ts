import { declareFaults } from '#fault/fault'

export const httpFault = declareFaults({
  'http/malformed-request': 'invalid',
  'http/malformed-target': 'invalid',
  'http/headers-too-large': 'too-large',
  'http/headers-timeout': 'timeout',
  'http/body-timeout': 'timeout',
  'http/body-truncated': 'invalid',
  'http/body-malformed': 'invalid',
  'http/client-gone': 'unavailable',
  'http/address-in-use': 'conflict',
  'http/address-refused': 'denied',
  'http/document-unavailable': 'unavailable',
})
export type HttpFaultCode = Parameters<typeof httpFault>[0]
