/** One request to an endpoint: its errors become faults, and what may pass is tried again. */
import type { S3Client } from '@aws-sdk/client-s3'
import { Fault, type FaultDetail } from '#fault/fault'
import type { Endpoint } from '#s3/endpoint'
import { faultOf } from '#s3/errors'

/** Half to all of 200, 400, 800, 1,600 ms and so on, then people are told. */
const firstPauseMs = 200

export interface CallOptions {
  readonly detail?: FaultDetail
  readonly signal: AbortSignal
  /** The endpoint's when left out. */
  readonly attempts?: number
}

export type Send<Answer> = (
  client: S3Client,
  options: { readonly abortSignal: AbortSignal },
) => Promise<Answer>

/** Faults of the room, or the signal's reason. `send` is called once per attempt and must be repeatable. */
export async function call<Answer>(
  endpoint: Endpoint,
  send: Send<Answer>,
  { detail = {}, signal, attempts = endpoint.attempts }: CallOptions,
): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted()
    try {
      return await send(endpoint.client, { abortSignal: signal })
    } catch (error) {
      signal.throwIfAborted()
      const fault = faultOf(error, { endpoint: endpoint.url, ...detail })
      if (attempt >= attempts || !mayPass(fault)) throw fault
      await pause(endpoint, attempt, signal)
    }
  }
}

/** Worth another attempt. */
export function mayPass(fault: unknown): boolean {
  return fault instanceof Fault && fault.kind === 'unavailable'
}

/** Before attempt `attempt + 1`. */
export async function pause(
  { world }: Endpoint,
  attempt: number,
  signal: AbortSignal,
): Promise<void> {
  await world.sleep(firstPauseMs * 2 ** (attempt - 1) * (0.5 + world.random() / 2), { signal })
}
