/** A version as a multipart upload elsewhere, part by part as it was uploaded, so that it keeps its ETag; one that broke off is gone on with. */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { toHex } from '#bytes/text'
import { type Digest, digestOf, openDigest } from '#crypto/digest'
import { isFault } from '#fault/fault'
import { call } from '#s3/call'
import { type CopyOptions, counted, describe, type MovedPart, type Route } from '#s3/copy-route'
import { etagOf } from '#s3/etag'
import { endpointFault } from '#s3/faults'
import { callThrough } from '#s3/send-through'
import { listParts, type Upload } from '#s3/uploads'
import { inLanes } from '#stream/lanes'

export interface PartsOptions extends CopyOptions {
  readonly lengths: readonly number[]
  /** `parts`: the ETag says what each part's MD5 has to give. `whole`: a digest over all, in order, by one reader. */
  readonly comparing: 'parts' | 'whole'
}

/** Parts of one object at a time. */
const partLanes = 4

interface Piece {
  readonly number: number
  readonly offset: number
  readonly bytes: number
}

export async function copyParts(
  route: Route,
  options: PartsOptions,
): Promise<{ readonly version: string | undefined }> {
  const { lengths, comparing, memory, facts, signal, onMoved } = options
  const { to, target, source } = route
  const earlier = comparing === 'parts' ? await findEarlier(route, options) : undefined
  const upload = earlier?.upload ?? (await begin(route, options))
  const moved = new Map(earlier?.parts.map((part) => [part.number, part]))
  const whole =
    comparing === 'whole' && facts.checksum ? openDigest(facts.checksum.algorithm) : undefined
  await inLanes(piecesOf(lengths), comparing === 'parts' ? partLanes : 1, async (piece) => {
    if (moved.has(piece.number)) return onMoved(piece.bytes)
    const part = await movePart(route, upload, { ...options, piece, whole })
    await memory.moved(part)
    moved.set(part.number, part)
  })
  const parts = [...moved.values()].sort((one, other) => one.number - other.number)
  const isRight =
    comparing === 'parts' ? etagOver(parts) === facts.etag : isExpected(whole, options)
  if (!isRight) {
    const reason = 'its parts do not give the ETag or checksum the source names'
    throw endpointFault('endpoint/damaged', { bucket: source.bucket, key: source.key, reason })
  }
  const Parts = parts.map(({ number, etag, checksum }) => {
    const isAsked = checksum !== undefined && facts.checksumPlan !== undefined
    const kept = isAsked ? { [checksumNames[algorithmOf(options)]]: checksum } : {}
    return { PartNumber: number, ETag: `"${etag}"`, ...kept }
  })
  const input = { ...uploadInput(upload), MultipartUpload: { Parts } }
  const answer = await call(
    to,
    (client, sending) => client.send(new CompleteMultipartUploadCommand(input), sending),
    { detail: { bucket: target.bucket, key: target.key }, signal },
  )
  etagOf(to, answer)
  return { version: answer.VersionId }
}

function* piecesOf(lengths: readonly number[]): Generator<Piece> {
  let offset = 0
  for (const [index, bytes] of lengths.entries()) {
    yield { number: index + 1, offset, bytes }
    offset += bytes
  }
}

/** Of an earlier run, as far as the target still has it. */
async function findEarlier(
  { to, target }: Route,
  { memory: { begun }, signal }: PartsOptions,
): Promise<{ readonly upload: Upload; readonly parts: readonly MovedPart[] } | undefined> {
  if (begun === undefined) return undefined
  const upload = { ...target, uploadId: begun.uploadId }
  try {
    const there = new Map(
      (await listParts(to, upload, { signal })).map(({ number, etag }) => [number, etag]),
    )
    return { upload, parts: begun.parts.filter(({ number, etag }) => there.get(number) === etag) }
  } catch (error) {
    if (isFault(error, 'endpoint/no-such-upload')) return undefined
    throw error
  }
}

async function begin(
  { to, target: { bucket, key } }: Route,
  { facts, memory, signal }: PartsOptions,
): Promise<Upload> {
  const input = { Bucket: bucket, Key: key, ...describe(facts), ...facts.checksumPlan }
  const { UploadId } = await call(
    to,
    (client, sending) => client.send(new CreateMultipartUploadCommand(input), sending),
    { detail: { bucket, key }, signal },
  )
  if (UploadId === undefined) throw endpointFault('endpoint/not-s3', { endpoint: to.url })
  await memory.begin(UploadId)
  return { bucket, key, uploadId: UploadId }
}

/** Of each part on its way: what the whole has, or else what every endpoint knows. */
function algorithmOf({ facts }: Pick<PartsOptions, 'facts'>): keyof typeof checksumNames {
  return (facts.checksumPlan?.ChecksumAlgorithm ?? 'CRC32') as keyof typeof checksumNames // `checksumPlanOf` knows no other
}

const checksumNames = {
  CRC32: 'ChecksumCRC32',
  CRC32C: 'ChecksumCRC32C',
  CRC64NVME: 'ChecksumCRC64NVME',
  SHA1: 'ChecksumSHA1',
  SHA256: 'ChecksumSHA256',
} as const

async function movePart(
  { read, to, target }: Route,
  upload: Upload,
  options: PartsOptions & { readonly piece: Piece; readonly whole: Digest | undefined },
): Promise<MovedPart> {
  const { piece, whole, onMoved, signal } = options
  const { number, offset, bytes } = piece
  const range = { from: offset, until: offset + bytes, signal }
  let digest = openDigest('md5')
  const open = async function* (): AsyncGenerator<Uint8Array> {
    digest = openDigest('md5')
    for await (const part of counted(read(range), onMoved)) {
      digest.update(part)
      whole?.update(part)
      yield part
    }
  }
  const ChecksumAlgorithm = algorithmOf(options)
  const input = { ...uploadInput(upload), PartNumber: number, ChecksumAlgorithm }
  const answer = await callThrough(
    to,
    { bytes, open },
    (client, body, sending) => client.send(new UploadPartCommand({ ...input, ...body }), sending),
    {
      detail: { bucket: target.bucket, key: target.key },
      signal,
      ...(whole === undefined ? {} : { attempts: 1 }), // a digest over all cannot go back
    },
  )
  return {
    number,
    etag: etagOf(to, answer),
    md5: toHex(digest.digest()),
    checksum: answer[checksumNames[ChecksumAlgorithm]],
  }
}

function uploadInput({ bucket, key, uploadId }: Upload) {
  return { Bucket: bucket, Key: key, UploadId: uploadId }
}

/** MD5 of the parts' MD5s, and their number. */
function etagOver(parts: readonly MovedPart[]): string {
  const digests = Buffer.concat(parts.map(({ md5 }) => Buffer.from(md5, 'hex')))
  return `${toHex(digestOf(digests, 'md5'))}-${parts.length}`
}

function isExpected(whole: Digest | undefined, { facts }: PartsOptions): boolean {
  return whole === undefined || toHex(whole.digest()) === facts.checksum?.hex
}
