/** What a request says, as its operation expects it. */
import type { z } from 'zod'
import { libraryDoorFault } from '#api/library/faults'
import type { BoundRoute } from '#api/rest-route'
import type { HttpRequest } from '#http/message'
import type { RequestTarget } from '#http/target'
import { gatherShort } from '#stream/gather'

/** Documents are small; the largest lists what somebody has installed. */
const bodyBytesMax = 1024 * 1024

/** What an operation does not know is left out. `library-door/malformed-query` */
export function readQuery({ query }: RequestTarget, { query: schema }: BoundRoute): unknown {
  if (schema === undefined) return {}
  const pairs: Record<string, string> = Object.create(null)
  for (const { name, value } of query) {
    if (name in pairs)
      throw libraryDoorFault('library-door/malformed-query', { reason: `${name}: given twice` })
    pairs[name] = value
  }
  const parsed = schema.safeParse({ ...pairs })
  if (parsed.success) return parsed.data
  throw libraryDoorFault('library-door/malformed-query', { reason: reasonOf(parsed.error) })
}

/** `undefined` where the operation takes no document. `library-door/wrong-type`, `library-door/body-too-large`, `library-door/malformed-body` */
export async function readBody(
  request: HttpRequest,
  { body: schema }: BoundRoute,
): Promise<unknown> {
  if (schema === undefined) return undefined
  const type = request.headers['content-type'] ?? 'application/json'
  if (!/^application\/(\w+\+)?json\s*(;|$)/i.test(type))
    throw libraryDoorFault('library-door/wrong-type', { expected: 'application/json' })
  const isTooLarge = (request.body.bytes ?? 0) > bodyBytesMax
  const { signal } = request
  const body = isTooLarge ? undefined : await gatherShort(request.body, bodyBytesMax, { signal })
  if (body === undefined)
    throw libraryDoorFault('library-door/body-too-large', { bytesMax: bodyBytesMax })
  const parsed = schema.safeParse(parseJson(body))
  if (parsed.success) return parsed.data
  throw libraryDoorFault('library-door/malformed-body', { reason: reasonOf(parsed.error) })
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw libraryDoorFault('library-door/malformed-body', { reason: 'it is no JSON' })
  }
}

/** All mistakes, each with its place. */
function reasonOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))
    .join('; ')
}
