/** S3's limits. https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */

/** Largest body of one PUT or part, and largest source of one CopyObject: 5 GiB. */
export const putBytesMax = 5 * 1024 ** 3

/** User metadata, names and values together. */
export const metadataBytesMax = 2 * 1024

/** `x-amz-server-side-encryption-context`, in base64: the key service takes 8 KiB. */
export const encryptionContextBytesMax = 11 * 1024

/** `x-amz-website-redirect-location` */
export const redirectBytesMax = 2 * 1024

/** Of one user, but not of root, who may have any number. Ceph's default. */
export const bucketsMax = 1_000

export const deleteKeysMax = 1_000
export const listKeysMax = 1_000
export const partsMax = 10_000

/** XML bodies. 10,000 parts with ETags and SHA-256 checksums are about 2 MB. */
export const xmlBytesMax = 4 * 1024 ** 2
/** Elements in an XML body: 10,000 parts with number, ETag and all five checksums are 80,000. */
export const xmlElementsMax = 100_000
export const xmlDepthMax = 16
