import {
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import type { DigestAlgorithm } from '#crypto/digest'
import { isFault } from '#fault/fault'
import { lookInto } from '#s3/buckets'
import { call } from '#s3/call'
import type { Endpoint } from '#s3/endpoint'
import { statusOf } from '#s3/errors'
import { etagOf } from '#s3/etag'
import { endpointFault } from '#s3/faults'

export interface ObjectName {
  readonly bucket: string
  readonly key: string
}

/** A digest of the whole object that the endpoint keeps. */
export interface KeptChecksum {
  readonly algorithm: DigestAlgorithm
  /** Lowercase hex. */
  readonly hex: string
}

export interface ObjectFacts {
  readonly bytes: number
  /** Without quotes. */
  readonly etag: string
  readonly modifiedAt: Date
  readonly metadata: Readonly<Record<string, string>>
  /** The best there is to compare the whole object with; `undefined` when the endpoint keeps none. */
  readonly checksum: KeptChecksum | undefined
}

/** `endpoint/no-such-key`, `endpoint/no-such-bucket`, `endpoint/denied`, … */
export async function headObject(
  endpoint: Endpoint,
  { bucket, key }: ObjectName,
  { signal }: { readonly signal: AbortSignal },
): Promise<ObjectFacts> {
  const input = { Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' } as const
  try {
    const answer = await askHead(endpoint, { bucket, key }, input, { signal })
    return factsOf(endpoint, answer)
  } catch (error) {
    if (
      isFault(
        error,
        'endpoint/no-such-key',
        'endpoint/denied',
        'endpoint/not-s3',
        'endpoint/refused',
      )
    ) {
      await lookInto(endpoint, bucket, { signal }).catch((better: unknown) => {
        // Whoever may read a key need not be allowed to list: then what HEAD said stands.
        if (!isFault(better, 'endpoint/denied')) throw better
      })
    }
    throw error
  }
}

/** HEAD of one object, version or part. An answer to HEAD has no error document: what is missing is `endpoint/no-such-key`, whatever it is. */
export async function askHead(
  endpoint: Endpoint,
  { bucket, key }: ObjectName,
  input: HeadObjectCommandInput,
  { signal }: { readonly signal: AbortSignal },
): Promise<HeadObjectCommandOutput> {
  const detail = { endpoint: endpoint.url, bucket, key }
  return await call(
    endpoint,
    async (client, sending) => {
      try {
        return await client.send(new HeadObjectCommand(input), sending)
      } catch (error) {
        const status = statusOf(error)
        if (status === 404) throw endpointFault('endpoint/no-such-key', detail)
        if (status !== 400) throw error
        const reason =
          'it will not describe it; an object under a key of its customer is not for others'
        throw endpointFault('endpoint/refused', { ...detail, status, reason }, error)
      }
    },
    { detail: { bucket, key }, signal },
  )
}

export function factsOf(endpoint: Endpoint, answer: HeadObjectCommandOutput): ObjectFacts {
  const { ContentLength = 0, LastModified = new Date(0), Metadata = {} } = answer
  const etag = etagOf(endpoint, answer)
  return {
    bytes: ContentLength,
    etag,
    modifiedAt: LastModified,
    metadata: Metadata,
    checksum: checksumOf(answer) ?? md5Of(answer, etag),
  }
}

function checksumOf(answer: HeadObjectCommandOutput): KeptChecksum | undefined {
  if (answer.ChecksumType === 'COMPOSITE') return undefined // a digest of digests: says nothing without the parts
  const kept = [
    ['sha512', answer.ChecksumSHA512],
    ['sha256', answer.ChecksumSHA256],
    ['crc64nvme', answer.ChecksumCRC64NVME],
    ['crc32c', answer.ChecksumCRC32C],
    ['crc32', answer.ChecksumCRC32],
    ['sha1', answer.ChecksumSHA1],
    ['xxhash128', answer.ChecksumXXHASH128],
    ['xxhash3', answer.ChecksumXXHASH3],
    ['xxhash64', answer.ChecksumXXHASH64],
    ['md5', answer.ChecksumMD5],
  ] as const
  for (const [algorithm, text] of kept) {
    // `…-3` marks a digest of digests for endpoints that do not name the type
    if (text === undefined || text.includes('-')) continue
    return { algorithm, hex: Buffer.from(text, 'base64').toString('hex') }
  }
  return undefined
}

/** An ETag is the MD5 of what was put in one piece, unless the endpoint encrypts under a customer's or a named key. */
function md5Of(
  {
    ServerSideEncryption,
    SSECustomerAlgorithm,
  }: Pick<HeadObjectCommandOutput, 'ServerSideEncryption' | 'SSECustomerAlgorithm'>,
  etag: string,
): KeptChecksum | undefined {
  const isOther = SSECustomerAlgorithm !== undefined || /kms/.test(ServerSideEncryption ?? '')
  return !isOther && /^[0-9a-f]{32}$/.test(etag) ? { algorithm: 'md5', hex: etag } : undefined
}
