import {
  CreateBucketCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { isFault } from '#fault/fault'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { statusOf } from '#s3/errors'
import { endpointFault } from '#s3/faults'

/**
 * Asks something that has an error document: answers to HEAD have none, so that a missing bucket looks like a missing key, and a wrong key like a
 * closed door. Throws what is the matter with the bucket or the credentials; returns when nothing is.
 */
export async function lookInto(
  endpoint: Endpoint,
  bucket: string,
  { signal, attempts }: { readonly signal: AbortSignal; readonly attempts?: number },
): Promise<void> {
  const input = { Bucket: bucket, MaxKeys: 1 }
  await call(endpoint, (client, sending) => client.send(new ListObjectsV2Command(input), sending), {
    detail: { bucket },
    signal,
    ...(attempts === undefined ? {} : { attempts }),
  })
}

/** After this the bucket is there, or we may not know. True when it had to be made. */
export async function ensureBucket(
  endpoint: Endpoint,
  bucket: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<boolean> {
  const options = { detail: { bucket }, signal }
  const status = await call(
    endpoint,
    async (client, sending) => {
      try {
        await client.send(new HeadBucketCommand({ Bucket: bucket }), sending)
        return 200
      } catch (error) {
        const refusal = statusOf(error) ?? 0
        if (refusal < 400 || refusal >= 500) throw error
        return refusal
      }
    },
    options,
  )
  if (status === 200) return false
  if (status !== 404) {
    try {
      await lookInto(endpoint, bucket, { signal })
    } catch (error) {
      if (!isFault(error, 'endpoint/denied')) throw error // who may write need not be allowed to look
    }
    return false
  }
  await call(
    endpoint,
    async (client, sending) => {
      const input = { Bucket: bucket, ...placeOf(endpoint) }
      try {
        await client.send(new CreateBucketCommand(input), sending)
      } catch (error) {
        // somebody else made it meanwhile, or an attempt of ours that seemed to fail
        if (!(error instanceof Error && error.name === 'BucketAlreadyOwnedByYou')) throw error
      }
    },
    options,
  )
  return true
}

/** AWS wants to be told what it could see from the endpoint; others may not know the word. */
function placeOf({ isAws, region }: Endpoint): object {
  return isAws && region !== 'us-east-1'
    ? { CreateBucketConfiguration: { LocationConstraint: region } }
    : {}
}

export async function listBuckets(
  endpoint: Endpoint,
  { signal, attempts }: { readonly signal: AbortSignal; readonly attempts?: number },
): Promise<readonly string[]> {
  const { Buckets, Owner } = await call(
    endpoint,
    (client, sending) => client.send(new ListBucketsCommand({}), sending),
    { signal, ...(attempts === undefined ? {} : { attempts }) },
  )
  if (Buckets === undefined && Owner === undefined) {
    throw endpointFault('endpoint/not-s3', { endpoint: endpoint.url })
  }
  return (Buckets ?? []).flatMap(({ Name }) => Name ?? [])
}
