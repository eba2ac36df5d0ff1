/** What every program with a listener may be told of it. */
import type { CrossOrigins } from '#api/cross-origin'
import { perSecondMax, type RateRule } from '#api/rate-limit'
import { parsedBy } from '#main/settings'
import { burstMax, parseRateRule } from '#main/units'

export const port = parsedBy(
  (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
  'a port from 0 (any free one) to 65535',
)

export const rateRule = parsedBy<RateRule | 'off'>(
  (text) => (text === 'off' ? text : parseRateRule(text)),
  `requests a second such as 100 or 100:500 (up to ${perSecondMax}, bursts up to ${burstMax}), or off`,
)

/** Of web pages: `*`, `off`, or a list with commas. */
export function parseOrigins(list: string): CrossOrigins | undefined {
  if (list === '*') return '*'
  if (list === 'off') return []
  const origins = list.split(',').map((origin) => origin.trim().replace(/\/$/, ''))
  return origins.every((origin) => URL.parse(origin)?.origin === origin) ? origins : undefined
}

/** A rule: the two files of a certificate come together. */
export function wholeCertificate({
  tlsCertificate,
  tlsKey,
}: {
  readonly tlsCertificate?: string | undefined
  readonly tlsKey?: string | undefined
}): readonly string[] {
  if ((tlsCertificate === undefined) === (tlsKey === undefined)) return []
  const missing = tlsCertificate === undefined ? '--tls-cert' : '--tls-key'
  return [`${missing}: missing; --tls-cert and --tls-key come together`]
}

/** Where a listener on `host` is reached from this machine. */
export function urlOf(
  host: string,
  { port }: { readonly port: number },
  scheme: 'http' | 'https' | 'redis' | 'rediss' = 'http',
): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}`
}
