import { declareFaults } from '#fault/fault'

export const sqlFault = declareFaults({
  'sql/unavailable': 'unavailable',
  'sql/corrupt': 'corrupt',
  'sql/constraint': 'conflict',
  'sql/full': 'exhausted',
  'sql/malformed-address': 'invalid',
  'sql/lease-held': 'conflict',
  'sql/lease-lost': 'unavailable',
})
