import type { HttpRequest } from '#http/message'

/** Whether a request to the service itself is one of these. */
export function isIamRequest({
  method,
  headers,
}: Pick<HttpRequest, 'method' | 'headers'>): boolean {
  const type = headers['content-type'] ?? ''
  return method === 'POST' && /^application\/x-www-form-urlencoded\b/i.test(type)
}
