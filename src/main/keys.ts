/** The store's keyring and its master key: found among their copies, or made for a new store. */

import { rm } from 'node:fs/promises'
import { isFault } from '#fault/fault'
import { createKeyring, newestKeyring } from '#keyring/change-keyring'
import { keyringFault } from '#keyring/faults'
import { type Keyring, openKeyring } from '#keyring/keyring'
import { parseMasterKey, printMasterKey } from '#keyring/master-key'
import type { DataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { type MasterKey, type MasterKeySettings, openMasterKey } from '#main/master-key'
import { readPrivately, writePrivately } from '#main/private-file'
import type { NodeStores } from '#shard/store'
import type { World } from '#world/world'

/** The keyring's name among a node's small files. */
const keyringFile = 'keyring'

export interface OpenedKeys {
  readonly keyring: Keyring
  readonly master: MasterKey
  /** The keyring's bytes, as every copy should be. */
  readonly bytes: Uint8Array
}

/**
 * Opens the newest keyring among DATA's and the nodes' copies; makes one only for a store that has no nodes yet.
 * `keyring/damaged` when nodes exist but no copy is whole, `main/master-key-wrong`, faults of `openMasterKey`.
 */
export async function openKeys(
  directory: DataDirectory,
  {
    settings,
    nodes,
    isNew,
    world,
  }: {
    readonly settings: MasterKeySettings
    readonly nodes: readonly NodeStores[]
    readonly isNew: boolean
    readonly world: World
  },
): Promise<OpenedKeys> {
  const found = newestKeyring(await copiesOf(directory, nodes))
  if (found === undefined && !isNew) throw keyringFault('keyring/damaged')
  if (found !== undefined) await finishRotation(directory, found)
  const master = await openMasterKey(directory.masterKey, { settings, keyring: found, world })
  const bytes = found ?? createKeyring({ master: master.key, passphrase: master.passphrase, world })
  const keyring = keyringOf(bytes, master)
  if (found === undefined) {
    await writePrivately(directory.keyring, bytes)
    world.passing('main/keyring-made')
  }
  return { keyring, master, bytes }
}

/** `main/master-key-wrong` */
export function keyringOf(bytes: Uint8Array, { key, origin }: MasterKey): Keyring {
  const keyring = tryOpen(bytes, key)
  if (keyring === undefined) throw mainFault('main/master-key-wrong', { origin })
  return keyring
}

/** Where a rotation writes the next master key, until every keyring is wrapped under it. */
export function pendingKeyPath({ masterKey }: DataDirectory): string {
  return `${masterKey}.next`
}

/**
 * A rotation that ended between the keyring and the key file has left the right key beside the old one: it takes its place now. A pending
 * key that opens nothing is of a rotation that ended before it changed anything; it does no harm.
 */
async function finishRotation(directory: DataDirectory, newest: Uint8Array): Promise<void> {
  const pending = await readPrivately(pendingKeyPath(directory))
  if (pending === undefined) return
  const key = tryParse(new TextDecoder().decode(pending))
  if (key === undefined || tryOpen(newest, key) === undefined) return
  await writePrivately(directory.masterKey, printMasterKey(key))
  await rm(pendingKeyPath(directory))
}

function tryParse(text: string): Uint8Array | undefined {
  try {
    return parseMasterKey(text)
  } catch (error) {
    if (isFault(error, 'keyring/malformed-master-key')) return undefined
    throw error
  }
}

/** `undefined` when the key is another one. */
function tryOpen(bytes: Uint8Array, key: Uint8Array): Keyring | undefined {
  try {
    return openKeyring(bytes, key)
  } catch (error) {
    if (isFault(error, 'keyring/wrong-master-key')) return undefined
    throw error
  }
}

/** Writes the keyring wherever it is missing or another one: to DATA first, then to every node given. Durable on return. */
export async function spreadKeyring(
  directory: DataDirectory,
  nodes: readonly NodeStores[],
  { bytes, world }: { readonly bytes: Uint8Array; readonly world: World },
): Promise<void> {
  if (!isSame(await readPrivately(directory.keyring), bytes)) {
    await writePrivately(directory.keyring, bytes)
    world.passing('keys/keyring-written')
  }
  await Promise.allSettled(
    nodes.map(async ({ files }) => {
      if (isSame(await files.read(keyringFile), bytes)) return
      await files.write(keyringFile, bytes)
      world.passing('keys/keyring-written')
    }),
  )
}

async function copiesOf(
  directory: DataDirectory,
  nodes: readonly NodeStores[],
): Promise<readonly Uint8Array[]> {
  const own = await readPrivately(directory.keyring)
  const read = await Promise.allSettled(nodes.map(({ files }) => files.read(keyringFile)))
  const others = read.map((result) => (result.status === 'fulfilled' ? result.value : undefined))
  return [own, ...others].filter((copy) => copy !== undefined)
}

function isSame(copy: Uint8Array | undefined, bytes: Uint8Array): boolean {
  return copy !== undefined && Buffer.compare(copy, bytes) === 0
}
