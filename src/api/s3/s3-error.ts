/** An error in S3's words, and those that several faults come to. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export interface S3Error {
  readonly status: number
  readonly code: string
  readonly message: string
}

export const internal: S3Error = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error. Please try again.',
}
export const serviceUnavailable: S3Error = {
  status: 503,
  code: 'ServiceUnavailable',
  message: 'Storage nodes or the metadata database cannot be reached. Please try again.',
}
export const slowDown: S3Error = {
  status: 503,
  code: 'SlowDown',
  message: 'Please reduce your request rate.',
}
export const insufficientStorage: S3Error = {
  status: 507,
  code: 'InsufficientStorage',
  message: 'The store has no room for this.',
}
export const accessDenied: S3Error = {
  status: 403,
  code: 'AccessDenied',
  message: 'Access Denied.',
}
export const incompleteBody: S3Error = {
  status: 400,
  code: 'IncompleteBody',
  message: 'You did not provide the number of bytes specified by the Content-Length header.',
}
export const entityTooLarge: S3Error = {
  status: 400,
  code: 'EntityTooLarge',
  message: 'Your proposed upload exceeds the maximum allowed size.',
}
export const preconditionFailed: S3Error = {
  status: 412,
  code: 'PreconditionFailed',
  message: 'At least one of the preconditions you specified did not hold.',
}
