import { retryHeaders } from '#api/faults'
import { isToldToClients, s3ErrorOf } from '#api/s3/errors'
import { httpDate } from '#api/s3/response'
import type { S3Error } from '#api/s3/s3-error'
import { leaf, plainXmlDocument, type Xml } from '#api/s3/xml-writer'
import { Fault } from '#fault/fault'
import type { HttpRequest, HttpResponse } from '#http/message'

/** Where an answer came from, for support: `x-amz-id-2` and `HostId`. */
export const hostId = 'mycelium'

/** RFC 9110, 10.2.3: when it is worth trying again. Nodes and databases come back within moments, or not for long. */
const retryAfterSeconds = 1

export interface ErrorContext {
  readonly requestId: string
  /** The path as sent. */
  readonly resource: string
  /** Answers to HEAD have no body. */
  readonly hasBody: boolean
}

/** An error in S3's words: `<Error><Code>…`, with the request's id in it as in the header. */
export function errorResponse(
  error: unknown,
  { requestId, resource, hasBody }: ErrorContext,
): HttpResponse {
  const { status, code, message } = s3MessageOf(error)
  const body = plainXmlDocument(
    'Error',
    leaf('Code', code),
    leaf('Message', message),
    ...extraElements(error),
    leaf('Resource', resource),
    leaf('RequestId', requestId),
    leaf('HostId', hostId),
  )
  return {
    status,
    headers: { 'content-type': 'application/xml', ...extraHeaders(error), ...retryHeaders(error) },
    ...(hasBody ? { body } : {}),
  }
}

/** An error in place of the answer to a request that no operation was found for. */
export function refuseRequest(
  error: unknown,
  { id: requestId, target, method }: Pick<HttpRequest, 'id' | 'target' | 'method'>,
): HttpResponse {
  const resource = target.split('?', 1)[0] ?? ''
  const response = errorResponse(error, { requestId, resource, hasBody: method !== 'HEAD' })
  return { ...response, headers: { ...response.headers, ...idHeaders(requestId) } }
}

/** The same for bytes that were no request. */
export function refuseBytes(fault: unknown, requestId: string): HttpResponse {
  return refuseRequest(fault, { id: requestId, target: '', method: '' })
}

/** Every answer has them. */
export function idHeaders(requestId: string): Record<string, string> {
  return { 'x-amz-request-id': requestId, 'x-amz-id-2': hostId }
}

/** What to tell of an error: its reason, where it has one that is meant for clients. */
export function s3MessageOf(error: unknown): S3Error {
  const known = s3ErrorOf(error)
  const reason = isToldToClients(error) ? error.detail['reason'] : undefined
  return typeof reason === 'string' ? { ...known, message: reason } : known
}

/** Details that clients act on. */
function extraElements(error: unknown): readonly Xml[] {
  if (!(error instanceof Fault)) return []
  const { code, detail } = error
  switch (code) {
    case 'identity/wrong-region':
      return [leaf('Region', detail['region'])]
    case 'identity/wrong-signature':
      return [
        textLeaf('AWSAccessKeyId', detail['accessKeyId']),
        textLeaf('StringToSign', detail['toSign']),
        textLeaf('SignatureProvided', detail['given']),
        textLeaf('CanonicalRequest', detail['canonical']),
      ]
    case 'identity/unknown-key':
      return [leaf('AWSAccessKeyId', detail['accessKeyId'])]
    case 's3/invalid-argument':
      return [leaf('ArgumentName', detail['argument'])]
    case 's3/not-implemented':
      return [leaf('Header', detail['header'])]
    case 's3/body-too-large':
      return [leaf('ProposedSize', detail['bytes']), leaf('MaxSizeAllowed', detail['bytesMax'])]
    case 'object/no-such-bucket':
    case 'object/invalid-bucket-name':
    case 'object/bucket-exists':
    case 'object/bucket-not-empty':
      return [textLeaf('BucketName', detail['bucket'] ?? detail['name'])]
    case 'object/no-such-key':
      return [textLeaf('Key', detail['key'])]
    case 'object/no-such-version':
      return [textLeaf('Key', detail['key']), textLeaf('VersionId', detail['version'])]
    case 'object/no-such-upload':
      return [textLeaf('UploadId', detail['upload'])]
    case 'object/precondition-failed':
    case 's3/precondition-failed':
      return [textLeaf('Condition', detail['condition'])]
    case 'object/range-unsatisfiable':
      return [leaf('ActualObjectSize', detail['bytes'])]
    default:
      return []
  }
}

function textLeaf(name: string, text: unknown): Xml {
  return leaf(name, typeof text === 'string' ? text : undefined)
}

function extraHeaders(error: unknown): Record<string, string> {
  if (!(error instanceof Fault)) return {}
  const { code, detail } = error
  if (s3ErrorOf(error).status === 503) return { 'retry-after': String(retryAfterSeconds) }
  if (code === 'object/range-unsatisfiable' && detail['bytes'] !== undefined) {
    return { 'content-range': `bytes */${detail['bytes']}` }
  }
  if (code === 'object/no-such-key') {
    const { marker } = detail
    if (marker === undefined) return { 'x-amz-delete-marker': 'false' } // AWS leaves it out; Ceph's clients look for it
    return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': String(marker) }
  }
  if (code === 'object/delete-marker') {
    return {
      'x-amz-delete-marker': 'true',
      'x-amz-version-id': String(detail['version']),
      'last-modified': httpDate(Number(detail['modifiedAt'])),
      allow: 'DELETE',
    }
  }
  if (code === 'identity/wrong-region') return { 'x-amz-bucket-region': String(detail['region']) }
  return {}
}
