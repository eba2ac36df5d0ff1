/** Bytes as text: lowercase hex, and base64url without padding (RFC 4648 section 5). */

export function toHex(bytes: Uint8Array): string {
  return viewOf(bytes).toString('hex')
}

export function toBase64url(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64url')
}

export function fromBase64url(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64url'))
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
