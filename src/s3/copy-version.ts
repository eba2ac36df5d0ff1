/**
 * One version of an object, from one endpoint to another, through this process but never held in it. What the source says of its bytes (ETag or
 * checksum) is compared before the last of them is handed over, and the target compares what reaches it: nothing wrong becomes visible.
 */
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3'
import { toHex } from '#bytes/text'
import { openDigest } from '#crypto/digest'
import { copyParts } from '#s3/copy-parts'
import { type CopyOptions, counted, describe, type Route } from '#s3/copy-route'
import type { Endpoint } from '#s3/endpoint'
import { etagOf } from '#s3/etag'
import { endpointFault } from '#s3/faults'
import type { ObjectName } from '#s3/head'
import { partsMax, putBytesMax } from '#s3/limits'
import { readObject } from '#s3/read'
import { callThrough } from '#s3/send-through'
import { partLengths, type VersionFacts, type VersionName } from '#s3/version-facts'

export interface Copied {
  /** `undefined` in a bucket that keeps none. */
  readonly version: string | undefined
  /** What the bytes were compared with: the source's digest of the whole, its ETag over parts, or nothing but their number. */
  readonly proof: 'digest' | 'parts' | 'length'
}

/** Parts of our own choice, for what the source took in one piece and others would not. */
const ownPartBytes = 2 ** 30

/** With headers, metadata and tags; not yet its lock. `endpoint/changed`, `endpoint/damaged`, and whatever either endpoint says. */
export async function copyVersion(
  {
    from,
    source,
    to,
    target,
  }: {
    readonly from: Endpoint
    readonly source: VersionName
    readonly to: Endpoint
    readonly target: ObjectName
  },
  options: CopyOptions,
): Promise<Copied> {
  const { facts, signal } = options
  const lengths = await partLengths(from, source, facts, { signal })
  const read: Route['read'] = (range) => readObject(from, source, facts, range)
  return await sendVersion({ read, source, to, target }, { ...options, lengths })
}

/** The same, of what is read elsewhere. `lengths` of the parts it was uploaded in, if it was. */
export async function sendVersion(
  route: Route,
  { lengths, ...options }: CopyOptions & { readonly lengths: readonly number[] | undefined },
): Promise<Copied> {
  const { facts } = options
  if (lengths !== undefined) {
    const { version } = await copyParts(route, { ...options, lengths, comparing: 'parts' })
    return { version, proof: 'parts' }
  }
  const proof = facts.checksum === undefined ? 'length' : 'digest'
  if (facts.bytes <= putBytesMax) return { version: await putWhole(route, options), proof }
  const own = ownLengths(facts.bytes)
  const { version } = await copyParts(route, { ...options, lengths: own, comparing: 'whole' })
  return { version, proof }
}

function ownLengths(bytes: number): readonly number[] {
  const each = Math.max(ownPartBytes, Math.ceil(bytes / partsMax))
  const count = Math.ceil(bytes / each)
  return Array.from({ length: count }, (_, index) => Math.min(each, bytes - index * each))
}

async function putWhole(
  { read, source, to, target }: Route,
  { facts, onMoved, signal }: CopyOptions,
): Promise<string | undefined> {
  const input = { Bucket: target.bucket, Key: target.key, ...describe(facts), ...proofOf(facts) }
  const open = (): AsyncIterable<Uint8Array> =>
    counted(checked(read({ signal }), source, facts), onMoved)
  const answer = await callThrough(
    to,
    { bytes: facts.bytes, open },
    async (client, body, sending) =>
      await client.send(new PutObjectCommand({ ...input, ...body }), sending),
    { detail: { bucket: target.bucket, key: target.key }, signal },
  )
  etagOf(to, answer)
  return answer.VersionId
}

type Proof = Pick<
  PutObjectCommandInput,
  | 'ChecksumAlgorithm'
  | 'ChecksumCRC32'
  | 'ChecksumCRC32C'
  | 'ChecksumCRC64NVME'
  | 'ChecksumSHA1'
  | 'ChecksumSHA256'
  | 'ChecksumSHA512'
  | 'ChecksumXXHASH64'
  | 'ChecksumXXHASH3'
  | 'ChecksumXXHASH128'
  | 'ContentMD5'
>

/** What the target compares with what reaches it; where the source keeps nothing, a trailer computed on the way. */
function proofOf({ checksum }: VersionFacts): Proof {
  if (checksum === undefined) return { ChecksumAlgorithm: 'CRC32' }
  const text = Buffer.from(checksum.hex, 'hex').toString('base64')
  switch (checksum.algorithm) {
    case 'md5':
      return { ContentMD5: text }
    case 'crc32':
      return { ChecksumCRC32: text }
    case 'crc32c':
      return { ChecksumCRC32C: text }
    case 'crc64nvme':
      return { ChecksumCRC64NVME: text }
    case 'sha1':
      return { ChecksumSHA1: text }
    case 'sha256':
      return { ChecksumSHA256: text }
    case 'sha512':
      return { ChecksumSHA512: text }
    case 'xxhash64':
      return { ChecksumXXHASH64: text }
    case 'xxhash3':
      return { ChecksumXXHASH3: text }
    case 'xxhash128':
      return { ChecksumXXHASH128: text }
  }
}

/** Keeps the last piece back until the whole is known to be right. */
async function* checked(
  source: AsyncIterable<Uint8Array>,
  { bucket, key }: ObjectName,
  { checksum }: Pick<VersionFacts, 'checksum'>,
): AsyncGenerator<Uint8Array> {
  const digest = checksum === undefined ? undefined : openDigest(checksum.algorithm)
  let held: Uint8Array | undefined
  for await (const piece of source) {
    digest?.update(piece)
    if (held !== undefined) yield held
    held = piece
  }
  if (digest !== undefined && toHex(digest.digest()) !== checksum?.hex) {
    const reason = `its ${checksum?.algorithm} is another one than the source names`
    throw endpointFault('endpoint/damaged', { bucket, key, reason })
  }
  if (held !== undefined) yield held
}
