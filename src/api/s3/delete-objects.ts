import type { BucketCall } from '#api/s3/call'
import { s3ErrorOf } from '#api/s3/errors'
import { s3Fault } from '#api/s3/faults'
import { deleteKeysMax } from '#api/s3/limits'
import { xmlResponse } from '#api/s3/response'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf } from '#api/s3/xml-writer'
import type { HttpResponse } from '#http/message'
import type { ObjectKey } from '#object/model'
import { parseObjectKey } from '#object/names'

interface Outcome {
  readonly key: string
  readonly error: unknown
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html: up to 1,000 keys, each with its own outcome. */
export async function deleteObjects(call: BucketCall): Promise<HttpResponse> {
  const request = await readXmlBody(call, 'Delete')
  const isQuiet = textOf(request, 'Quiet')?.trim().toLowerCase() === 'true'
  const objects = request.children.filter(({ name }) => name === 'Object')
  if (objects.length === 0 || objects.length > deleteKeysMax) {
    throw s3Fault('s3/malformed-xml', { reason: `1 to ${deleteKeysMax} objects` })
  }
  const outcomes = await deleteAll(call, objects)
  const failed = outcomes.filter(({ error }) => error !== undefined)
  const deleted = isQuiet ? [] : outcomes.filter(({ error }) => error === undefined)
  return xmlResponse('DeleteResult', [
    branches(deleted, ({ key }) => branch('Deleted', leaf('Key', key))),
    branches(failed, ({ key, error }) => {
      const { code, message } = s3ErrorOf(error)
      return branch('Error', leaf('Key', key), leaf('Code', code), leaf('Message', message))
    }),
  ])
}

/** In the order asked. A key that cannot exist fails alone. */
async function deleteAll(
  { door, bucket }: BucketCall,
  objects: readonly XmlElement[],
): Promise<readonly Outcome[]> {
  const asked = objects.map((object) => readKey(object))
  const keys = asked.flatMap(({ key }) => (key === undefined ? [] : [key]))
  const results = (await door.objects.deleteMany(bucket, keys)).values()
  return asked.map(({ text, key, error }) => ({
    key: text,
    error: key === undefined ? error : results.next().value,
  }))
}

function readKey(object: XmlElement): {
  readonly text: string
  readonly key?: ObjectKey
  readonly error?: unknown
} {
  const text = childOf(object, 'Key')?.text
  if (text === undefined) throw s3Fault('s3/malformed-xml', { reason: 'Object without Key' })
  for (const condition of ['ETag', 'LastModifiedTime', 'Size']) {
    if (childOf(object, condition) !== undefined) {
      return { text, error: s3Fault('s3/not-implemented', { reason: `condition ${condition}` }) }
    }
  }
  const version = textOf(object, 'VersionId')
  if (version !== undefined && version !== 'null') {
    return { text, error: s3Fault('s3/invalid-argument', { argument: 'VersionId' }) }
  }
  try {
    return { text, key: parseObjectKey(text) }
  } catch (error) {
    return { text, error }
  }
}
