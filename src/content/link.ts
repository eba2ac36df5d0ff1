/** The text of a link: what the registry knows the metadata by, the registry, and the key. Runs in browsers. */
import { contentFault } from '#content/faults'
import { parseIp } from '#content/ip-address'
import { contentHashBytes } from '#content/metadata'
import type { Fault } from '#fault/fault'

export interface Link {
  /** 16 bytes. */
  readonly hash: Uint8Array
  /** 16 bytes. Without: the metadata is not encrypted. */
  readonly key: Uint8Array | undefined
  /** Scheme, host and port, without a slash at the end: `https://cdn.example.org`. */
  readonly registry: string
}

export interface LinkForm extends Link {
  /**
   * `query`: as the older tool prints it, always over plain HTTP, with the key where every server on the way can read it.
   * `fragment`: with the registry's scheme, and the key where no browser sends it.
   */
  readonly form: 'query' | 'fragment'
}

/** `content/link-malformed` when the registry is not a URL, or has a host below which no other can be named. */
export function formatLink({ hash, key, registry, form }: LinkForm): string {
  const { protocol, hostname, port } = parseUrl(registry)
  if (isAddress(hostname)) {
    throw malformed(`links are hosts below the registry's, and ${hostname} is an address`)
  }
  const scheme = form === 'query' ? 'http:' : protocol
  const origin = `${scheme}//${hash.toHex()}.${hostname}${port === '' ? '' : `:${port}`}/`
  if (key === undefined) return origin
  return `${origin}${form === 'query' ? '?' : '#'}key=${key.toHex()}`
}

/** Either form, upper case or lower, space around it. `content/link-malformed` */
export function parseLink(text: string): Link {
  const { protocol, hostname, host, pathname, search, hash: fragment } = parseUrl(text.trim())
  const label = hostname.split('.', 1)[0] ?? ''
  if (isAddress(hostname) || label === hostname) {
    throw malformed('it does not begin with a hash and the name of a registry')
  }
  const hash = parseHash(label, 'its hash')
  if (pathname !== '/') throw malformed('it has a path')
  const key = onlyKey([search, fragment])
  return {
    hash,
    key: key === undefined ? undefined : parseHash(key, 'its key'),
    registry: `${protocol}//${host.slice(label.length + 1)}`,
  }
}

/** The key of whichever part has one; both may, if they agree. */
function onlyKey(parts: readonly string[]): string | undefined {
  const keys = parts.flatMap((part) => new URLSearchParams(part.slice(1)).getAll('key'))
  if (new Set(keys.map((key) => key.toLowerCase())).size > 1) throw malformed('it has several keys')
  return keys[0]
}

function parseHash(text: string, what: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) {
    throw malformed(`${what} is that of a tool older than 2025-07-11, which kept shards elsewhere`)
  }
  if (!/^[0-9a-f]{32}$/i.test(text)) {
    throw malformed(`${what} is not ${2 * contentHashBytes} hexadecimal digits`)
  }
  return Uint8Array.fromHex(text)
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw malformed('it is no URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw malformed(`${url.protocol} is neither http: nor https:`)
  }
  return url
}

function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || parseIp(hostname) !== undefined
}

function malformed(reason: string): Fault {
  return contentFault('content/link-malformed', { reason })
}
