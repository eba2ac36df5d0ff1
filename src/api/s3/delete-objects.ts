import type { BucketCall } from '#api/s3/call'
import { deleteCondition } from '#api/s3/conditions'
import { s3ErrorOf } from '#api/s3/errors'
import { malformedXml, s3Fault } from '#api/s3/faults'
import { deleteKeysMax } from '#api/s3/limits'
import { bypassesGovernance } from '#api/s3/locks'
import { originOf } from '#api/s3/origin'
import { xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, childrenOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { DeleteOptions, Deletion, ObjectKey } from '#object/model'
import { parseObjectKey, parseVersionId } from '#object/names'

type Deletable = DeleteOptions & { readonly key: ObjectKey }

/** One object of the request: what to delete, or why it cannot be. */
interface Asked {
  readonly key: string
  readonly version: string | undefined
  readonly what: Deletable | Error
}

interface Outcome extends Asked {
  readonly outcome: Deletion | Error
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html: up to 1,000 keys, each with its own outcome. */
export async function deleteObjects(call: BucketCall): Promise<HttpResponse> {
  const request = await readXmlBody(call, 'Delete')
  const isQuiet = textOf(request, 'Quiet')?.trim().toLowerCase() === 'true'
  const objects = childrenOf(request, 'Object')
  if (objects.length === 0 || objects.length > deleteKeysMax) {
    throw malformedXml(`1 to ${deleteKeysMax} objects`)
  }
  const origin = originOf(call)
  const asked = objects.map((object) => admitted(call, read(object, origin)))
  const outcomes = await deleteAll(call, asked)
  const isTold = ({ outcome }: Outcome): boolean => outcome instanceof Error || !isQuiet
  return xmlResponse('DeleteResult', [branches(outcomes.filter(isTold), outcomeElement)])
}

/** Each key may be somebody else's to delete. */
function admitted(call: BucketCall, asked: Asked): Asked {
  if (asked.what instanceof Error) return asked
  const { key, version } = asked.what
  const action = version === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
  if (!call.admission.may({ action, key })) return { ...asked, what: s3Fault('s3/access-denied') }
  return { ...asked, what: { ...asked.what, bypassesGovernance: bypassesGovernance(call, key) } }
}

/** In the order asked. What cannot be deleted fails alone. */
async function deleteAll(
  { door, bucket }: BucketCall,
  asked: readonly Asked[],
): Promise<readonly Outcome[]> {
  const deletable = asked.flatMap(({ what }) => (what instanceof Error ? [] : [what]))
  const results = (await door.objects.deleteMany(bucket, deletable)).values()
  return asked.map((one) => {
    const result = one.what instanceof Error ? one.what : results.next().value
    return { ...one, outcome: result ?? new TypeError('the domain has left one out') }
  })
}

function outcomeElement({ key, version, outcome }: Outcome): Xml {
  if (outcome instanceof Error) {
    const { code, message } = s3ErrorOf(outcome)
    return branch(
      'Error',
      leaf('Key', key),
      leaf('VersionId', version),
      leaf('Code', code),
      leaf('Message', message),
    )
  }
  const { isMarker, versionId } = outcome
  return branch(
    'Deleted',
    leaf('Key', key),
    leaf('VersionId', version),
    leaf('DeleteMarker', isMarker ? true : undefined),
    leaf('DeleteMarkerVersionId', isMarker ? versionId : undefined),
  )
}

function read(object: XmlElement, origin: Pick<DeleteOptions, 'origin'>): Asked {
  const key = childOf(object, 'Key')?.text
  if (key === undefined) throw malformedXml('Object without Key')
  const version = textOf(object, 'VersionId')
  try {
    const what = {
      key: parseObjectKey(key),
      ...origin,
      ...(version === undefined ? {} : { version: parseVersionId(version) }),
      ...deleteCondition({
        etag: textOf(object, 'ETag'),
        size: textOf(object, 'Size'),
        modified: textOf(object, 'LastModifiedTime'),
      }),
    }
    return { key, version, what }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { key, version, what: error }
  }
}
