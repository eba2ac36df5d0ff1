/** How a request has ended, as a list: of what every request tells, the names of its fields would cost more than the values. */
import { packError, unpackError } from '#gateway/error-message'
import type { RequestEnded } from '#telemetry/telemetry'

/** Values in the order of `fields`; `undefined` for what is left out. */
export type EndedMessage = readonly unknown[]

const fields = Object.keys({
  door: true,
  requestId: true,
  operation: true,
  method: true,
  endpoint: true,
  bucket: true,
  principal: true,
  caller: true,
  peer: true,
  object: true,
  subject: true,
  status: true,
  bytesIn: true,
  bytesOut: true,
  ms: true,
  faultCode: true,
  traceparent: true,
  steps: true,
  error: true,
} satisfies Record<keyof RequestEnded, true>) as readonly (keyof RequestEnded)[] // all of them, by the line above

export function packEnded(event: RequestEnded): EndedMessage {
  return fields.map((field) => {
    const value = event[field]
    return field === 'error' && value !== undefined ? packError(value) : value
  })
}

export function unpackEnded(message: EndedMessage): RequestEnded {
  const event: Record<string, unknown> = {}
  for (const [index, field] of fields.entries()) {
    const value = message[index]
    if (value !== undefined) event[field] = field === 'error' ? unpackError(value as never) : value // as `packEnded` has it
  }
  return event as unknown as RequestEnded // likewise
}
