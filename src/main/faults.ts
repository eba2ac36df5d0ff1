import { declareFaults } from '#fault/fault'

export const mainFault = declareFaults({
  'main/mistaken-settings': 'invalid',
  'main/data-unusable': 'invalid',
  'main/data-in-use': 'conflict',
  'main/no-store': 'not-found',
  'main/mixed-stores': 'conflict',
  'main/too-few-nodes': 'invalid',
  'main/nodes-lost': 'unavailable',
  'main/too-many-absent': 'unavailable',
  'main/master-key-missing': 'denied',
  'main/master-key-wrong': 'denied',
  'main/key-file-unusable': 'denied',
  'main/port-in-use': 'conflict',
  'main/port-refused': 'denied',
  'main/database-untrusted': 'conflict',
  'main/damage-found': 'corrupt',
  'main/not-there': 'not-found',
  'main/admin-unreachable': 'unavailable',
  'main/admin-denied': 'denied',
  'main/admin-absent': 'not-found',
  'main/admin-refused': 'conflict',
  'main/foreign-import': 'conflict',
  'main/import-interrupted': 'unavailable',
  'main/import-incomplete': 'unavailable',
})
export type MainFaultCode = Parameters<typeof mainFault>[0]
