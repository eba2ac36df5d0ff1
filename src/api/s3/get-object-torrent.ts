import { s3Fault } from '#api/s3/faults'

/**
 * No object has a torrent: what S3 says of one that has none, whether the object is there or not.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html
 */
export async function getObjectTorrent(): Promise<never> {
  throw s3Fault('s3/no-such-torrent')
}
