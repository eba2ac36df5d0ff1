/** S3's limits for whoever writes to it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */

export const partsMax = 10_000
/** All parts but the last. */
export const partBytesMin = 5 * 2 ** 20
export const partBytesMax = 5 * 2 ** 30
/** An object that is put in one piece. */
export const putBytesMax = 5 * 2 ** 30
