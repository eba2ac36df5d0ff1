/** Where the master key comes from: a text file of 32 random bytes, or a passphrase. */
import { passphraseCost, passphraseSaltBytes } from '#crypto/derive'
import { keyringFault } from '#keyring/faults'
import { type PassphraseRecipe, parseKeyringFile } from '#keyring/keyring-file'
import type { World } from '#world/world'

export const masterKeyBytes = 32

/**
 * 64 hex characters, or base64 or base64url of 32 bytes; white space around it is ignored.
 * `keyring/malformed-master-key`.
 */
export function parseMasterKey(text: string): Uint8Array {
  const trimmed = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Uint8Array.from(Buffer.from(trimmed, 'hex'))
  if (/^[0-9A-Za-z+/_-]{43}=?$/.test(trimmed))
    return Uint8Array.from(Buffer.from(trimmed, 'base64'))
  throw keyringFault('keyring/malformed-master-key', {
    expected: '64 hex characters or base64 of 32 bytes',
    characters: trimmed.length,
  })
}

/** What stands in `master.key`: one line of 64 hex characters. */
export function printMasterKey(master: Uint8Array): string {
  return `${Buffer.from(master).toString('hex')}\n`
}

export function newMasterKey(world: World): Uint8Array {
  return world.randomBytes(masterKeyBytes)
}

/**
 * A fresh salt at today's cost, for a passphrase that is set for the first time or changed;
 * `deriveFromPassphrase` takes it.
 */
export function newPassphraseRecipe(world: World): PassphraseRecipe {
  return { salt: world.randomBytes(passphraseSaltBytes), cost: passphraseCost }
}

/**
 * How this keyring's master key comes from a passphrase; `undefined` when it is a random key. Faults as
 * `openKeyring`, but for the key.
 */
export function passphraseRecipe(keyring: Uint8Array): PassphraseRecipe | undefined {
  return parseKeyringFile(keyring).passphrase
}
