import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { Endpoint } from '#s3/endpoint'
import { etagOf } from '#s3/etag'
import type { ObjectName } from '#s3/head'
import { callWithBody, type OnSent } from '#s3/send-body'

export interface WriteOptions {
  readonly metadata?: Readonly<Record<string, string>>
  readonly onSent: OnSent
  readonly signal: AbortSignal
}

/** The ETag, without quotes. */
export async function putObject(
  endpoint: Endpoint,
  { bucket, key }: ObjectName,
  bytes: Uint8Array,
  { metadata = {}, onSent, signal }: WriteOptions,
): Promise<string> {
  const answer = await callWithBody(
    endpoint,
    bytes,
    (client, body, sending) =>
      client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Metadata: { ...metadata }, ...body }),
        sending,
      ),
    { detail: { bucket, key }, onSent, signal },
  )
  return etagOf(endpoint, answer)
}
