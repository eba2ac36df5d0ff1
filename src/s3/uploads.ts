/** Multipart uploads. https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { etagOf, plainEtag } from '#s3/etag'
import { endpointFault } from '#s3/faults'
import type { ObjectName } from '#s3/head'
import type { WriteOptions } from '#s3/put'
import { callWithBody, type OnSent } from '#s3/send-body'

export interface Upload extends ObjectName {
  readonly uploadId: string
}

/** A part that the endpoint holds. */
export interface Part {
  readonly number: number
  /** Without quotes. */
  readonly etag: string
  readonly bytes: number
}

/** With its CRC-32 in base64, as completing wants it. */
export interface SentPart extends Part {
  readonly crc32: string
}

interface Signalled {
  readonly signal: AbortSignal
}

/** CRCs of parts combine into that of the whole, so that a download can be checked as one. */
const checksumPlan = { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const

export async function createUpload(
  endpoint: Endpoint,
  { bucket, key }: ObjectName,
  { metadata = {}, signal }: Omit<WriteOptions, 'onSent'>,
): Promise<Upload> {
  const input = { Bucket: bucket, Key: key, Metadata: { ...metadata }, ...checksumPlan }
  const { UploadId } = await call(
    endpoint,
    (client, sending) => client.send(new CreateMultipartUploadCommand(input), sending),
    { detail: { bucket, key }, signal },
  )
  if (UploadId === undefined) throw endpointFault('endpoint/not-s3', { endpoint: endpoint.url })
  return { bucket, key, uploadId: UploadId }
}

/** Uploads of exactly this key that were begun and not ended, newest first. */
export async function openUploads(
  endpoint: Endpoint,
  { bucket, key }: ObjectName,
  { signal }: Signalled,
): Promise<readonly Upload[]> {
  const found: { readonly upload: Upload; readonly at: number }[] = []
  let keyMarker: string | undefined
  let idMarker: string | undefined
  do {
    const input = {
      Bucket: bucket,
      Prefix: key,
      ...(keyMarker === undefined ? {} : { KeyMarker: keyMarker }),
      ...(idMarker === undefined ? {} : { UploadIdMarker: idMarker }),
    }
    const page = await call(
      endpoint,
      (client, sending) => client.send(new ListMultipartUploadsCommand(input), sending),
      { detail: { bucket, key }, signal },
    )
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key !== key || UploadId === undefined) continue
      found.push({ upload: { bucket, key, uploadId: UploadId }, at: Initiated?.getTime() ?? 0 })
    }
    keyMarker = page.IsTruncated === true ? page.NextKeyMarker : undefined
    idMarker = page.NextUploadIdMarker
  } while (keyMarker === key) // keys come in order: behind ours there is nothing of ours
  return found.sort((one, other) => other.at - one.at).map(({ upload }) => upload)
}

export async function listParts(
  endpoint: Endpoint,
  { bucket, key, uploadId }: Upload,
  { signal }: Signalled,
): Promise<readonly Part[]> {
  const parts: Part[] = []
  let marker: string | undefined
  do {
    const input = {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    }
    const page = await call(
      endpoint,
      (client, sending) => client.send(new ListPartsCommand(input), sending),
      { detail: { bucket, key }, signal },
    )
    for (const { PartNumber = 0, ETag = '', Size = 0 } of page.Parts ?? []) {
      parts.push({ number: PartNumber, etag: plainEtag(ETag), bytes: Size })
    }
    marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined
  } while (marker !== undefined)
  return parts
}

export async function uploadPart(
  endpoint: Endpoint,
  { bucket, key, uploadId }: Upload,
  { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
  { onSent, signal }: Signalled & { readonly onSent: OnSent },
): Promise<SentPart> {
  const target = { Bucket: bucket, Key: key, UploadId: uploadId, PartNumber: number }
  return await callWithBody(
    endpoint,
    bytes,
    async (client, body, sending) => {
      const answer = await client.send(new UploadPartCommand({ ...target, ...body }), sending)
      return {
        number,
        etag: etagOf(endpoint, answer),
        bytes: bytes.length,
        crc32: body.ChecksumCRC32,
      }
    },
    { detail: { bucket, key }, onSent, signal },
  )
}

/** The ETag, without quotes. `parts` in any order. `endpoint/no-such-upload` when somebody else has ended it. */
export async function completeUpload(
  endpoint: Endpoint,
  { bucket, key, uploadId }: Upload,
  parts: readonly SentPart[],
  { signal }: Signalled,
): Promise<string> {
  const Parts = parts
    .toSorted((one, other) => one.number - other.number)
    .map(({ number, etag, crc32 }) => ({
      PartNumber: number,
      ETag: `"${etag}"`,
      ChecksumCRC32: crc32,
    }))
  const input = { Bucket: bucket, Key: key, UploadId: uploadId, MultipartUpload: { Parts } }
  const answer = await call(
    endpoint,
    (client, sending) => client.send(new CompleteMultipartUploadCommand(input), sending),
    { detail: { bucket, key }, signal },
  )
  return etagOf(endpoint, answer)
}

export async function abortUpload(
  endpoint: Endpoint,
  { bucket, key, uploadId }: Upload,
  { signal }: Signalled,
): Promise<void> {
  const input = { Bucket: bucket, Key: key, UploadId: uploadId }
  await call(
    endpoint,
    (client, sending) => client.send(new AbortMultipartUploadCommand(input), sending),
    { detail: { bucket, key }, signal, attempts: 1 },
  )
}
