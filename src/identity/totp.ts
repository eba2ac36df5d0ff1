/** Codes that change every half minute (RFC 6238, with SHA-1 and six digits: what every authenticator app knows). */
import { hmacSha1, isSameSecret } from '#crypto/hmac'
import { toBase32 } from '#identity/base32'

export const totpSecretBytes = 20
const stepSeconds = 30
/** Clocks differ, and people type slowly: one step to either side. */
const stepsAround = 1

/** What apps read from a picture. https://github.com/google/google-authenticator/wiki/Key-Uri-Format */
export function totpUri(secret: Uint8Array, { name }: { readonly name: string }): string {
  return `otpauth://totp/Mycelium:${encodeURIComponent(name)}?secret=${toBase32(secret)}&issuer=Mycelium`
}

/** `now` in milliseconds since 1970. */
export function totpStep(now: number): number {
  return Math.floor(now / 1000 / stepSeconds)
}

/** Section 5.3 of RFC 4226. */
export function totpCode(secret: Uint8Array, step: number, digits = 6): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = Buffer.from(hmacSha1(secret, counter))
  const offset = (mac[19] ?? 0) & 15
  const number = mac.readUInt32BE(offset) & 0x7fffffff
  return String(number % 10 ** digits).padStart(digits, '0')
}

/** The step that the code is of, if that is about now and later than `after`: no code is good twice. */
export function findTotpStep(
  secret: Uint8Array,
  code: string,
  { now, after }: { readonly now: number; readonly after: number },
): number | undefined {
  const current = totpStep(now)
  const steps = [0, ...Array.from({ length: stepsAround }, (_, by) => [-by - 1, by + 1]).flat()]
  return steps
    .map((by) => current + by)
    .filter((step) => isSameSecret(Buffer.from(totpCode(secret, step)), Buffer.from(code)))
    .find((step) => step > after)
}
