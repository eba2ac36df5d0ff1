import type { BucketCall, Operation } from '#api/s3/call'
import { emptyResponse } from '#api/s3/response'
import type { BucketConfig } from '#object/model'

/** DELETE of a setting of a bucket, whether it was made or not. */
export function removalOf(name: keyof BucketConfig): Operation<BucketCall> {
  return async ({ door, bucket }) => {
    await door.objects.configure(bucket, name, undefined)
    return emptyResponse(204)
  }
}
