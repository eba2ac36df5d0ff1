/** One typed function per event worth telling an operator. Never throws, never waits, never sees a secret or object bytes. */

/** A wait for somebody else in the course of a request: a database, another server. */
export interface Step {
  readonly name: string
  /** When it began, ms after the request. */
  readonly at: number
  readonly ms: number
}

export interface RequestEnded {
  readonly door: 's3' | 'admin' | 'registry' | 'libraries'
  readonly requestId: string
  /** The wire's operation, e.g. `PutObject`; `Unknown` before routing. */
  readonly operation: string
  readonly method: string
  /** The path with names in the place of what varies: `/api/v1/libraries/{scope}/{name}`. */
  readonly endpoint?: string
  readonly bucket?: string
  /** Access key id, id of a token, or `anonymous`; never a secret. */
  readonly principal?: string
  /** Canonical id of whoever asks, or the ARN of the session; nobody's when nothing is proved. */
  readonly caller?: string
  /** Address of the other end, without port. */
  readonly peer?: string
  /** The key of the object that is addressed. */
  readonly object?: string
  /** What an operation of the admin API names: a user, a key, a bucket. */
  readonly subject?: string
  readonly status: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly ms: number
  readonly faultCode?: string
  /** The trace that whoever asks is part of, as sent (https://www.w3.org/TR/trace-context/). */
  readonly traceparent?: string
  readonly steps?: readonly Step[]
  /** Only for answers of 500: what nobody expected. */
  readonly error?: unknown
}

/** A command at the Hero Redis port. */
export interface CommandEnded {
  /** In lower case; `unknown` for what is none. */
  readonly command: string
  readonly db: number
  /** What the operator calls whoever has logged in, or `anonymous`. */
  readonly principal: string
  /** Address of the other end, without port. */
  readonly peer: string
  /** `failed`: not by the client's doing. */
  readonly outcome: 'done' | 'refused' | 'failed'
  /** Of arguments. */
  readonly bytesIn: number
  /** Of the value that was answered. */
  readonly bytesOut: number
  readonly ms: number
  readonly faultCode?: string
}

/** Where a bucket wants the log of what is done with it: objects of another bucket. */
export interface AccessLogTarget {
  readonly bucket: string
  readonly prefix: string
  /** Keys have the source and a day in their path: that of the requests, or of the delivery. */
  readonly dates?: 'EventTime' | 'DeliveryTime'
  /** What the objects grant besides. JSON whose meaning is the doors'. */
  readonly grants?: unknown
}

export interface BucketAccessed {
  readonly bucket: string
  /** Canonical id of the bucket's owner. */
  readonly owner: string
  /** When the request came, ms since 1970. */
  readonly at: number
  readonly to: AccessLogTarget
  /** One line in S3's format, without its end. */
  readonly line: string
}

export interface Telemetry {
  requestEnded(event: RequestEnded): void
  commandEnded(event: CommandEnded): void
  /** Only of buckets that want it told. */
  bucketAccessed(event: BucketAccessed): void
  nodeChanged(event: {
    readonly node: string
    readonly state: string
    readonly reason?: string
  }): void
  shardIo(event: {
    readonly node: string
    readonly direction: 'in' | 'out'
    readonly bytes: number
  }): void
  /** A stored block or frame did not match its hash, or was missing. */
  damageFound(event: {
    readonly node: string
    /** Its first word is the kind of thing (a metric's label); more may say which one. */
    readonly what: string
    readonly reason: string
  }): void
  repaired(event: { readonly shards: number; readonly bytes: number }): void
  collected(event: {
    readonly chunks: number
    readonly shards: number
    readonly bytes: number
  }): void
  /** One attempt to hand something to a target. */
  delivered(event: {
    readonly target: string
    readonly outcome: 'delivered' | 'failed' | 'given-up'
  }): void
  /** What a pass over a bucket did by its lifecycle rules; `kept` were locked, `failed` could not be moved. */
  lifecycleActed(event: {
    readonly bucket: string
    readonly expired: number
    readonly removed: number
    readonly moved: number
    readonly aborted: number
    readonly kept: number
    readonly failed: number
  }): void
  /** Anything else, with a stable message and plain fields. */
  note(
    level: 'debug' | 'info' | 'warn' | 'error',
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void
}

export const silentTelemetry: Telemetry = {
  requestEnded() {},
  commandEnded() {},
  bucketAccessed() {},
  nodeChanged() {},
  shardIo() {},
  damageFound() {},
  repaired() {},
  collected() {},
  delivered() {},
  lifecycleActed() {},
  note() {},
}
