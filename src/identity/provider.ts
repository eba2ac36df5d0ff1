/** Providers of identities: where they are. No I/O here. */
import { accountFault } from '#identity/faults'

/** Of a provider, and its name: the URL without its scheme, as in its ARN. `identity/malformed-provider` */
export function parseProviderUrl(text: string): { readonly url: string; readonly name: string } {
  const [, name] = /^https?:\/\/([\w.-]+(?::\d{1,5})?(?:\/[\w.~-]+)*)\/?$/.exec(text) ?? []
  if (name === undefined || text.length > 255)
    throw accountFault('identity/malformed-provider', {
      reason: 'its URL is http or https, a host and a path, and nothing else',
    })
  return { url: text, name }
}
