import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { toBase32 } from '#identity/base32'
import { findTotpStep, totpCode, totpStep, totpUri } from '#identity/totp'

const secret = Buffer.from('12345678901234567890')

/** RFC 6238, appendix B: seconds since 1970, and the code of eight digits. */
const vectors: readonly (readonly [seconds: number, code: string])[] = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
]

test('codes are those of RFC 6238', () => {
  for (const [seconds, code] of vectors) {
    const step = totpStep(seconds * 1000)
    equal(totpCode(secret, step, 8), code)
    equal(totpCode(secret, step), code.slice(2))
  }
})

test('a code is good for its step and the ones beside it, and only after the last one used', () => {
  const now = 1_800_000_000_000
  const step = totpStep(now)
  const find = (of: number, after = 0) => findTotpStep(secret, totpCode(secret, of), { now, after })
  for (const by of [-1, 0, 1]) equal(find(step + by), step + by)
  for (const by of [-2, 2]) equal(find(step + by), undefined)
  equal(find(step, step), undefined)
  equal(find(step + 1, step), step + 1)
  equal(findTotpStep(secret, '', { now, after: 0 }), undefined)
})

/** RFC 4648, section 10, without padding. */
test('apps get the secret in base32', () => {
  equal(toBase32(Buffer.from('foobar')), 'MZXW6YTBOI')
  equal(toBase32(Buffer.from('fooba')), 'MZXW6YTB')
  equal(
    totpUri(secret, { name: 'alice' }),
    'otpauth://totp/Mycelium:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Mycelium',
  )
})
