/** A request's body as the domain takes it: de-framed, with everything the client says of it held to account. */
import type { Call } from '#api/s3/call'
import {
  checksumHeader,
  isValueHeader,
  parseAlgorithm,
  parseBase64,
  parseChecksum,
  type StatedChecksum,
  statedChecksum,
  trailingAlgorithm,
} from '#api/s3/checksums'
import { invalidRequest, s3Fault } from '#api/s3/faults'
import { decodeAwsChunked, type Trailers } from '#identity/aws-chunked'
import { ChunkSignatures } from '#identity/chunk-signatures'
import { identityFault } from '#identity/faults'
import type { Payload } from '#identity/payload'
import { fullObjectChecksum } from '#object/full-checksum'
import type { ChecksumAlgorithm, DigestAlgorithm, Digests, IncomingBody } from '#object/model'

export interface BodyOptions {
  /** `s3/body-too-large` above it: at once when the client states its length, else as soon as it is passed. */
  readonly bytesMax: number
  /** Compute this one also when the client states none, and keep it. */
  readonly keep?: ChecksumAlgorithm
}

/** Checks every header about the body first, so that what cannot succeed is refused before a byte is received. */
export function incomingBody(call: Call, { bytesMax, keep }: BodyOptions): IncomingBody {
  const { headers } = call
  const { payload } = call.proof
  const bytes = decodedBytes(call)
  if (bytes !== undefined) checkSize(bytes, bytesMax)
  const md5 = statedMd5(headers['content-md5'])
  const stated = statedChecksum(headers)
  const trailing =
    payload.kind === 'chunked' && payload.hasTrailer ? trailingAlgorithm(headers) : undefined
  checkPromise(call, stated?.algorithm ?? trailing)
  const kept = stated?.algorithm ?? trailing ?? keep
  let trailers: Trailers = new Map()
  return {
    stream: limited(
      plainStream(call, bytes ?? 0, (found) => {
        trailers = found
      }),
      bytes === undefined ? bytesMax : Number.POSITIVE_INFINITY,
    ),
    ...(bytes === undefined ? {} : { bytes }),
    digests: digestsNeeded(payload, kept),
    isComing: headers['expect'] === undefined,
    verify: (digests) => {
      verifyHash(payload, digests)
      if (md5 !== undefined && !isSame(md5, digests.md5)) throw s3Fault('s3/bad-digest')
      const trailed = statedInTrailer(trailing, trailers)
      verifyChecksum(stated ?? trailed, digests)
      return kept === undefined ? undefined : fullObjectChecksum(kept, digests)
    },
  }
}

/** What the body will be without framing; `undefined` when the client does not say. */
function decodedBytes({ headers, request, proof }: Call): number | undefined {
  const coding = headers['transfer-encoding'] ?? 'chunked'
  // Of `gzip, chunked` we would store what is still packed, as if it were the object.
  if (coding.trim().toLowerCase() !== 'chunked') {
    throw s3Fault('s3/not-implemented', { header: 'Transfer-Encoding' })
  }
  if (proof.payload.kind === 'chunked') {
    const stated = headers['x-amz-decoded-content-length']
    if (stated === undefined) throw s3Fault('s3/missing-content-length')
    if (!/^\d{1,15}$/.test(stated)) {
      throw s3Fault('s3/invalid-argument', { argument: 'x-amz-decoded-content-length' })
    }
    return Number(stated)
  }
  const isStated =
    headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  if (!isStated) throw s3Fault('s3/missing-content-length')
  return request.body.bytes
}

function checkSize(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw s3Fault('s3/body-too-large', { bytes, bytesMax })
}

function statedMd5(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined
  const md5 = parseBase64(text)
  if (md5?.length !== 16) throw s3Fault('s3/invalid-digest')
  return md5
}

/** An SDK that names an algorithm means to send its value, too. */
function checkPromise({ headers }: Call, given: ChecksumAlgorithm | undefined): void {
  const promised = parseAlgorithm(headers['x-amz-sdk-checksum-algorithm'])
  if (promised === undefined || promised === given) return
  throw invalidRequest(
    'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
  )
}

function plainStream(
  { request, proof }: Call,
  bytes: number,
  onTrailers: (trailers: Trailers) => void,
): AsyncIterable<Uint8Array> {
  const { payload } = proof
  if (payload.kind !== 'chunked') return request.body
  const seed = proof.kind === 'signed' ? proof.seed : undefined
  if (payload.isSigned && seed === undefined) throw identityFault('identity/malformed-content-hash')
  return decodeAwsChunked(request.body, {
    decodedBytes: bytes,
    hasTrailer: payload.hasTrailer,
    ...(payload.isSigned && seed !== undefined ? { signatures: new ChunkSignatures(seed) } : {}),
    onTrailers,
  })
}

function limited(stream: AsyncIterable<Uint8Array>, bytesMax: number): AsyncIterable<Uint8Array> {
  return bytesMax === Number.POSITIVE_INFINITY ? stream : counted(stream, bytesMax)
}

async function* counted(
  stream: AsyncIterable<Uint8Array>,
  bytesMax: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0
  for await (const piece of stream) {
    bytes += piece.length
    checkSize(bytes, bytesMax)
    yield piece
  }
}

function digestsNeeded(
  payload: Payload,
  kept: ChecksumAlgorithm | undefined,
): readonly DigestAlgorithm[] {
  const needed = new Set<DigestAlgorithm>()
  if (payload.kind === 'hashed') needed.add('sha256')
  if (kept !== undefined) needed.add(kept)
  return [...needed]
}

function verifyHash(payload: Payload, { sha256 }: Digests): void {
  if (payload.kind !== 'hashed') return
  if (!isSame(Buffer.from(payload.sha256, 'hex'), sha256)) {
    throw s3Fault('s3/content-hash-mismatch')
  }
}

function statedInTrailer(
  algorithm: ChecksumAlgorithm | undefined,
  trailers: Trailers,
): StatedChecksum | undefined {
  const announced = algorithm && checksumHeader(algorithm)
  // Nobody would compare it, and its sender believes that somebody has.
  if ([...trailers.keys()].some((name) => isValueHeader(name) && name !== announced))
    throw identityFault('identity/malformed-trailer')
  if (algorithm === undefined) return undefined
  const text = trailers.get(checksumHeader(algorithm))
  if (text === undefined) throw s3Fault('s3/missing-trailer')
  return { algorithm, value: parseChecksum(algorithm, text) }
}

function verifyChecksum(stated: StatedChecksum | undefined, digests: Digests): void {
  if (stated === undefined || isSame(stated.value, digests[stated.algorithm])) return
  throw s3Fault('s3/bad-digest', { header: checksumHeader(stated.algorithm) })
}

function isSame(stated: Uint8Array, computed: Uint8Array | undefined): boolean {
  return computed !== undefined && Buffer.compare(stated, computed) === 0
}
