/**
 * What a link says of shards in a bucket. The format of links has only addresses of servers that speak Redis's protocol, and a login; the text
 * of that login, which readers of others ignore, says here which bucket of which endpoint it is. It is no secret.
 */

export interface S3Place {
  /** Scheme, host and port. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before the hexadecimal digits of the shard's key; may be empty. */
  readonly prefix: string
}

const mark = 's3-bucket?'

export function formatS3Place({ endpoint, region, bucket, prefix }: S3Place): string {
  return `${mark}${new URLSearchParams({ endpoint, region, bucket, prefix })}`
}

/** `undefined` for a login that is one. */
export function parseS3Place(text: string | undefined): S3Place | undefined {
  if (text?.startsWith(mark) !== true) return undefined
  const fields = new URLSearchParams(text.slice(mark.length))
  const bucket = fields.get('bucket') ?? ''
  const url = URL.parse(fields.get('endpoint') ?? '')
  if (url === null || !/^https?:$/.test(url.protocol) || bucket === '') return undefined
  return {
    endpoint: url.origin,
    region: fields.get('region') ?? 'us-east-1',
    bucket,
    prefix: fields.get('prefix') ?? '',
  }
}
