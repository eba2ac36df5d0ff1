import { declareFaults, isFault } from '#fault/fault'

/** What every door may answer. */
export const rateFault = declareFaults({
  'api/slow-down': 'unavailable',
})
export type RateFaultCode = Parameters<typeof rateFault>[0]

/** When to come back, for who asked too often (RFC 9110 section 10.2.3). */
export function retryHeaders(error: unknown): { readonly 'retry-after'?: string } {
  return isFault(error, 'api/slow-down')
    ? { 'retry-after': String(error.detail['retryAfterS']) }
    : {}
}
