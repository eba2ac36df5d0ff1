/** Copies into a bucket at another S3 endpoint, in parts as they were uploaded, so that they keep their ETags. Nothing is held but what is on its way. */
import { toHex } from '#bytes/text'
import { deliveryFault } from '#delivery/faults'
import type { Outlet, OutletParts } from '#delivery/outlet'
import { replicaHeader } from '#delivery/replica-header'
import { openSource, type ReplicaWork, replicaOf } from '#delivery/source'
import type { EndpointPlace } from '#delivery/target'
import { Fault, isFault } from '#fault/fault'
import type { Checksum, ObjectInfo, ObjectMetadata, OpenedObject, Traits } from '#object/model'
import { lookInto } from '#s3/buckets'
import type { UploadMemory } from '#s3/copy-route'
import { sendVersion } from '#s3/copy-version'
import { deleteObject } from '#s3/delete'
import { type Endpoint, openEndpoint, textOf } from '#s3/endpoint'
import type { KeptChecksum, ObjectName } from '#s3/head'
import type { ReadOptions } from '#s3/read'
import { abortUpload } from '#s3/uploads'
import type { ChecksumPlan, ContentHeaders, LockHeaders, VersionFacts } from '#s3/version-facts'

export function endpointOutlet(
  { url, region, bucket, accessKeyId, secret }: EndpointPlace & { readonly secret: string },
  { objects, store, world }: Pick<OutletParts, 'objects' | 'store' | 'world'>,
): Outlet {
  const credentials = { accessKeyId, secretAccessKey: secret }
  const headers = { [replicaHeader]: store }
  const endpoint = openEndpoint({ url, region, credentials, headers, world })
  return {
    async deliver(row, { signal }) {
      const work = replicaOf(row)
      const target = { bucket, key: work.key }
      try {
        if (work.replicate === 'marker') await deleteObject(endpoint, target, { signal })
        else await send({ endpoint, target, objects }, work, { signal })
      } catch (error) {
        signal.throwIfAborted()
        throw asDeliveryFault(error)
      }
    },
    async try({ signal }) {
      await lookInto(endpoint, bucket, { signal, attempts: 1 }).catch((error: unknown) => {
        throw asDeliveryFault(error)
      })
    },
    async [Symbol.asyncDispose]() {
      endpoint[Symbol.dispose]()
    },
  }
}

interface Way extends Pick<OutletParts, 'objects'> {
  readonly endpoint: Endpoint
  readonly target: ObjectName
}

async function send(
  { endpoint, target, objects }: Way,
  work: ReplicaWork,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const opened = await openSource(objects, work)
  if (opened === undefined) return
  const { info } = opened
  const { bucket, key } = work
  const route = { read: readerOf(opened), source: { bucket, key }, to: endpoint, target }
  const facts = factsOf(info, work, endpoint.world.now())
  const lengths = info.parts?.map(({ bytes }) => bytes)
  let uploadId: string | undefined
  const memory: UploadMemory = {
    begun: undefined,
    async begin(id) {
      uploadId = id
    },
    async moved() {},
  }
  try {
    await sendVersion(route, { facts, lengths, memory, onMoved: () => {}, signal })
  } catch (error) {
    // It will be begun anew; as far as it goes, nothing of this attempt stays.
    if (uploadId !== undefined) await forget(endpoint, { ...target, uploadId })
    throw error
  } finally {
    opened.release()
  }
}

async function forget(
  endpoint: Endpoint,
  upload: ObjectName & { readonly uploadId: string },
): Promise<void> {
  const { signal } = new AbortController()
  await abortUpload(endpoint, upload, { signal }).catch(() => {})
}

/** A piece is ours only until the next pull, and a request reads ahead: each gets memory of its own (`slice` of a Buffer is none). */
function readerOf({ info, read }: OpenedObject) {
  return async function* ({ from = 0, until = info.bytes, signal }: ReadOptions) {
    const range = until > from ? { first: from, last: until - 1 } : undefined
    for await (const piece of read(range, { signal })) yield new Uint8Array(piece)
  }
}

function factsOf(
  { bytes, etag, modifiedAt, metadata, checksum, parts, traits }: ObjectInfo,
  { storageClass }: ReplicaWork,
  now: number,
): VersionFacts {
  const { tags = [] } = traits
  const isWhole = parts === undefined
  const ofEtag: KeptChecksum | undefined = isWhole ? { algorithm: 'md5', hex: etag } : undefined
  return {
    bytes,
    etag,
    modifiedAt: new Date(modifiedAt),
    metadata: Object.fromEntries(
      Object.entries(metadata.user).map(([name, value]) => [name, textOf(value)]),
    ),
    checksum: keptOf(checksum) ?? ofEtag,
    checksumPlan: planOf(checksum),
    headers: { ...headersOf(metadata), ...lockHeaders(traits, now) },
    storageClass,
    tags: tags.map(([Key, Value]) => ({ Key, Value })),
    lock: { retention: undefined, isHeld: false }, // it goes with the headers: a bucket without locks then takes nothing, not a version more at each attempt
  }
}

/** A retention that has ended is not repeated: no endpoint takes a time that has passed. */
function lockHeaders({ retention, legalHold }: Traits, now: number): LockHeaders {
  const isKept = retention !== undefined && retention.until > now
  return {
    ...(isKept
      ? {
          ObjectLockMode: retention.mode,
          ObjectLockRetainUntilDate: new Date(retention.until),
        }
      : {}),
    ...(legalHold === true ? { ObjectLockLegalHoldStatus: 'ON' } : {}),
  }
}

function keptOf(checksum: Checksum | undefined): KeptChecksum | undefined {
  if (checksum?.type !== 'FULL_OBJECT') return undefined
  return { algorithm: checksum.algorithm, hex: toHex(checksum.value) }
}

/** Those that the SDK computes of parts by itself. */
const algorithms: Partial<Record<Checksum['algorithm'], ChecksumPlan['ChecksumAlgorithm']>> = {
  crc32: 'CRC32',
  crc32c: 'CRC32C',
  crc64nvme: 'CRC64NVME',
  sha1: 'SHA1',
  sha256: 'SHA256',
}

function planOf(checksum: Checksum | undefined): ChecksumPlan | undefined {
  const algorithm = checksum && algorithms[checksum.algorithm]
  return algorithm && { ChecksumAlgorithm: algorithm, ChecksumType: checksum.type }
}

/** Kept as they came, one character for each byte; the SDK wants text. */
function headersOf({ user: _, expires, ...metadata }: ObjectMetadata): ContentHeaders {
  const headers = Object.entries(metadata).map(([name, value]) => [
    name.charAt(0).toUpperCase() + name.slice(1), // e.g. `contentType`: the SDK's word is `ContentType`
    textOf(value),
  ])
  const end = new Date(expires ?? '') // a few write something else there, which no SDK can repeat
  return {
    ...Object.fromEntries(headers),
    ...(Number.isNaN(end.getTime()) ? {} : { Expires: end }),
  }
}

/** What is the matter with the endpoint or the bucket, rather than with one object, keeps everything from going there. */
function asDeliveryFault(error: unknown): unknown {
  if (!(error instanceof Fault) || !error.code.startsWith('endpoint/')) return error
  const isGeneral =
    error.kind === 'unavailable' ||
    isFault(
      error,
      'endpoint/wrong-credentials',
      'endpoint/clock-skewed',
      'endpoint/no-such-bucket',
      'endpoint/not-s3',
      'endpoint/out-of-space',
    )
  const words = error.code.slice('endpoint/'.length).replaceAll('-', ' ')
  const reason = String(error.detail['reason'] ?? words)
  const code = isGeneral ? 'delivery/unreachable' : 'delivery/refused'
  return deliveryFault(code, { reason }, error)
}
