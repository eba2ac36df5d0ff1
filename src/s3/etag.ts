import type { Endpoint } from '#s3/endpoint'
import { endpointFault } from '#s3/faults'

/** Without quotes. Every S3 endpoint answers with one; what does not is something else (a web page, say), and has stored nothing. */
export function etagOf(
  { url }: Pick<Endpoint, 'url'>,
  { ETag }: { readonly ETag?: string | undefined },
): string {
  if (ETag === undefined) throw endpointFault('endpoint/not-s3', { endpoint: url })
  return plainEtag(ETag)
}

export function plainEtag(quoted: string): string {
  return quoted.replaceAll('"', '')
}
