/** The key above all others: from the environment, a file, a passphrase, or `DATA/keys/master.key`. */
import { readFile } from 'node:fs/promises'
import { deriveFromPassphrase } from '#crypto/derive'
import { isFault } from '#fault/fault'
import type { PassphraseRecipe } from '#keyring/keyring-file'
import {
  newMasterKey,
  newPassphraseRecipe,
  parseMasterKey,
  passphraseRecipe,
  printMasterKey,
} from '#keyring/master-key'
import { reasonOf } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { readPrivately, writePrivately } from '#main/private-file'
import type { World } from '#world/world'

/** What the configuration says of the key; at most one of them. */
export interface MasterKeySettings {
  readonly masterKey: string | undefined
  readonly masterKeyFile: string | undefined
  readonly passphrase: string | undefined
}

export interface MasterKey {
  readonly key: Uint8Array
  /** How it came from a passphrase, if it did. */
  readonly passphrase?: PassphraseRecipe
  /** Where it lies or comes from, for people. */
  readonly origin: string
}

/**
 * The master key of the store whose keyring is given; of a new store when there is none, which writes a random key to `path` unless the
 * configuration names another source. `main/master-key-missing`, `main/key-file-unusable`, `keyring/malformed-master-key`.
 * Whether it is the right key shows when the keyring is opened.
 */
export async function openMasterKey(
  path: string,
  {
    settings,
    keyring,
    world,
  }: {
    readonly settings: MasterKeySettings
    readonly keyring: Uint8Array | undefined
    readonly world: World
  },
): Promise<MasterKey> {
  const { masterKey, masterKeyFile, passphrase } = settings
  if (masterKey !== undefined) {
    return { key: parseFrom('MYCELIUM_MASTER_KEY', masterKey), origin: 'MYCELIUM_MASTER_KEY' }
  }
  if (masterKeyFile !== undefined) return readNamedFile(masterKeyFile)
  const recipe = keyring && passphraseRecipe(keyring)
  if (passphrase !== undefined) {
    if (keyring !== undefined && recipe === undefined) {
      throw mainFault('main/master-key-wrong', { origin: 'MYCELIUM_PASSPHRASE' })
    }
    return fromPassphrase(passphrase, recipe ?? newPassphraseRecipe(world))
  }
  if (recipe !== undefined) throw mainFault('main/master-key-missing', { wanted: 'passphrase' })
  const found = await readPrivately(path)
  if (found !== undefined) {
    return { key: parseFrom(path, new TextDecoder().decode(found)), origin: path }
  }
  if (keyring !== undefined) throw mainFault('main/master-key-missing', { wanted: 'file', path })
  const key = newMasterKey(world)
  await writePrivately(path, printMasterKey(key))
  return { key, origin: path }
}

async function fromPassphrase(text: string, recipe: PassphraseRecipe): Promise<MasterKey> {
  const key = await deriveFromPassphrase(text, recipe)
  return { key, passphrase: recipe, origin: 'MYCELIUM_PASSPHRASE' }
}

async function readNamedFile(path: string): Promise<MasterKey> {
  try {
    return { key: parseFrom(path, await readFile(path, 'utf8')), origin: path }
  } catch (cause) {
    if (isFault(cause)) throw cause
    throw mainFault('main/key-file-unusable', { path, reason: reasonOf(cause) }, cause)
  }
}

function parseFrom(origin: string, text: string): Uint8Array {
  try {
    return parseMasterKey(text)
  } catch (cause) {
    const reason = 'expected 64 hex characters, or base64 of 32 bytes'
    throw mainFault('main/key-file-unusable', { path: origin, reason }, cause)
  }
}
