/**
 * Traces and metrics for an OpenTelemetry collector, by OTLP over HTTP in its JSON form (https://opentelemetry.io/docs/specs/otlp/): one span
 * for each request, with one below it for each wait, and the metrics that Prometheus could fetch as well. Telling never delays a request: what
 * the collector does not take in time is dropped, the oldest first.
 */

import type { MetricFamily } from '#telemetry/metrics'
import { encodeMetrics } from '#telemetry/otlp-metrics'
import { type Span, type SpanClock, spansOf } from '#telemetry/otlp-spans'
import { attributes } from '#telemetry/otlp-values'
import type { RequestEnded, Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface OtlpOptions {
  /** Without `/v1/traces` and `/v1/metrics`, which are added. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** What tells this process from others. */
  readonly resource: Readonly<Record<string, string>>
  readonly metricsEveryMs: number
  readonly families: () => Promise<readonly MetricFamily[]>
  readonly world: World
  readonly telemetry: Pick<Telemetry, 'note'>
}

export interface Otlp extends AsyncDisposable {
  requestEnded(event: RequestEnded): void
}

/** As OpenTelemetry's own batch processors have them. */
const spansMax = 2048
const spansEveryMs = 5_000
const batchSpans = 512
const sendTimeoutMs = 10_000
/** What a collector says that could take it later. */
const temporary = [408, 429, 502, 503, 504]

/** What waits is sent when it is disposed of, once. */
export function openOtlp(options: OtlpOptions): Otlp {
  return new OtlpExporter(options)
}

class OtlpExporter implements Otlp {
  readonly #options: OtlpOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<unknown>
  readonly #clock: SpanClock
  readonly #startedAt: number
  #spans: Span[] = []
  #dropped = 0
  #trouble = ''

  constructor(options: OtlpOptions) {
    this.#options = options
    const { world, metricsEveryMs } = options
    this.#clock = { now: () => world.now(), randomBytes: (length) => world.randomBytes(length) }
    this.#startedAt = world.now()
    this.#running = Promise.all([
      this.#every(spansEveryMs, () => this.#sendSpans()),
      this.#every(metricsEveryMs, () => this.#sendMetrics()),
    ])
  }

  requestEnded(event: RequestEnded): void {
    this.#spans.push(...spansOf(event, this.#clock))
    const over = this.#spans.length - spansMax
    if (over <= 0) return
    this.#spans.splice(0, over)
    this.#dropped += over
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#running
    await Promise.all([this.#sendSpans(), this.#sendMetrics()])
  }

  async #every(ms: number, send: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#options.world.sleep(ms, { signal }).catch(() => {}) // aborted: the last word is the disposal's
      if (!signal.aborted) await send()
    }
  }

  async #sendSpans(): Promise<void> {
    while (this.#spans.length > 0) {
      const spans = this.#spans.splice(0, batchSpans)
      const outcome = await this.#send('/v1/traces', {
        resourceSpans: [{ ...this.#origin(), scopeSpans: [{ scope, spans }] }],
      })
      if (outcome === 'later') this.#spans = [...spans, ...this.#spans].slice(-spansMax)
      if (outcome !== 'taken') return
    }
    if (this.#dropped > 0)
      this.#options.telemetry.note('warn', 'spans were dropped', { spans: this.#dropped })
    this.#dropped = 0
  }

  async #sendMetrics(): Promise<void> {
    const metrics = encodeMetrics(await this.#options.families(), {
      startedAt: this.#startedAt,
      now: this.#options.world.now(),
    })
    await this.#send('/v1/metrics', {
      resourceMetrics: [{ ...this.#origin(), scopeMetrics: [{ scope, metrics }] }],
    })
  }

  #origin() {
    return { resource: { attributes: attributes(this.#options.resource) } }
  }

  /** Never rejects. A trouble is told once, until it is over. */
  async #send(path: string, document: object): Promise<'taken' | 'refused' | 'later'> {
    const { endpoint, headers, world, telemetry } = this.#options
    const late = new AbortController()
    const stop = world.timer(sendTimeoutMs, () => late.abort())
    let trouble: string
    let outcome: 'refused' | 'later'
    try {
      const response = await fetch(`${endpoint}${path}`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(document),
        signal: late.signal,
      })
      await response.body?.cancel()
      if (response.ok) {
        this.#trouble = ''
        return 'taken'
      }
      trouble = `it answered ${response.status}`
      outcome = temporary.includes(response.status) ? 'later' : 'refused'
    } catch {
      trouble = 'it cannot be reached'
      outcome = 'later'
    } finally {
      stop()
    }
    if (trouble !== this.#trouble)
      telemetry.note('warn', 'the OpenTelemetry collector does not take what it is sent', {
        reason: trouble,
      })
    this.#trouble = trouble
    return outcome
  }
}

const scope = { name: 'mycelium' }
