/** Log lines for machines: one JSON object per line, on stderr. People read the banner and `/health`. */
import { type Logger, pino, stdTimeFunctions } from 'pino'
import { LineWriter } from '#telemetry/line-writer'
import type { LogLevel } from '#telemetry/log-level'
import type { RepairSum } from '#telemetry/repair-tally'
import type { RequestEnded, Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** No caller passes a secret; should one slip into a field all the same, its value never reaches a line. */
const secretNames = [
  'authorization',
  'cookie',
  'key',
  'masterKey',
  'passphrase',
  'password',
  'secret',
  'secretAccessKey',
  'sessionToken',
  'token',
]

export interface LineSink {
  write(line: string): void
}

export interface Log extends Omit<Telemetry, 'bucketAccessed' | 'shardIo' | 'repaired'> {
  repaired(sum: RepairSum): void
  /** Everything said so far is written, if anybody takes it. Never rejects. */
  close(): Promise<void>
}

/** Ordinary requests are told at `debug`, so that a terminal stays readable; what went wrong is told at `warn` and `error`. */
export function openLog({
  level,
  sink,
  render = (line) => line,
  world,
}: {
  readonly level: LogLevel
  /** Instead of stderr. */
  readonly sink?: LineSink | undefined
  /** What stands on stderr for a line of JSON, with its line break. */
  readonly render?: ((line: string) => string) | undefined
  readonly world: World
}): Log {
  const stderr =
    sink === undefined
      ? new LineWriter({
          descriptor: 2,
          world,
          onLoss: (lines) => logger.warn({ lines }, 'lines of the log were lost'),
        })
      : undefined
  const toStderr: LineSink = { write: (line) => stderr?.write(render(line)) }
  const logger: Logger = pino<never>(
    {
      level,
      base: null,
      messageKey: 'message',
      errorKey: 'error',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' },
    },
    sink ?? toStderr,
  )
  return {
    requestEnded: (event) => logRequest(logger, event),
    commandEnded: (event) =>
      logger[event.outcome === 'failed' ? 'error' : 'debug'](event, 'hero redis command'),
    nodeChanged: (event) => logger[event.state === 'up' ? 'info' : 'warn'](event, 'node changed'),
    damageFound: (event) => logger.warn(event, 'damage found'),
    repaired: (event) => logger.info(event, 'repaired'),
    collected: (event) => logger.info(event, 'collected'),
    delivered: (event) =>
      logger[event.outcome === 'given-up' ? 'warn' : 'debug'](event, 'delivery'),
    lifecycleActed: (event) => logger.info(event, 'lifecycle'),
    note: (noted, message, fields = {}) => logger[noted](fields, message),
    close: async () => await stderr?.close(),
  }
}

function logRequest(logger: Logger, event: RequestEnded): void {
  const isSentAway = event.faultCode === 'api/slow-down' // a flood must not be one of lines, too
  const isOffered = event.status !== 501 // what nobody offers has not failed
  if (event.status >= 500 && isOffered && !isSentAway) logger.error(event, 'request failed')
  else logger.debug(event, 'request')
}
