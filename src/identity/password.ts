/** Passwords at rest: Argon2id (RFC 9106), each with what a guess of it costs, so that the cost may grow. */
import { fromBase64url, toBase64url } from '#bytes/text'
import { deriveFromPassphrase, type PassphraseCost, passphraseSaltBytes } from '#crypto/derive'
import { isSameSecret } from '#crypto/hmac'
import { accountFault, personFault } from '#identity/faults'
import type { World } from '#world/world'

export interface PasswordJson extends PassphraseCost {
  /** Both in base64url. */
  readonly salt: string
  readonly hash: string
}

/** https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: 19 MiB; some 20 ms. */
export const passwordCost: PassphraseCost = { memoryKibibytes: 19 * 1024, passes: 2, lanes: 1 }

/** Length is what makes a password hard to guess; what it is made of is not looked at. */
export const passwordCharactersMin = 10
export const passwordCharactersMax = 256

/** `identity/malformed-password`, which does not repeat it. */
export function parsePassword(text: string, charactersMin = passwordCharactersMin): string {
  const characters = [...text].length
  if (characters >= charactersMin && characters <= passwordCharactersMax) return text
  throw accountFault('identity/malformed-password', { charactersMin })
}

/** What everybody tries first. Shorter ones are refused anyway; digits and marks at the end do not make them others. */
const common: ReadonlySet<string> = new Set(
  `abcdefgh abcd1234 adminadmin administrator asdfasdf asdfghjk asdfghjkl baseball basketball changeme charlie computer correcthorsebatterystaple default
  dragon football freedom hello iloveyou internet jennifer jordan letmein liverpool lovely maggie master maverick michael michelle monkey mustang passw0rd
  password pa55word passwort princess qazwsxedc qwer1234 qwerasdf qwerty qwertyui qwertyuiop qwertz samantha secret shadow sunshine superman sysadmin
  test testtest trustno1 welcome whatever zaq12wsx zxcvbnm`.split(/\s+/),
)

/** For passwords that people choose by themselves. `identity/common-password`; `names`: what nobody would have to guess. */
export function assertUncommon(text: string, names: readonly string[]): void {
  const folded = text.normalize('NFKC').toLowerCase()
  const stem = folded.replace(/[\d!?.@#$*_-]+$/, '')
  const isRun = new Set(folded).size <= 2 || '01234567890123456789'.includes(folded)
  const isKnown = [folded, stem].some((one) => common.has(one) || names.includes(one))
  if (isRun || isKnown || stem === '') throw personFault('identity/common-password')
}

export async function hashPassword(text: string, world: World): Promise<PasswordJson> {
  const salt = world.randomBytes(passphraseSaltBytes)
  const hash = await deriveFromPassphrase(text, { salt, cost: passwordCost })
  return { ...passwordCost, salt: toBase64url(salt), hash: toBase64url(hash) }
}

export async function isPassword(
  text: string,
  { salt, hash, ...cost }: PasswordJson,
): Promise<boolean> {
  const derived = await deriveFromPassphrase(text, { salt: fromBase64url(salt), cost })
  return isSameSecret(derived, fromBase64url(hash))
}
