/** Requests as spans, by OpenTelemetry's names for what is known of one (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). */
import { type Attribute, attributes, unixNano } from '#telemetry/otlp-values'
import type { RequestEnded } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status?: { readonly code: number }
}

/** https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
const serverKind = 2
const clientKind = 3
const errorStatus = 2

export type SpanClock = Pick<World, 'now' | 'randomBytes'>

/** None for a request whose sender does not want its trace recorded. The first one is the request's. */
export function spansOf(event: RequestEnded, { now, randomBytes }: SpanClock): readonly Span[] {
  const parent = parseTraceparent(event.traceparent)
  if (parent?.isSampled === false) return []
  const id = (bytes: number): string => Buffer.from(randomBytes(bytes)).toString('hex')
  const endedAt = now()
  const startedAt = endedAt - event.ms
  const traceId = parent?.traceId ?? id(16)
  const request: Span = {
    traceId,
    spanId: id(8),
    ...(parent === undefined ? {} : { parentSpanId: parent.spanId }),
    name: `${event.method} ${event.operation}`,
    kind: serverKind,
    startTimeUnixNano: unixNano(startedAt),
    endTimeUnixNano: unixNano(endedAt),
    attributes: attributes({
      'http.request.method': event.method,
      'http.response.status_code': event.status,
      'http.request.body.size': event.bytesIn,
      'http.response.body.size': event.bytesOut,
      'client.address': event.peer,
      'enduser.id': event.principal,
      'error.type': event.status >= 500 ? (event.faultCode ?? '500') : event.faultCode,
      'mycelium.door': event.door,
      'mycelium.operation': event.operation,
      'mycelium.request_id': event.requestId,
    }),
    ...(event.status >= 500 ? { status: { code: errorStatus } } : {}),
  }
  const steps = (event.steps ?? []).map(
    ({ name, at, ms }): Span => ({
      traceId,
      spanId: id(8),
      parentSpanId: request.spanId,
      name,
      kind: clientKind,
      startTimeUnixNano: unixNano(startedAt + at),
      endTimeUnixNano: unixNano(startedAt + at + ms),
      attributes: [],
    }),
  )
  return [request, ...steps]
}

interface Parent {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; `undefined` for anything else. */
function parseTraceparent(text: string | undefined): Parent | undefined {
  const [, version, traceId = '', spanId = '', flags = ''] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(text ?? '') ?? []
  if (version === undefined || version === 'ff') return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 }
}
