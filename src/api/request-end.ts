import { failureFields } from '#api/faults'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { RequestEnded } from '#telemetry/telemetry'

type Common = 'requestId' | 'method' | 'status' | 'bytesIn' | 'bytesOut' | 'ms'

/** What every door tells of a request when its answer has gone out; `failure` is what the answer was made of, if it was a refusal. */
export function requestEnd(
  request: HttpRequest,
  {
    response,
    bytesOut,
    ms,
    failure,
  }: {
    readonly response: HttpResponse
    readonly bytesOut: number
    readonly ms: number
    readonly failure?: unknown
  },
): Pick<RequestEnded, Common | 'faultCode' | 'error'> {
  return {
    requestId: request.id,
    method: request.method,
    status: response.status,
    bytesIn: request.body.received,
    bytesOut,
    ms,
    ...failureFields(failure, response.status),
  }
}
