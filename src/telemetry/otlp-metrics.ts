/** Metrics as OTLP spells them (https://opentelemetry.io/docs/specs/otel/metrics/data-model/): sums since the start of the process, gauges, histograms. */
import type { MetricFamily } from '#telemetry/metrics'
import { type Attribute, attributes, unixNano } from '#telemetry/otlp-values'

const cumulative = 2

interface Times {
  readonly startedAt: number
  readonly now: number
}

/** Summaries, which nobody here makes, are left out. */
export function encodeMetrics(
  families: readonly MetricFamily[],
  times: Times,
): readonly Readonly<Record<string, unknown>>[] {
  return families
    .filter(({ kind, values }) => kind !== 'summary' && values.length > 0)
    .map((family) => ({
      name: family.name,
      description: family.help,
      ...dataOf(family, times),
    }))
}

function dataOf(family: MetricFamily, times: Times): Readonly<Record<string, unknown>> {
  if (family.kind === 'histogram') {
    const dataPoints = histogramPoints(family, times)
    return { histogram: { aggregationTemporality: cumulative, dataPoints } }
  }
  const dataPoints = family.values.map(({ value, labels }) => ({
    ...stampOf(labels, times),
    asDouble: value,
  }))
  if (family.kind === 'gauge') return { gauge: { dataPoints } }
  return { sum: { aggregationTemporality: cumulative, isMonotonic: true, dataPoints } }
}

function stampOf(labels: Readonly<Record<string, string | number>>, { startedAt, now }: Times) {
  const texts = Object.entries(labels).map(([name, value]) => [name, String(value)])
  return {
    attributes: attributes(Object.fromEntries(texts)) as readonly Attribute[],
    startTimeUnixNano: unixNano(startedAt),
    timeUnixNano: unixNano(now),
  }
}

interface Point {
  readonly labels: Readonly<Record<string, string | number>>
  /** Prometheus's: each bucket counts those below it, too. */
  readonly buckets: { readonly bound: string; readonly count: number }[]
  sum: number
}

function histogramPoints({ name, values }: MetricFamily, times: Times) {
  const points = new Map<string, Point>()
  for (const { name: part, value, labels } of values) {
    const { le, ...own } = labels
    const key = JSON.stringify(Object.entries(own).sort())
    const point = points.get(key) ?? { labels: own, buckets: [], sum: 0 }
    points.set(key, point)
    if (part === `${name}_sum`) point.sum = value
    else if (part === `${name}_bucket`) point.buckets.push({ bound: String(le), count: value })
  }
  return [...points.values()].map(({ labels, buckets, sum }) => ({
    ...stampOf(labels, times),
    count: String(buckets.at(-1)?.count ?? 0),
    sum,
    bucketCounts: buckets.map(({ count }, index) =>
      String(count - (buckets[index - 1]?.count ?? 0)),
    ),
    explicitBounds: buckets.slice(0, -1).map(({ bound }) => Number(bound)),
  }))
}
