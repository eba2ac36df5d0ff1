/** What a foreign S3 endpoint did, in a sentence. One table, total. */
import type { Fault, FaultDetail } from '#fault/fault'
import { exitCodes } from '#main/exit-codes'
import type { EndpointFaultCode } from '#s3/faults'

type Explainer = readonly [exitCode: number, tell: (detail: FaultDetail) => string]

const explainers: Readonly<Record<EndpointFaultCode, Explainer>> = {
  'endpoint/unreachable': [
    exitCodes.unreachable,
    ({ endpoint, reason }) => `No answer from ${endpoint}: ${reason}. Is the address right?`,
  ],
  'endpoint/unavailable': [
    exitCodes.unreachable,
    ({ endpoint, status }) => `${endpoint} cannot do this now (${status}). Try again later.`,
  ],
  'endpoint/out-of-space': [exitCodes.refused, ({ endpoint }) => `${endpoint} has no room left.`],
  'endpoint/not-s3': [
    exitCodes.unreachable,
    ({ endpoint }) => `${endpoint} answers, but not as S3 does. Give the address of its S3 API.`,
  ],
  'endpoint/wrong-credentials': [
    exitCodes.key,
    ({ endpoint, code }) => `${endpoint} does not accept the access key (${code}).`,
  ],
  'endpoint/clock-skewed': [
    exitCodes.key,
    ({ endpoint }) =>
      `The clock of this machine differs too much from that of ${endpoint}. Set it right.`,
  ],
  'endpoint/denied': [
    exitCodes.key,
    (detail) => `${detail['endpoint']} does not let this access key ${placeOf(detail)}.`,
  ],
  'endpoint/no-such-bucket': [
    exitCodes.absent,
    ({ bucket, endpoint }) => `There is no bucket "${bucket}" at ${endpoint}.`,
  ],
  'endpoint/no-such-key': [
    exitCodes.absent,
    ({ bucket, key, endpoint }) => `There is no ${bucket}/${key} at ${endpoint}.`,
  ],
  'endpoint/no-such-upload': [
    exitCodes.refused,
    ({ bucket, key }) => `Somebody else has ended the upload of ${bucket}/${key}.`,
  ],
  'endpoint/invalid-bucket-name': [
    exitCodes.refused,
    ({ bucket, endpoint }) => `"${bucket}" cannot be the name of a bucket at ${endpoint}.`,
  ],
  'endpoint/bucket-of-another': [
    exitCodes.refused,
    ({ bucket, endpoint }) => `The bucket "${bucket}" at ${endpoint} belongs to somebody else.`,
  ],
  'endpoint/changed': [
    exitCodes.refused,
    ({ bucket, key }) => `${bucket}/${key} was replaced while it was read.`,
  ],
  'endpoint/damaged': [
    exitCodes.damaged,
    ({ bucket, key, reason }) => `What came is not ${bucket}/${key}: ${reason}.`,
  ],
  'endpoint/too-many-parts': [
    exitCodes.refused,
    ({ bucket, key, partsMax }) => `${bucket}/${key} would have more than ${partsMax} parts.`,
  ],
  'endpoint/refused': [
    exitCodes.refused,
    ({ endpoint, code, reason, status }) =>
      `${endpoint} refuses: ${code ?? status}: ${reason}`.replace(/\.?$/, '.'),
  ],
}

export function explainEndpoint(
  error: Fault,
): { readonly text: string; readonly exitCode: number } | undefined {
  if (!isKnown(error.code)) return undefined
  const [exitCode, tell] = explainers[error.code]
  return { text: tell(error.detail), exitCode }
}

/** For reports, whatever room the fault is of. */
export function tellFault(error: Fault): string {
  return explainEndpoint(error)?.text ?? error.message
}

function isKnown(code: string): code is EndpointFaultCode {
  return Object.hasOwn(explainers, code)
}

function placeOf({ bucket, key }: FaultDetail): string {
  if (bucket === undefined) return 'do that'
  return `do that with ${key === undefined ? `bucket "${bucket}"` : `${bucket}/${key}`}`
}
