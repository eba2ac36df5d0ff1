import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { plainEtag } from '#s3/etag'
import { endpointFault } from '#s3/faults'

export interface ListedObject {
  readonly key: string
  readonly bytes: number
  /** Without quotes. */
  readonly etag: string
  readonly modifiedAt: Date
}

/** All keys that begin with `prefix`, in the endpoint's order, page by page. */
export async function* listObjects(
  endpoint: Endpoint,
  bucket: string,
  options: {
    readonly prefix?: string | undefined
    /** Keys per page: fewer when that is all that is wanted. */
    readonly pageKeys?: number | undefined
    readonly signal: AbortSignal
  },
): AsyncGenerator<ListedObject, void, undefined> {
  const { prefix = '', pageKeys, signal } = options
  let token: string | undefined
  do {
    const input = {
      Bucket: bucket,
      ...(prefix === '' ? {} : { Prefix: prefix }),
      ...(pageKeys === undefined ? {} : { MaxKeys: pageKeys }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    }
    const page = await call(
      endpoint,
      (client, sending) => client.send(new ListObjectsV2Command(input), sending),
      { detail: { bucket }, signal },
    )
    // Any other XML, and many a web page, is an empty listing to the SDK.
    if (page.Name === undefined && page.IsTruncated === undefined) {
      throw endpointFault('endpoint/not-s3', { endpoint: endpoint.url })
    }
    for (const { Key, Size = 0, ETag = '', LastModified = new Date(0) } of page.Contents ?? []) {
      if (Key === undefined) continue
      yield { key: Key, bytes: Size, etag: plainEtag(ETag), modifiedAt: LastModified }
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}
