/** On every answer of the API: it is data, for programs. No browser may take it for a page, run anything of it, or lay it into a frame. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const yearSeconds = 31_536_000

/** Whoever came by TLS comes by TLS from now on. */
export const strictTransport: Readonly<Record<string, string>> = {
  'strict-transport-security': `max-age=${yearSeconds}`,
}
