import { declareFaults } from '#fault/fault'

export const objectFault = declareFaults({
  'object/invalid-bucket-name': 'invalid',
  'object/invalid-key': 'invalid',
  'object/key-too-long': 'invalid',
  'object/unknown-profile': 'invalid',
  'object/bucket-exists': 'conflict',
  'object/bucket-not-empty': 'conflict',
  'object/no-such-bucket': 'not-found',
  'object/no-such-key': 'not-found',
  'object/no-such-upload': 'not-found',
  'object/precondition-failed': 'precondition',
  'object/incomplete-body': 'invalid',
  'object/too-large': 'too-large',
  'object/part-number-invalid': 'invalid',
  'object/part-missing': 'invalid',
  'object/part-order': 'invalid',
  'object/part-too-small': 'invalid',
  'object/range-unsatisfiable': 'invalid',
  'object/checksum-mismatch': 'invalid',
  'object/checksum-of-another-kind': 'invalid',
  'object/size-mismatch': 'invalid',
  'object/too-few-nodes': 'unavailable',
  'object/unreadable': 'unavailable',
  'object/out-of-space': 'exhausted',
  'object/busy': 'unavailable',
})
export type ObjectFaultCode = Parameters<typeof objectFault>[0]
