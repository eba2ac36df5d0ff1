/** What names content: a link, or where its manifest is, for registries that have an address in place of a name and so no hosts below it. */
import { toHex } from '#bytes/text'
import { contentFault } from '#content/faults'
import { formatLink, type Link, parseLink } from '#content/link'
import { manifestPath } from '#content/registry-client'
import { isFault } from '#fault/fault'

export interface References {
  /** As the older tool prints it; `undefined` where no link can be made. */
  readonly query: string | undefined
  /** With the key where no server sees it. Without links: the manifest's address and the key. */
  readonly fragment: string
}

export function referencesOf(link: Link): References {
  try {
    return {
      query: formatLink({ ...link, form: 'query' }),
      fragment: formatLink({ ...link, form: 'fragment' }),
    }
  } catch (error) {
    if (!isFault(error, 'content/link-malformed')) throw error
    const { registry, hash, key } = link
    const manifest = `${registry}${manifestPath}/${toHex(hash)}`
    return {
      query: undefined,
      fragment: key === undefined ? manifest : `${manifest}#key=${toHex(key)}`,
    }
  }
}

/** Any of them. `content/link-malformed` */
export function parseReference(text: string): Link {
  const url = URL.parse(text.trim())
  if (url?.pathname.startsWith(`${manifestPath}/`) !== true) return parseLink(text)
  const hash = url.pathname.slice(manifestPath.length + 1)
  const key = new URLSearchParams(url.hash.slice(1) || url.search.slice(1)).get('key') ?? undefined
  const isRight = [hash, ...(key === undefined ? [] : [key])].every((hex) =>
    /^[0-9a-f]{32}$/i.test(hex),
  )
  if (!isRight || !/^https?:$/.test(url.protocol)) {
    throw contentFault('content/link-malformed', {
      reason: 'its hash or its key is not 32 hexadecimal digits',
    })
  }
  return {
    hash: Uint8Array.fromHex(hash),
    key: key === undefined ? undefined : Uint8Array.fromHex(key),
    registry: url.origin,
  }
}
