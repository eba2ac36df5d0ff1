/**
 * S3's additional checksums on the wire: `x-amz-checksum-crc32: base64`, in headers, trailers and XML.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { invalidRequest, s3Fault } from '#api/s3/faults'
import { textOf, type XmlElement } from '#api/s3/xml-reader'
import { leaf, type Xml } from '#api/s3/xml-writer'
import type {
  Checksum,
  ChecksumAlgorithm,
  CompletedPart,
  ObjectInfo,
  ObjectPart,
} from '#object/model'

type Headers = Readonly<Record<string, string | undefined>>

interface Spelling {
  /** In `x-amz-checksum-algorithm` and XML. */
  readonly word: string
  readonly header: string
  readonly element: string
  readonly bytes: number
}

const spellings: Readonly<Record<ChecksumAlgorithm, Spelling>> = {
  crc32: spell('CRC32', 4),
  crc32c: spell('CRC32C', 4),
  crc64nvme: spell('CRC64NVME', 8),
  sha1: spell('SHA1', 20),
  sha256: spell('SHA256', 32),
  sha512: spell('SHA512', 64),
  md5: spell('MD5', 16),
  xxhash64: spell('XXHASH64', 8),
  xxhash3: spell('XXHASH3', 8),
  xxhash128: spell('XXHASH128', 16),
}
export const checksumAlgorithms = Object.keys(spellings) as readonly ChecksumAlgorithm[] // its keys are these

/** Of headers that begin alike these state no value. */
const planning = new Set(['x-amz-checksum-mode', 'x-amz-checksum-algorithm', 'x-amz-checksum-type'])
const byHeader = new Map(checksumAlgorithms.map((name) => [checksumHeader(name), name]))

export interface StatedChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly value: Uint8Array
}

export function checksumWord(algorithm: ChecksumAlgorithm): string {
  return spellings[algorithm].word
}

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return spellings[algorithm].header
}

/** Reads `CRC32` and the like, in any case; `undefined` stays. `s3/invalid-request` for another word. */
export function parseAlgorithm(word: string | undefined): ChecksumAlgorithm | undefined {
  if (word === undefined) return undefined
  const found = checksumAlgorithms.find((name) => spellings[name].word === word.toUpperCase())
  if (found === undefined) {
    throw invalidRequest('Checksum algorithm provided is unsupported.')
  }
  return found
}

/** The one checksum that the headers state of the body, if any. */
export function statedChecksum(headers: Headers): StatedChecksum | undefined {
  const stated = statedText(headers)
  return stated && { ...stated, value: parseChecksum(stated.algorithm, stated.text) }
}

/** The checksum that the headers state of a whole object made of parts: `value`, or `value-N` for a composite one. */
export function statedObjectChecksum(headers: Headers): Checksum | undefined {
  const stated = statedText(headers)
  if (stated === undefined) return undefined
  const { algorithm } = stated
  const [, text = '', parts] = /^(.*?)(?:-(\d{1,5}))?$/.exec(stated.text) ?? []
  const value = parseChecksum(algorithm, text)
  const type = parseChecksumType(headers['x-amz-checksum-type'])
  if (parts !== undefined) return { algorithm, type: 'COMPOSITE', value, parts: Number(parts) }
  return { algorithm, type: type ?? 'FULL_OBJECT', value }
}

/** The algorithm of the checksum that the trailer will state (`x-amz-trailer`). */
export function trailingAlgorithm(headers: Headers): ChecksumAlgorithm | undefined {
  const announced = headers['x-amz-trailer']
  if (announced === undefined) return undefined
  const names = announced
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const algorithm = checksumAlgorithms.find((name) => names.includes(spellings[name].header))
  if (algorithm === undefined || names.length > 1) {
    throw invalidRequest('The value specified in the x-amz-trailer header is not supported')
  }
  return algorithm
}

/** Digest bytes of base64 text; `s3/checksum-malformed` for another length or alphabet. */
export function parseChecksum(algorithm: ChecksumAlgorithm, text: string): Uint8Array {
  const bytes = parseBase64(text)
  if (bytes?.length !== spellings[algorithm].bytes) {
    throw s3Fault('s3/checksum-malformed', { header: spellings[algorithm].header })
  }
  return bytes
}

/** Strict: canonical, padded base64; `undefined` otherwise. */
export function parseBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The headers of an answer that tells the object's checksum. */
export function checksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {}
  return { ...partChecksumHeaders(checksum), 'x-amz-checksum-type': checksum.type }
}

/** Of a part S3 tells the value only. */
export function partChecksumHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {}
  return { [spellings[checksum.algorithm].header]: checksumText(checksum) }
}

/** The same in XML. */
export function checksumElements(checksum: Checksum | undefined): readonly Xml[] {
  if (checksum === undefined) return []
  return [...partChecksumElements(checksum), leaf('ChecksumType', checksum.type)]
}

export function partChecksumElements(checksum: Checksum | undefined): readonly Xml[] {
  if (checksum === undefined) return []
  return [leaf(spellings[checksum.algorithm].element, checksumText(checksum))]
}

/** Of one part of an object that has a checksum, and whose part had one of the same algorithm. */
export function checksumOfPart(
  { checksum }: Pick<ObjectInfo, 'checksum'>,
  part: ObjectPart,
): Checksum | undefined {
  if (checksum === undefined || part.checksum === undefined) return undefined
  return { algorithm: checksum.algorithm, type: checksum.type, value: part.checksum }
}

/** The checksum a client repeats of a part when it completes an upload. */
export function partChecksum(part: XmlElement): CompletedPart['checksum'] {
  for (const algorithm of checksumAlgorithms) {
    const text = textOf(part, spellings[algorithm].element)
    if (text !== undefined) return { algorithm, value: parseChecksum(algorithm, text.trim()) }
  }
  return undefined
}

/** `FULL_OBJECT` or `COMPOSITE` in `x-amz-checksum-type`. */
export function parseChecksumType(text: string | undefined): Checksum['type'] | undefined {
  if (text === undefined || text === 'FULL_OBJECT' || text === 'COMPOSITE') return text
  throw invalidRequest('Value for x-amz-checksum-type header is invalid.')
}

function spell(word: string, bytes: number): Spelling {
  const header = `x-amz-checksum-${word.toLowerCase()}`
  return { word, header, element: `Checksum${word}`, bytes }
}

/** Whether it states a checksum, of whatever algorithm. */
export function isValueHeader(name: string): boolean {
  return name.startsWith('x-amz-checksum-') && !planning.has(name)
}

function statedText(
  headers: Headers,
): { readonly algorithm: ChecksumAlgorithm; readonly text: string } | undefined {
  const stated = Object.keys(headers).filter(isValueHeader)
  const unknown = stated.find((name) => !byHeader.has(name))
  if (unknown !== undefined) throw invalidRequest(`The checksum ${unknown} is not supported.`)
  const [header, ...others] = stated
  const algorithm = header && byHeader.get(header)
  if (!algorithm) return undefined
  if (others.length > 0) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  return { algorithm, text: headers[header] ?? '' }
}

function checksumText({ value, parts }: Checksum): string {
  const text = Buffer.from(value).toString('base64')
  return parts === undefined ? text : `${text}-${parts}`
}
