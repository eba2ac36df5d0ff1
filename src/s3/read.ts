import { GetObjectCommand } from '@aws-sdk/client-s3'
import { call, mayPass, pause } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { faultOf } from '#s3/errors'
import { endpointFault } from '#s3/faults'
import type { ObjectFacts } from '#s3/head'
import { inputOf, type VersionName } from '#s3/version-facts'

export interface ReadOptions {
  /** Offset of the first byte wanted; at most the object's length. */
  readonly from?: number
  /** Offset behind the last one. */
  readonly until?: number
  readonly signal: AbortSignal
}

/**
 * The object's bytes, of the very version that `facts` describe (`endpoint/changed` otherwise). A connection that breaks is followed by another
 * one from where it broke, as long as each of them brings something.
 */
export async function* readObject(
  endpoint: Endpoint,
  name: VersionName,
  { bytes, etag }: Pick<ObjectFacts, 'bytes' | 'etag'>,
  { from = 0, until = bytes, signal }: ReadOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const detail = { endpoint: endpoint.url, bucket: name.bucket, key: name.key }
  let offset = from
  for (let attempt = 1; offset < until; attempt += 1) {
    const body = await openBody(endpoint, name, { etag, offset, until, bytes, signal })
    try {
      for await (const piece of body) {
        signal.throwIfAborted()
        offset += piece.length
        attempt = 1
        yield piece
      }
      if (offset > until) throw endpointFault('endpoint/damaged', { ...detail, reason: 'too long' })
      if (offset === until) return
      throw endpointFault('endpoint/unreachable', { ...detail, reason: 'it sent too little' })
    } catch (error) {
      signal.throwIfAborted()
      const fault = faultOf(error, detail)
      if (attempt >= endpoint.attempts || !mayPass(fault)) throw fault
      await pause(endpoint, attempt, signal)
    }
  }
}

async function openBody(
  endpoint: Endpoint,
  name: VersionName,
  range: {
    readonly etag: string
    readonly offset: number
    readonly until: number
    readonly bytes: number
    readonly signal: AbortSignal
  },
): Promise<AsyncIterable<Uint8Array>> {
  const { etag, offset, until, bytes, signal } = range
  const isWhole = offset === 0 && until === bytes
  const input = {
    ...inputOf(name),
    IfMatch: `"${etag}"`,
    ...(isWhole ? {} : { Range: `bytes=${offset}-${until - 1}` }),
  }
  const { Body, ContentRange } = await call(
    endpoint,
    (client, sending) => client.send(new GetObjectCommand(input), sending),
    { detail: { bucket: name.bucket, key: name.key }, signal },
  )
  // An endpoint that knows no ranges sends everything again.
  if (!isWhole && !ContentRange?.startsWith(`bytes ${offset}-`)) {
    throw endpointFault('endpoint/refused', {
      endpoint: endpoint.url,
      reason: 'it did not answer a request for a range with that range',
    })
  }
  if (Body === undefined) throw endpointFault('endpoint/not-s3', { endpoint: endpoint.url })
  return Body as AsyncIterable<Uint8Array> // under Node the SDK hands out Node's own stream
}
