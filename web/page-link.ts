/** The link that the page was opened by. */
import { formatLink, type Link, parseLink } from '#content/link'

export interface OpenedLink {
  readonly link: Link
  /** The key came in the query: the server has seen it. */
  readonly wasKeySent: boolean
}

/**
 * Reads the page's own address. A key in the query moves behind the `#`, in the address bar and in the history, so that reloading the page, or
 * copying its address, does not send it again. `content/link-malformed`
 */
export function readPageLink(): OpenedLink {
  const link = parseLink(location.href)
  const wasKeySent = location.search !== ''
  if (wasKeySent) history.replaceState(null, '', new URL(formatLink({ ...link, form: 'fragment' })))
  return { link, wasKeySent }
}
