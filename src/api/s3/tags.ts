/** Tags on the wire: in a document, or in one header. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
import type { Call } from '#api/s3/call'
import { invalidArgument, malformedXml, s3Fault } from '#api/s3/faults'
import { readXmlBody } from '#api/s3/xml-body'
import { childOf, textOf, type XmlElement } from '#api/s3/xml-reader'
import { branch, branches, leaf, type Xml } from '#api/s3/xml-writer'
import { percentDecode } from '#http/target'
import type { Tags } from '#object/model'

export const objectTagsMax = 10
export const bucketTagsMax = 50
const keyCharactersMax = 128
const valueCharactersMax = 256

/** The `Tagging` document of the request's body. `s3/invalid-tag`, `s3/malformed-xml` */
export async function readTagging(call: Call, tagsMax: number): Promise<Tags> {
  return parseTagging(await readXmlBody(call, 'Tagging'), tagsMax)
}

/** The same of a document that came another way. `s3/invalid-tag`, `s3/malformed-xml` */
export function parseTagging(document: XmlElement, tagsMax: number): Tags {
  const set = childOf(document, 'TagSet')
  return set === undefined ? [] : parseTags(set, tagsMax)
}

/** Those that are its children. `s3/invalid-tag`, `s3/malformed-xml` */
export function parseTags(set: XmlElement, tagsMax: number): Tags {
  const tags = set.children.map((tag): readonly [string, string] => {
    const key = textOf(tag, 'Key')
    const value = textOf(tag, 'Value')
    if (tag.name !== 'Tag' || key === undefined || value === undefined)
      throw malformedXml(`${set.name} holds Tags with a Key and a Value`)
    return [key, value]
  })
  return checkTags(tags, tagsMax)
}

/** `x-amz-tagging: a=b&c=d`, encoded as a query; by key, for a query has no order. `undefined` when there is none. `s3/invalid-argument`, `s3/invalid-tag` */
export function readTagHeader({ headers }: Pick<Call, 'headers'>): Tags | undefined {
  const text = headers['x-amz-tagging']
  if (text === undefined) return undefined
  const decode = (part: string): string => percentDecode(part.replaceAll('+', ' '))
  const tags = text
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): readonly [string, string] => {
      const equals = pair.indexOf('=')
      if (equals < 0) return [decode(pair), '']
      return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]
    })
  const isOnce = new Set(tags.map(([key]) => key)).size === tags.length
  if (!isOnce || !tags.flat().every(isTagText)) {
    throw invalidArgument(
      'x-amz-tagging',
      'The header x-amz-tagging shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.',
    )
  }
  return checkTags(
    tags.sort(([one], [other]) => (one < other ? -1 : 1)),
    objectTagsMax,
  )
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_S3Tag.html */
function isTagText(text: string): boolean {
  return /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text)
}

function checkTags(tags: Tags, tagsMax: number): Tags {
  if (tags.length > tagsMax) {
    throw s3Fault('s3/invalid-tag', { reason: `There may be ${tagsMax} tags at most` })
  }
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw s3Fault('s3/invalid-tag', {
      reason: 'Cannot provide multiple Tags with the same key',
    })
  }
  for (const [key, value] of tags) {
    if (key === '' || [...key].length > keyCharactersMax || !isTagText(key))
      throw s3Fault('s3/invalid-tag', { reason: 'The TagKey you have provided is invalid' })
    if ([...value].length > valueCharactersMax || !isTagText(value))
      throw s3Fault('s3/invalid-tag', { reason: 'The TagValue you have provided is invalid' })
  }
  return tags
}

export function tagSetElement(tags: Tags): Xml {
  return branch('TagSet', tagElements(tags))
}

export function tagElements(tags: Tags): Xml {
  return branches(tags, ([key, value]) => branch('Tag', leaf('Key', key), leaf('Value', value)))
}
