/** Cross-origin requests: what a bucket's rules let a browser do. https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html */
import type { HttpHeaders } from '#http/message'
import type { CorsRule } from '#object/model'

/** What a browser asks leave for. */
export interface CrossOrigin {
  readonly origin: string
  readonly method: string
  /** Lower case. */
  readonly headers: readonly string[]
}

/** `undefined` for a request that no browser page of another origin makes. */
export function crossOriginOf(method: string, headers: HttpHeaders): CrossOrigin | undefined {
  const { origin } = headers
  if (origin === undefined) return undefined
  const asked = headers['access-control-request-headers'] ?? ''
  return {
    origin,
    method: headers['access-control-request-method'] ?? method,
    headers: asked
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== ''),
  }
}

/** The headers that give leave by the first rule that does; `undefined` when none does. */
export function corsHeaders(
  rules: readonly CorsRule[] | undefined,
  asked: CrossOrigin,
): Record<string, string> | undefined {
  const rule = rules?.find((one) => allows(one, asked))
  if (rule === undefined) return undefined
  const isAny = rule.origins.includes('*')
  return {
    'access-control-allow-origin': isAny ? '*' : asked.origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(asked.headers.length === 0
      ? {}
      : { 'access-control-allow-headers': asked.headers.join(', ') }),
    ...(rule.exposed.length === 0
      ? {}
      : { 'access-control-expose-headers': rule.exposed.join(', ') }),
    ...(rule.maxAgeSeconds === undefined
      ? {}
      : { 'access-control-max-age': String(rule.maxAgeSeconds) }),
    ...(isAny ? {} : { 'access-control-allow-credentials': 'true' }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  }
}

function allows(rule: CorsRule, { origin, method, headers }: CrossOrigin): boolean {
  return (
    rule.methods.includes(method) &&
    rule.origins.some((pattern) => matches(pattern, origin)) &&
    headers.every((name) => rule.headers.some((pattern) => matches(pattern.toLowerCase(), name)))
  )
}

/** At most one `*`, which stands for anything. */
function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end)
}
