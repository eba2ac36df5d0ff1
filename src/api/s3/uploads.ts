/** What the multipart operations have in common. */
import type { ObjectCall } from '#api/s3/call'
import { invalidArgument } from '#api/s3/faults'
import { partsMax } from '#api/s3/limits'
import { objectFault } from '#object/faults'
import type { BucketName, ObjectKey, UploadId } from '#object/model'

export interface UploadName {
  readonly bucket: BucketName
  readonly key: ObjectKey
  readonly uploadId: UploadId
}

/** The upload a request names. Whether it exists is the domain's to say; a text that cannot be an id names none. */
export function uploadOf({ bucket, key, query }: ObjectCall): UploadName {
  const uploadId = query.get('uploadId') ?? ''
  if (!/^[\w.-]{1,256}$/.test(uploadId)) throw objectFault('object/no-such-upload')
  return { bucket, key, uploadId: uploadId as UploadId } // the domain looks it up
}

export function partNumberOf({ query }: Pick<ObjectCall, 'query'>): number {
  const text = query.get('partNumber') ?? ''
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= partsMax) return number
  throw invalidArgument(
    'partNumber',
    `Part number must be an integer between 1 and ${partsMax}, inclusive`,
  )
}
