import { parseEtags } from '#api/etags'
import type { Call, NameCall } from '#api/s3/call'
import { parseDate, parsePastDate } from '#api/s3/conditions'
import { readSourceKey } from '#api/s3/encryption'
import { admissionTo, assertOwner } from '#api/s3/enter'
import { s3Fault } from '#api/s3/faults'
import { assertTenant, readTenant } from '#api/s3/tenants'
import { percentDecode } from '#http/target'
import { assertCustomerKey } from '#object/encryption'
import type { ByteRange, CopySource, ObjectInfo } from '#object/model'
import { parseBucketName, parseObjectKey, parseVersionId } from '#object/names'

/** Whose bucket it must be is only the door's to ask. */
type NamedSource = CopySource & Pick<NameCall, 'tenant'>

/** Reads `x-amz-copy-source` (`/bucket/key` or `bucket/key`, percent-encoded, a plus for a space), the conditions on it, and its customer's key. */
export function readCopySource(
  call: Pick<Call, 'headers' | 'request'>,
  { now }: { now(): number },
): NamedSource {
  const { headers } = call
  const [path = '', version] = (headers['x-amz-copy-source'] ?? '').split('?versionId=')
  const decoded = percentDecode(path.replaceAll('+', ' ')).replace(/^\//, '')
  const slash = decoded.indexOf('/')
  if (slash < 1 || slash === decoded.length - 1) {
    throw s3Fault('s3/invalid-argument', { argument: 'x-amz-copy-source' })
  }
  const { bucket, tenant } = readTenant(decoded.slice(0, slash))
  const ifMatch = parseEtags(headers['x-amz-copy-source-if-match'])
  const ifNoneMatch = parseEtags(headers['x-amz-copy-source-if-none-match'])
  const ifModifiedSince = parsePastDate(headers['x-amz-copy-source-if-modified-since'], now())
  const ifUnmodifiedSince = parseDate(headers['x-amz-copy-source-if-unmodified-since'])
  return {
    bucket: parseBucketName(bucket),
    tenant,
    key: parseObjectKey(decoded.slice(slash + 1)),
    ...(version === undefined ? {} : { version: parseVersionId(version) }),
    ...readSourceKey(call),
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
    ...(ifModifiedSince === undefined ? {} : { ifModifiedSince }),
    ...(ifUnmodifiedSince === undefined ? {} : { ifUnmodifiedSince }),
  }
}

/** The source as it is, if the caller may read it. `object/no-such-key`, `s3/access-denied`, and the faults of `assertCustomerKey` */
export async function readSource(
  call: Call,
  { bucket, tenant, key, version, customerKey }: NamedSource,
): Promise<ObjectInfo> {
  const action = version === undefined ? 's3:GetObject' : 's3:GetObjectVersion'
  await assertTenant({ ...call, bucket, tenant })
  const { admission, facts } = await admissionTo(call, bucket, { action, key })
  assertOwner(call, facts, 'x-amz-source-expected-bucket-owner')
  try {
    const info = await call.door.objects.head(bucket, key, version)
    admission.admit(info)
    assertCustomerKey({ encryption: info.encryption, customerKey })
    return info
  } catch (error) {
    throw admission.conceal(error)
  }
}

/** Reads `x-amz-copy-source-range`: unlike `Range` it takes exactly `bytes=first-last`, inside the source. */
export function readCopyRange(header: string | undefined): ByteRange | undefined {
  if (header === undefined) return undefined
  const parts = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header)
  const [first, last] = parts?.slice(1).map(Number) ?? []
  if (first === undefined || last === undefined || last < first) {
    throw s3Fault('s3/invalid-argument', { argument: 'x-amz-copy-source-range' })
  }
  return { first, last }
}
