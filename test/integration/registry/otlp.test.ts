/** Traces and metrics arrive at an OTLP receiver, in the form that collectors read. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { until } from '../../until.ts'
import { get, known, post, type RunningRegistry, startRegistry } from './registry-server.ts'

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
}
interface Metric {
  readonly name: string
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly dataPoints: readonly Point[] }
}
interface Point {
  readonly attributes: readonly Attribute[]
  readonly asDouble?: number
  readonly count?: string
  readonly bucketCounts?: readonly string[]
  readonly explicitBounds?: readonly number[]
}

const spans: Span[] = []
const metrics = new Map<string, Metric>()
const headers: (string | undefined)[] = []
let resource: readonly Attribute[] = []
let status = 200
let refused = 0

/** What a collector listens with on port 4318. */
const receiver = createServer(async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const isGood = request.method === 'POST' && request.headers['content-type'] === 'application/json'
  response.writeHead(isGood ? status : 415, { 'content-type': 'application/json' }).end('{}')
  if (status !== 200) refused += 1
  if (!isGood || status !== 200) return
  headers.push(request.headers['x-team'] as string | undefined)
  const document = JSON.parse(Buffer.concat(pieces).toString())
  if (request.url === '/base/v1/traces')
    for (const { resource: of, scopeSpans } of document.resourceSpans) {
      resource = of.attributes
      for (const scope of scopeSpans) spans.push(...scope.spans)
    }
  if (request.url === '/base/v1/metrics')
    for (const { scopeMetrics } of document.resourceMetrics)
      for (const scope of scopeMetrics)
        for (const metric of scope.metrics) metrics.set(metric.name, metric)
})

let registry: RunningRegistry
before(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const { port } = receiver.address() as AddressInfo // it listens on a port
  registry = await startRegistry({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/base/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=links%20and%20more',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    },
  })
})
after(async () => {
  await registry[Symbol.asyncDispose]()
  receiver.close()
})

const textOf = (attributes: readonly Attribute[], key: string): unknown => {
  const found = attributes.find((one) => one.key === key)
  return found === undefined ? undefined : Object.values(found.value)[0]
}

test('a request is a span of the trace that it came with, and the wait for the database one below it', async () => {
  await post(registry, known.manifest)
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  await get(registry, known.hash, {
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  })
  await until(
    async () => spans,
    (all) => all.some((span) => span.traceId === traceId),
  )
  const [request, step, ...rest] = spans.filter((span) => span.traceId === traceId)
  ok(request && step)
  equal(rest.length, 0)
  equal(request.name, 'GET GetMetadata')
  equal(request.kind, 2)
  equal(request.parentSpanId, 'b7ad6b7169203331')
  deepEqual(
    ['http.request.method', 'http.response.status_code', 'http.response.body.size'].map((key) =>
      textOf(request.attributes, key),
    ),
    ['GET', '200', '218'],
  )
  equal(step.name, 'select')
  equal(step.parentSpanId, request.spanId)
  ok(BigInt(request.startTimeUnixNano) <= BigInt(step.startTimeUnixNano))
  ok(BigInt(step.endTimeUnixNano) <= BigInt(request.endTimeUnixNano))
  const made = spans.find(({ name }) => name === 'POST PostMetadata')
  match(made?.traceId ?? '', /^[0-9a-f]{32}$/)
  equal(made?.parentSpanId, undefined)
  equal(textOf(resource, 'service.name'), 'mycelium-registry')
  equal(textOf(resource, 'deployment.environment'), 'test')
  equal(headers[0], 'links and more')
})

test('a sender that does not want its trace recorded is heard; what is no trace is none', async () => {
  const quiet = '1af7651916cd43dd8448eb211c80319c'
  await get(registry, '1'.repeat(32), {
    headers: { traceparent: `00-${quiet}-b7ad6b7169203331-00` },
  })
  await get(registry, '2'.repeat(32), { headers: { traceparent: '00-zz-zz-01' } })
  const before = spans.length
  await until(
    async () => spans.slice(before),
    (all) => all.some(({ name }) => name === 'GET GetMetadata'),
  )
  ok(!spans.some(({ traceId }) => traceId === quiet))
})

test('the metrics are those of /metrics', async () => {
  await until(
    async () => metrics.get('mycelium_requests_total'),
    (metric) => (metric?.sum?.dataPoints.length ?? 0) > 0,
  )
  const { sum } = metrics.get('mycelium_requests_total') ?? {}
  equal(sum?.isMonotonic, true)
  const ofUploads = sum?.dataPoints.find(
    ({ attributes }) => textOf(attributes, 'operation') === 'PostMetadata',
  )
  equal(ofUploads?.asDouble, 1)
  const [times] = metrics.get('mycelium_request_duration_seconds')?.histogram?.dataPoints ?? []
  const counts = (times?.bucketCounts ?? []).map(Number)
  equal(counts.length, (times?.explicitBounds?.length ?? 0) + 1)
  equal(
    counts.reduce((one, other) => one + other, 0),
    Number(times?.count),
    'each bucket counts its own',
  )
  ok(metrics.has('process_resident_memory_bytes'))
})

test('while the collector is away requests are answered, and what it missed comes later', async () => {
  status = 503
  const traceId = '2af7651916cd43dd8448eb211c80319c'
  const answer = await get(registry, known.hash, {
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  })
  equal(answer.status, 200)
  await until(
    async () => refused,
    (times) => times > 0,
  )
  await until(
    async () => registry.output(),
    (output) => /it answered 503.*collector does not take/.test(output),
  )
  status = 200
  await until(
    async () => spans,
    (all) => all.some((span) => span.traceId === traceId),
  )
})

test('the last ones come when it stops', async () => {
  const traceId = '3af7651916cd43dd8448eb211c80319c'
  await get(registry, known.hash, {
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  })
  equal(await registry.stop(), 0)
  ok(spans.some((span) => span.traceId === traceId))
})
