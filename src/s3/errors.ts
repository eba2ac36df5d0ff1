/** The SDK's errors as faults. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
import { S3ServiceException } from '@aws-sdk/client-s3'
import { Fault, type FaultDetail } from '#fault/fault'
import { type EndpointFaultCode, endpointFault } from '#s3/faults'

const codes: Readonly<Record<string, EndpointFaultCode>> = {
  NoSuchBucket: 'endpoint/no-such-bucket',
  NoSuchKey: 'endpoint/no-such-key',
  NoSuchUpload: 'endpoint/no-such-upload',
  InvalidBucketName: 'endpoint/invalid-bucket-name',
  BucketAlreadyExists: 'endpoint/bucket-of-another',
  InvalidAccessKeyId: 'endpoint/wrong-credentials',
  SignatureDoesNotMatch: 'endpoint/wrong-credentials',
  AuthorizationHeaderMalformed: 'endpoint/wrong-credentials',
  InvalidToken: 'endpoint/wrong-credentials',
  ExpiredToken: 'endpoint/wrong-credentials',
  RequestTimeTooSkewed: 'endpoint/clock-skewed',
  RequestExpired: 'endpoint/clock-skewed',
  AccessDenied: 'endpoint/denied',
  PreconditionFailed: 'endpoint/changed',
  InsufficientStorage: 'endpoint/out-of-space',
  QuotaExceeded: 'endpoint/out-of-space',
  XMinioStorageFull: 'endpoint/out-of-space',
  BadDigest: 'endpoint/damaged',
  XAmzContentSHA256Mismatch: 'endpoint/damaged',
  SlowDown: 'endpoint/unavailable',
  RequestTimeout: 'endpoint/unavailable',
}

/** For answers without a body, whose code is only their status. */
const statuses: Readonly<Record<number, EndpointFaultCode>> = {
  403: 'endpoint/denied',
  408: 'endpoint/unavailable',
  412: 'endpoint/changed',
  429: 'endpoint/unavailable',
  500: 'endpoint/unavailable',
  502: 'endpoint/unavailable',
  503: 'endpoint/unavailable',
  504: 'endpoint/unavailable',
  507: 'endpoint/out-of-space',
}

/** What Node calls broken and refused connections. */
const broken =
  /^(E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|HOSTDOWN|NOTFOUND|AI_AGAIN|ADDRNOTAVAIL|PROTO)|ERR_(TLS|SSL|STREAM_PREMATURE_CLOSE).*|UND_ERR.*|.*CERT.*|.*SELF_SIGNED.*)$/

const brokenWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'names cannot be looked up now',
  ETIMEDOUT: 'it does not answer in time',
}

/** A fault stays what it is, and so does what nobody expected. */
export function faultOf(error: unknown, detail: FaultDetail): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error
  const systemCode = 'code' in error ? String(error.code) : ''
  const isTimeout = error.name === 'TimeoutError'
  if (broken.test(systemCode) || isTimeout || error.message === 'aborted') {
    const reason = isTimeout
      ? 'it does not answer in time'
      : (brokenWords[systemCode] ?? (systemCode || 'the connection broke'))
    return endpointFault('endpoint/unreachable', { ...detail, reason }, error)
  }
  const status = statusOf(error)
  if (status === undefined) return error
  // The SDK's word for an answer without an error document.
  if (!(error instanceof S3ServiceException) || error.message === 'UnknownError') {
    const code = statuses[status] ?? 'endpoint/not-s3'
    return endpointFault(code, { ...detail, status }, error)
  }
  const code = codes[error.name] ?? statuses[status] ?? 'endpoint/refused'
  const told = { status, code: error.name, reason: error.message }
  return endpointFault(code, { ...detail, ...told }, error)
}

/** The SDK hangs the answer's status on errors of reading it, too. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { $metadata, $response } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number }
    readonly $response?: { readonly statusCode?: number }
  } // the SDK's own properties, each optional
  return $metadata?.httpStatusCode ?? $response?.statusCode
}
