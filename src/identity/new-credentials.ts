import { drawLetters } from '#identity/base32'
import type { Credentials } from '#identity/credentials-file'
import type { World } from '#world/world'

const keyIdLength = 20
const keyIdPrefix = 'AKIA'

/** Shaped as AWS's: 20 characters (80 random bits) and 40 characters (240 random bits), which every client accepts. */
export function newCredentials(world: World): Credentials {
  return {
    accessKeyId: keyIdPrefix + drawLetters(keyIdLength - keyIdPrefix.length, world),
    // base64url: no `/` or `+` that a shell, a URL or a configuration file might mistake
    secret: Buffer.from(world.randomBytes(30)).toString('base64url'),
  }
}
