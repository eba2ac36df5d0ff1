/**
 * A keyring's life: born, given a new generation, rewrapped under a new master key, chosen among its copies.
 * All functions are pure from bytes to bytes; the caller stores each result in the database and on every node
 * before anything is wrapped under it.
 */
import { wrapKey } from '#crypto/key-wrap'
import { isFault } from '#fault/fault'
import { keyringFault } from '#keyring/faults'
import { generationKeys } from '#keyring/keyring'
import {
  type KeyringFile,
  type PassphraseRecipe,
  parseKeyringFile,
  printKeyringFile,
} from '#keyring/keyring-file'
import type { World } from '#world/world'

/** A new store's keyring: fresh store id, generation 1, serial 1. */
export function createKeyring({
  master,
  passphrase,
  world,
}: {
  readonly master: Uint8Array
  /** How `master` came from a passphrase, if it did. */
  readonly passphrase?: PassphraseRecipe | undefined
  readonly world: World
}): Uint8Array {
  const generations = [{ number: 1, wrapped: wrapKey(master, world.randomBytes(32)) }]
  const storeId = world.randomBytes(16)
  return printKeyringFile(
    { storeId, serial: 1n, ...(passphrase && { passphrase }), generations },
    master,
  )
}

/** Appends a fresh generation key, which new data keys are wrapped under from then on. Faults as `openKeyring`. */
export function addGeneration(bytes: Uint8Array, master: Uint8Array, world: World): Uint8Array {
  const file = parseKeyringFile(bytes)
  const number = Math.max(...generationKeys(file, bytes, master).keys()) + 1
  const added = { number, wrapped: wrapKey(master, world.randomBytes(32)) }
  return printKeyringFile(
    { ...file, serial: file.serial + 1n, generations: [...file.generations, added] },
    master,
  )
}

/** Wraps the same generations under another master key; no data is touched. Faults as `openKeyring`, by the old key. */
export function rotateMaster(
  bytes: Uint8Array,
  {
    from,
    to,
    passphrase,
  }: {
    readonly from: Uint8Array
    readonly to: Uint8Array
    /** How `to` came from a passphrase, if it did. */
    readonly passphrase?: PassphraseRecipe | undefined
  },
): Uint8Array {
  const file = parseKeyringFile(bytes)
  const generations = [...generationKeys(file, bytes, from)].map(([number, key]) => ({
    number,
    wrapped: wrapKey(to, key),
  }))
  const { storeId, serial } = file
  return printKeyringFile(
    { storeId, serial: serial + 1n, ...(passphrase && { passphrase }), generations },
    to,
  )
}

/**
 * The copy in force: the whole one with the highest serial. `undefined` when there are no copies;
 * `keyring/damaged` when there are only damaged ones; `keyring/mixed-stores` when they disagree about the
 * store; `keyring/unsupported-version` when one of them is from a later version.
 */
export function newestKeyring(copies: readonly Uint8Array[]): Uint8Array | undefined {
  const whole = copies.flatMap((bytes) => {
    const file = parseUnlessDamaged(bytes)
    return file === undefined ? [] : [{ bytes, file }]
  })
  const newest = whole.reduce<(typeof whole)[number] | undefined>(
    (best, copy) => (best === undefined || copy.file.serial > best.file.serial ? copy : best),
    undefined,
  )
  if (newest === undefined) {
    if (copies.length > 0) throw keyringFault('keyring/damaged', { copies: copies.length })
    return undefined
  }
  if (whole.some(({ file }) => Buffer.compare(file.storeId, newest.file.storeId) !== 0))
    throw keyringFault('keyring/mixed-stores')
  return newest.bytes
}

function parseUnlessDamaged(bytes: Uint8Array): KeyringFile | undefined {
  try {
    return parseKeyringFile(bytes)
  } catch (error) {
    if (isFault(error, 'keyring/damaged')) return undefined
    throw error
  }
}
