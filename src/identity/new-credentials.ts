import type { Credentials } from '#identity/credentials-file'
import type { World } from '#world/world'

const keyIdAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const keyIdLength = 20
const keyIdPrefix = 'AKIA'

/** Shaped as AWS's: 20 characters (80 random bits) and 40 characters (240 random bits), which every client accepts. */
export function newCredentials(world: World): Credentials {
  const drawn = world.randomBytes(keyIdLength - keyIdPrefix.length)
  const letters = [...drawn].map((byte) => keyIdAlphabet[byte % keyIdAlphabet.length])
  return {
    accessKeyId: keyIdPrefix + letters.join(''),
    // base64url: no `/` or `+` that a shell, a URL or a configuration file might mistake
    secret: Buffer.from(world.randomBytes(30)).toString('base64url'),
  }
}
