/** Storage classes on the wire: names of profiles. https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html */
import type { Call } from '#api/s3/call'
import type { Traits } from '#object/model'
import { withClass } from '#object/rows'

const header = 'x-amz-storage-class'

/** What a write asks for; whether there is such a class is the domain's to say. */
export function readClassHeader({ headers }: Pick<Call, 'headers'>): Pick<Traits, 'storageClass'> {
  const asked = headers[header]
  return asked === undefined ? {} : withClass({}, asked)
}

/** Nothing of objects that are as their bucket is, as with AWS. */
export function classHeader({ storageClass }: Traits): Record<string, string> {
  return storageClass === undefined ? {} : { [header]: storageClass }
}
