/** Capitals and digits, none of which is mistaken for another (RFC 4648). */
import type { World } from '#world/world'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Without padding: how authenticator apps take secrets. */
export function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const groups = bits.match(/.{1,5}/g) ?? []
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)]).join('')
}

/** Five random bits each. */
export function drawLetters(count: number, world: World): string {
  const letters = [...world.randomBytes(count)].map((byte) => alphabet[byte % alphabet.length])
  return letters.join('')
}
