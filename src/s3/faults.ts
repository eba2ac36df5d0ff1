/** What can go wrong with a foreign S3 endpoint. Its codes begin with `endpoint/`: `s3/…` are those of our own S3 door. */
import { declareFaults } from '#fault/fault'

export const endpointFault = declareFaults({
  /** Nobody answers there, or the connection broke. */
  'endpoint/unreachable': 'unavailable',
  /** It answers, but cannot serve now. */
  'endpoint/unavailable': 'unavailable',
  'endpoint/out-of-space': 'exhausted',
  'endpoint/not-s3': 'unsupported',
  'endpoint/wrong-credentials': 'unauthenticated',
  'endpoint/clock-skewed': 'unauthenticated',
  'endpoint/denied': 'denied',
  'endpoint/no-such-bucket': 'not-found',
  'endpoint/no-such-key': 'not-found',
  'endpoint/no-such-upload': 'not-found',
  'endpoint/invalid-bucket-name': 'invalid',
  'endpoint/bucket-of-another': 'conflict',
  /** The object is no longer the one that was asked for. */
  'endpoint/changed': 'precondition',
  /** Bytes were damaged on their way, or the source changed while it was read. */
  'endpoint/damaged': 'corrupt',
  'endpoint/too-many-parts': 'too-large',
  /** Anything else it will not do; `code` and `reason` are its words. */
  'endpoint/refused': 'invalid',
})
export type EndpointFaultCode = Parameters<typeof endpointFault>[0]
