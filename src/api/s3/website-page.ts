/** What a website says when it cannot show a page: S3's error as HTML, for people. */
import { retryHeaders } from '#api/faults'
import { hostId } from '#api/s3/error-response'
import { s3ErrorOf } from '#api/s3/errors'
import { escapeXml } from '#api/s3/xml-writer'
import { Fault } from '#fault/fault'
import type { HttpResponse } from '#http/message'

/** `second`: why the page that the bucket has for errors could not be shown either. */
export function errorPage(
  error: unknown,
  { requestId, second }: { readonly requestId: string; readonly second?: unknown },
): HttpResponse {
  const { status, code, message } = s3ErrorOf(error)
  const title = titleOf(status)
  const facts = [...factsOf(error), ['RequestId', requestId], ['HostId', hostId]] as const
  const beside =
    second === undefined
      ? ''
      : `<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n${list(factsOf(second))}`
  const body = `<html>\n<head><title>${title}</title></head>\n<body>\n<h1>${title}</h1>\n${list(facts)}${beside}<hr/>\n</body>\n</html>\n`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'x-amz-error-code': code,
      'x-amz-error-message': message,
      ...retryHeaders(error),
    },
    body,
  }
}

type Facts = readonly (readonly [name: string, text: string])[]

function factsOf(error: unknown): Facts {
  const { code, message } = s3ErrorOf(error)
  const { key, bucket } = error instanceof Fault ? error.detail : {}
  return [
    ['Code', code],
    ['Message', message],
    ...(typeof key === 'string' ? ([['Key', key]] as const) : []),
    ...(typeof bucket === 'string' ? ([['BucketName', bucket]] as const) : []),
  ]
}

function list(facts: Facts): string {
  const items = facts.map(([name, text]) => `<li>${name}: ${escapeXml(text)}</li>\n`)
  return `<ul>\n${items.join('')}</ul>\n`
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  412: 'Precondition Failed',
  416: 'Requested Range Not Satisfiable',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

function titleOf(status: number): string {
  const reason = reasons[status]
  return reason === undefined ? String(status) : `${status} ${reason}`
}
