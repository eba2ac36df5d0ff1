/** Bodies of requests that come from elsewhere as they go: nothing is held but what is on its way. */
import { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { type CallOptions, call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'

export interface PassingBody {
  readonly bytes: number
  /** The same bytes each time; called once per attempt. What it throws ends the request, and is thrown. */
  readonly open: () => AsyncIterable<Uint8Array>
}

export async function callThrough<Answer>(
  endpoint: Endpoint,
  { bytes, open }: PassingBody,
  send: (
    client: S3Client,
    body: { readonly Body: Readable | Uint8Array; readonly ContentLength: number },
    options: { readonly abortSignal: AbortSignal },
  ) => Promise<Answer>,
  options: CallOptions,
): Promise<Answer> {
  return await call(
    endpoint,
    async (client, { abortSignal }) => {
      // The SDK pipes the body and does not hear of its errors: the request would wait for ever.
      const broken = new AbortController()
      const failures: unknown[] = []
      const guarded = async function* (): AsyncGenerator<Uint8Array> {
        try {
          yield* open()
        } catch (error) {
          failures.push(error)
          broken.abort()
        }
      }
      const stream = Readable.from(guarded())
      const Body = bytes === 0 ? new Uint8Array(0) : stream
      const signals = { abortSignal: AbortSignal.any([abortSignal, broken.signal]) }
      try {
        return await send(client, { Body, ContentLength: bytes }, signals)
      } catch (error) {
        throw failures.length > 0 ? failures[0] : error
      } finally {
        stream.destroy()
      }
    },
    options,
  )
}
