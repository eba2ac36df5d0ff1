/** ETags in conditions of requests (RFC 9110 section 13.1). Pure. */

export type Etags = readonly string[] | '*'

/** Reads `*` or a list of ETags, with or without quotes, weak ones as strong. */
export function parseEtags(text: string | undefined): Etags | undefined {
  if (text === undefined) return undefined
  if (text.trim() === '*') return '*'
  return text
    .split(',')
    .map((etag) =>
      etag
        .trim()
        .replace(/^W\//, '')
        .replace(/^"(.*)"$/, '$1'),
    )
    .filter((etag) => etag !== '')
}

export function includesEtag(etags: Etags, etag: string): boolean {
  return etags === '*' || etags.includes(etag)
}
