import { type LineSink, openLog } from '#telemetry/log'
import type { LogLevel } from '#telemetry/log-level'
import { type MetricFamily, type Observation, openMetrics } from '#telemetry/metrics'
import { tallyRepairs } from '#telemetry/repair-tally'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface OpenedTelemetry extends Telemetry {
  /** Asked at each scrape for what is true then. One source at a time; a source that throws leaves its numbers as they were. */
  observe(source: () => Observation | Promise<Observation>): void
  /** The Prometheus text format; empty when metrics are off. Never rejects. */
  metricsText(): Promise<string>
  readonly metricsContentType: string
  /** The same numbers for those who do not read text. Never rejects. */
  metricFamilies(): Promise<readonly MetricFamily[]>
  /** Writes out what still waits. Never rejects. */
  close(): Promise<void>
}

export interface TelemetryOptions {
  readonly level: LogLevel
  /** Whether they are counted: all of them, or those that only some programs have. */
  readonly metrics: boolean | 'without-store' | 'of-libraries'
  readonly world: World
  /** Where log lines go instead of stderr. */
  readonly sink?: LineSink
  /** What stands on stderr for a line of JSON, with its line break. */
  readonly render?: (line: string) => string
}

export function openTelemetry({
  level,
  metrics,
  world,
  sink,
  render,
}: TelemetryOptions): OpenedTelemetry {
  const log = openLog({ level, sink, render, world })
  const repairs = tallyRepairs(world, log.repaired)
  const counted = metrics
    ? openMetrics({ ofStore: metrics === true, ofLibraries: metrics !== 'without-store' })
    : undefined
  let source: (() => Observation | Promise<Observation>) | undefined
  const observeNow = async (): Promise<void> => {
    try {
      if (source !== undefined) counted?.set(await source())
    } catch (error) {
      log.note('warn', 'metrics are incomplete', { error })
    }
  }
  return {
    requestEnded(event) {
      log.requestEnded(event)
      counted?.requestEnded(event)
    },
    commandEnded(event) {
      log.commandEnded(event)
      counted?.commandEnded(event)
    },
    bucketAccessed() {}, // whoever keeps these logs listens in front of this
    nodeChanged: log.nodeChanged,
    shardIo: (event) => counted?.shardIo(event),
    damageFound(event) {
      log.damageFound(event)
      counted?.damageFound(event)
    },
    repaired(event) {
      repairs.repaired(event)
      counted?.repaired(event)
    },
    collected(event) {
      log.collected(event)
      counted?.collected(event)
    },
    delivered(event) {
      log.delivered(event)
      counted?.delivered(event)
    },
    lifecycleActed(event) {
      log.lifecycleActed(event)
      counted?.lifecycleActed(event)
    },
    note: log.note,
    observe(asked) {
      source = asked
    },
    async metricsText() {
      if (counted === undefined) return ''
      await observeNow()
      return counted.text()
    },
    async metricFamilies() {
      await observeNow()
      return (await counted?.families()) ?? []
    },
    metricsContentType: counted?.contentType ?? 'text/plain',
    async close() {
      repairs.close()
      await log.close()
    },
  }
}
