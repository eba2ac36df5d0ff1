import { declareFaults, Fault, type FaultKind, isFault } from '#fault/fault'
import type { RequestEnded } from '#telemetry/telemetry'

/** What every door may answer. */
export const rateFault = declareFaults({
  'api/slow-down': 'unavailable',
})
export type RateFaultCode = Parameters<typeof rateFault>[0]

/** What a fault is in HTTP (RFC 9110 section 15), where a door has no other word for it. */
export const statusOfKind: Readonly<Record<FaultKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  denied: 403,
  'not-found': 404,
  conflict: 409,
  precondition: 412,
  'too-large': 413,
  exhausted: 507,
  unavailable: 503,
  timeout: 504,
  corrupt: 500,
  unsupported: 501,
}

/** When to come back, for who asked too often (RFC 9110 section 10.2.3). */
export function retryHeaders(error: unknown): { readonly 'retry-after'?: string } {
  return isFault(error, 'api/slow-down')
    ? { 'retry-after': String(error.detail['retryAfterS']) }
    : {}
}

/** What the log says of a request that failed: the error itself only where nobody expected it. */
export function failureFields(
  error: unknown,
  status: number,
): Pick<RequestEnded, 'faultCode' | 'error'> {
  if (error === undefined) return {}
  return {
    ...(error instanceof Fault ? { faultCode: error.code } : {}),
    ...(status === 500 ? { error } : {}),
  }
}
