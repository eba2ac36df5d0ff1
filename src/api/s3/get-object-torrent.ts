import type { ObjectCall } from '#api/s3/call'
import { objectFault } from '#object/faults'

/** No object has a torrent: what S3 says of one that has none. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html */
export async function getObjectTorrent({ bucket, key }: ObjectCall): Promise<never> {
  throw objectFault('object/no-such-key', { bucket, key })
}
