import { identityFault } from '#identity/faults'

/**
 * What the signature says of the body (`x-amz-content-sha256`).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
export type Payload =
  /** The body's SHA-256 is signed: 64 lower-case hex digits. */
  | { readonly kind: 'hashed'; readonly sha256: string }
  /** The body comes as it is; nothing vouches for it. */
  | { readonly kind: 'unsigned' }
  /** The body comes in aws-chunks, each signed or none; perhaps with a trailer. */
  | { readonly kind: 'chunked'; readonly isSigned: boolean; readonly hasTrailer: boolean }

export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
export const unsignedPayload = 'UNSIGNED-PAYLOAD'

const chunkedPayloads: Readonly<Record<string, Payload>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { kind: 'chunked', isSigned: true, hasTrailer: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': {
    kind: 'chunked',
    isSigned: true,
    hasTrailer: true,
  },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { kind: 'chunked', isSigned: false, hasTrailer: true },
}

/** Reads the header's value; `identity/malformed-content-hash` for any other. */
export function parsePayload(text: string): Payload {
  if (text === unsignedPayload) return { kind: 'unsigned' }
  const chunked = Object.hasOwn(chunkedPayloads, text) ? chunkedPayloads[text] : undefined
  if (chunked !== undefined) return chunked
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw identityFault('identity/malformed-content-hash')
  return { kind: 'hashed', sha256: text.toLowerCase() }
}
