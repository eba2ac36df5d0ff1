/** Browsers' forms: the fields, which are small by contract, come first and are collected; the file, which comes last, is a stream. */
import { MultipartReader, multipartBoundary } from '#api/multipart'
import { invalidArgument, s3Fault } from '#api/s3/faults'

/** What a form may have in front of its file, names and values together. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export const fieldsBytesMax = 20 * 1024
/** S3 states none: its own fields are about 30, and as many more may be metadata. */
export const fieldsMax = 256

export interface FormField {
  /** As sent. */
  readonly name: string
  readonly value: string
}

/** By name in lower case. */
export type FormFields = ReadonlyMap<string, FormField>

export interface FormFile {
  /** As sent, with its path if it has one; `undefined` when the form states none. */
  readonly filename: string | undefined
  /**
   * To be read once. A piece belongs to the consumer until it pulls the next. Throws `s3/malformed-form` when the body ends before
   * the file does, and what the source throws.
   */
  readonly stream: AsyncIterable<Uint8Array>
}

export interface Form {
  /** Those in front of the file; later ones do not count. */
  readonly fields: FormFields
  /** The part named `file`. */
  readonly file: FormFile | undefined
}

/** The boundary that `Content-Type` names. `s3/precondition-failed` for another type, `s3/malformed-form` */
export function formBoundary(contentType: string | undefined): string {
  const boundary = multipartBoundary(contentType)
  if (boundary === undefined) {
    throw s3Fault('s3/precondition-failed', {
      condition: 'Bucket POST must be of the enclosure-type multipart/form-data',
    })
  }
  if (boundary === '') throw malformed('a boundary has 1 to 70 characters')
  return boundary
}

/**
 * Reads up to the file's first byte; the first pull from `source` happens here. No bytes of a piece are used after the next pull.
 * `s3/malformed-form`, `s3/fields-too-large`; `s3/invalid-argument` for a field that is there twice, because what a policy allows must
 * be what is done.
 */
export async function readForm(
  source: AsyncIterable<Uint8Array>,
  { boundary }: { readonly boundary: string },
): Promise<Form> {
  const reader = new MultipartReader(source, { boundary, complaints: { malformed, tooLarge } })
  const fields = new Map<string, FormField>()
  let restBytes = fieldsBytesMax
  for (;;) {
    const part = await reader.nextPart()
    if (part === undefined) return { fields, file: undefined }
    const { name, filename } = part
    const lowerName = name.toLowerCase()
    if (lowerName === 'file') return { fields, file: { filename, stream: reader.stream() } }
    if (fields.size === fieldsMax) throw s3Fault('s3/fields-too-large', { fieldsMax })
    if (fields.has(lowerName)) {
      throw invalidArgument(name, 'A field is there twice.')
    }
    const nameBytes = Buffer.byteLength(name)
    const value = await reader.readWhole(restBytes - nameBytes)
    restBytes -= nameBytes + value.length
    fields.set(lowerName, { name, value: reader.decode(value) })
  }
}

function tooLarge(): Error {
  return s3Fault('s3/fields-too-large', { bytesMax: fieldsBytesMax })
}

function malformed(reason: string, cause?: unknown): Error {
  return s3Fault(
    's3/malformed-form',
    { reason: `The body of your POST request is not well-formed multipart/form-data: ${reason}` },
    cause,
  )
}
