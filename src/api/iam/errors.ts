/** Every fault's word in IAM and STS. https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html */
import { retryHeaders } from '#api/faults'
import type { IamFaultCode } from '#api/iam/faults'
import { s3ErrorOf } from '#api/s3/errors'
import type { S3Error } from '#api/s3/s3-error'
import { branch, leaf, xmlDocumentOf } from '#api/s3/xml-writer'
import { Fault, isFault } from '#fault/fault'
import type { HttpResponse } from '#http/message'

const accessDenied: S3Error = {
  status: 403,
  code: 'AccessDenied',
  message: 'The caller is not allowed to perform this action.',
}
const invalidClientToken: S3Error = {
  status: 403,
  code: 'InvalidClientTokenId',
  message: 'The security token included in the request is invalid.',
}

const iamErrors: Readonly<Record<IamFaultCode, S3Error>> = {
  'iam/access-denied': accessDenied,
  'iam/anonymous': {
    status: 403,
    code: 'MissingAuthenticationToken',
    message: 'The request must be signed with an access key.',
  },
  'iam/body-too-large': {
    status: 413,
    code: 'RequestEntityTooLarge',
    message: 'The request is too large.',
  },
  'iam/invalid-parameter': {
    status: 400,
    code: 'ValidationError',
    message: 'A parameter is not valid.',
  },
  'iam/missing-parameter': {
    status: 400,
    code: 'MissingParameter',
    message: 'A required parameter is missing.',
  },
  'iam/not-offered': {
    status: 501,
    code: 'NotImplemented',
    message: 'This is understood, but not offered.',
  },
  'iam/unknown-action': {
    status: 400,
    code: 'InvalidAction',
    message: 'The action is not known here.',
  },
}

/** Where IAM has another word than S3. */
const otherwise: Readonly<Record<string, S3Error>> = {
  'identity/malformed-policy': {
    status: 400,
    code: 'MalformedPolicyDocument',
    message: 'The policy document is not valid.',
  },
  'identity/not-assumable': { ...accessDenied, message: 'The role cannot be assumed.' },
  'identity/unknown-key': invalidClientToken,
  'identity/unknown-token': invalidClientToken,
}

const known: ReadonlyMap<string, S3Error> = new Map(Object.entries({ ...otherwise, ...iamErrors }))

const kinds: Readonly<Record<string, string>> = { team: 'group' }

/** Which of the things a request is about is not there, or is there already. */
function nameOf(error: unknown): string | undefined {
  if (!(error instanceof Fault)) return undefined
  const { name, kind = 'user' } = error.detail
  if (typeof name !== 'string' || typeof kind !== 'string') return undefined
  const what = `The ${kinds[kind] ?? kind} with name ${name}`
  if (isFault(error, 'identity/no-such-entity', 'identity/no-such-principal'))
    return `${what} cannot be found.`
  return isFault(error, 'identity/entity-exists') ? `${what} already exists.` : undefined
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html */
export function iamErrorResponse(
  error: unknown,
  { namespace, requestId }: { readonly namespace: string; readonly requestId: string },
): HttpResponse {
  const found = error instanceof Fault ? known.get(error.code) : undefined
  const { status, code, message } = found ?? s3ErrorOf(error)
  const reason = error instanceof Fault ? error.detail['reason'] : undefined
  const text = typeof reason === 'string' ? reason : (nameOf(error) ?? message)
  const body = xmlDocumentOf(
    'ErrorResponse',
    namespace,
    branch(
      'Error',
      leaf('Type', status < 500 ? 'Sender' : 'Receiver'),
      leaf('Code', code),
      leaf('Message', text),
    ),
    leaf('RequestId', requestId),
  )
  return { status, headers: { 'content-type': 'text/xml', ...retryHeaders(error) }, body }
}
