/** What the benchmark asks of the load client, and what it hears back. */
import type { Framing } from './body.ts'
import type { Credentials } from './sign.ts'

export interface Target {
  readonly port: number
  readonly bucket: string
  /** Absent for the bare server, which does not look; the client signs all the same, with a made-up key. */
  readonly credentials?: Credentials
}

export type Job = {
  readonly target: Target
} & (
  | { readonly kind: 'create-bucket' }
  /** Writes `objects` objects named 0, 1, 2, … of the same bytes. `verify`: each answer's ETag must be their MD5. */
  | {
      readonly kind: 'put'
      readonly objects: number
      readonly bytes: number
      readonly connections: number
      readonly framing: Framing
      readonly verify: boolean
    }
  /** Reads objects 0 to `objects − 1`, counts their bytes, and with `verify` hashes what it got. */
  | {
      readonly kind: 'get'
      readonly objects: number
      readonly bytes: number
      readonly connections: number
      readonly verify: boolean
    }
  /** Small objects named `first`, `first + 1`, …, each of bytes of its own; `verify` as above. */
  | {
      readonly kind: 'put-small'
      readonly first: number
      readonly objects: number
      readonly bytes: number
      readonly connections: number
      readonly verify: boolean
    }
  /** Small objects at random, `requests` of them out of those named 0 to `objects − 1`. `verify`: the ETag must be of what was put. */
  | {
      readonly kind: 'get-small'
      readonly objects: number
      readonly requests: number
      readonly bytes: number
      readonly connections: number
      readonly verify: boolean
    }
  /** `requests` GETs of these paths in turn, unsigned; each answer has so many bytes. */
  | {
      readonly kind: 'get-paths'
      readonly paths: readonly string[]
      readonly requests: number
      readonly bytes: number
      readonly connections: number
    }
)

/** Requests that are timed one by one. */
export type TimedJob = {
  readonly target: Target
  readonly requests: number
} & (
  | {
      readonly kind: 'time-puts' | 'time-gets'
      /** Named 0 to `objects − 1`, taken in turn. */
      readonly objects: number
      readonly bytes: number
      readonly connections: number
    }
  /** Pages of 1,000 keys, one after the other, each from somewhere else in the bucket: keys as `keyOf` makes them. */
  | { readonly kind: 'time-lists'; readonly objects: number }
  /** GETs of these paths in turn, with a bearer token; answers may have any size. */
  | {
      readonly kind: 'time-paths'
      readonly paths: readonly string[]
      readonly connections: number
      readonly token: string
    }
)

/** Of the n-th object in a bucket that was filled for listing. */
export function keyOf(index: number): string {
  return `folder-${Math.floor(index / 1_000)}/object-${String(index).padStart(9, '0')}`
}

export type Answer =
  | { readonly state: 'timed'; readonly ms: readonly number[] }
  | { readonly state: 'done'; readonly seconds: number }
  | { readonly state: 'failed'; readonly message: string }
