/** Where a website sends whoever asks, by the rules of its bucket. Pure. */
import type { RoutingRule, Website } from '#object/website'

/** What was asked for. */
export interface Visit {
  /** As named: with the port, if any. */
  readonly host: string
  /** The path without its first slash, decoded. */
  readonly key: string
}

export interface SentOn {
  readonly status: number
  readonly location: string
}

/** The key that stands for a path: below a prefix, its index. */
export function pageKey(key: string, index: string): string {
  return key === '' || key.endsWith('/') ? key + index : key
}

/**
 * Before anything is looked up (`error` left out), or after it came to an error of that status. A rule that names an error is meant for
 * that one only; the others are asked beforehand.
 */
export function routeOf(website: Website, visit: Visit, error?: number): SentOn | undefined {
  if (website.kind === 'elsewhere') {
    return { status: 301, location: locationOf(visit, website) }
  }
  const rule = website.rules.find(
    ({ prefix = '', errorCode }) => errorCode === error && visit.key.startsWith(prefix),
  )
  return rule && sendOn(visit, rule)
}

function sendOn(visit: Visit, { prefix = '', redirect }: RoutingRule): SentOn {
  const { status = 301, keyPrefix } = redirect
  const replaced =
    keyPrefix === undefined ? visit.key : `${keyPrefix}${visit.key.slice(prefix.length)}`
  const { key = replaced } = redirect
  return { status, location: locationOf({ ...visit, key }, redirect) }
}

/** Absolute only where the host or the protocol is another one: who speaks to us through a proxy stays there. */
function locationOf(
  { host: asked, key }: Visit,
  {
    host,
    protocol,
  }: { readonly host?: string | undefined; readonly protocol?: string | undefined },
): string {
  if (host === undefined && protocol === undefined) return pathOf(key)
  return `${protocol ?? 'http'}://${host ?? asked}${pathOf(key)}`
}

/** A path that begins with two slashes would name a host. */
export function pathOf(key: string): string {
  const path = `/${key.split('/').map(encodeURIComponent).join('/')}`
  return path.startsWith('//') ? `/.${path}` : path
}
