/** One operation of the registry: what is asked, what may be answered, and how it is done. */

import type { BodyMemory } from '#api/content/body-memory'
import type { CrossOrigins } from '#api/cross-origin'
import type { RateLimits } from '#api/rate-limits'
import type { Registry } from '#content/registry'
import type { RegistryRight, RegistryTokens } from '#content/registry-tokens'
import type { ShardBackends } from '#content/shard-backends'
import type { HttpRequest, HttpResponse } from '#http/message'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export const contentBase = '/api/v1'

export interface ContentDoorOptions {
  readonly registry: Pick<Registry, 'put' | 'get' | 'bytesOf' | 'remove'>
  readonly shards: Pick<ShardBackends, 'find' | 'get'>
  /** Who may upload and delete. `undefined`: everybody may upload, nobody delete. */
  readonly tokens: () => RegistryTokens | undefined
  /** Of a request, its framing included. */
  readonly bodyBytesMax: number
  readonly memory: BodyMemory
  readonly crossOrigins: CrossOrigins
  readonly rates: RateLimits
  /** Whether what comes from there says truly for whom (`X-Forwarded-For`). */
  readonly isProxy: (address: string) => boolean
  readonly version: string
  readonly world: World
  readonly telemetry: Telemetry
}

export interface ContentCall {
  readonly door: ContentDoorOptions
  readonly request: HttpRequest
  /** What stands where the path has `{name}`, decoded. */
  readonly names: Readonly<Record<string, string>>
  /** Waits for somebody else, which is told of the request afterwards. */
  readonly wait: <T>(name: string, work: () => Promise<T>) => Promise<T>
}

export interface ContentRoute {
  /** A `GET` answers `HEAD` too. */
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `contentBase`; `{name}` stands for one segment. */
  readonly path: string
  /** For logs and metrics. */
  readonly operation: string
  readonly summary: string
  /** What a token must allow. Where there are no tokens everybody may upload, and there is nothing to delete with. */
  readonly right?: RegistryRight
  /** What it answers, by status; `default` of 200 without content otherwise. */
  readonly answers: Readonly<Record<number, string>>
  readonly takes?: 'form'
  readonly gives?: 'bytes' | 'json'
  run(call: ContentCall): Promise<HttpResponse>
}
