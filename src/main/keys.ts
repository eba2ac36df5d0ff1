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
 * `keyring/damaged` when nodes exist but no copy is whole, `keyring/wrong-master-key`, faults of `openMasterKey`.
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
  const master = await openMasterKey(directory.masterKey, { settings, keyring: found, world })
  const bytes = found ?? createKeyring({ master: master.key, passphrase: master.passphrase, world })
  try {
    const keyring = openKeyring(bytes, master.key)
    if (found === undefined) await writePrivately(directory.keyring, bytes)
    return { keyring, master, bytes }
  } catch (error) {
    const rescued = await rescueRotation(directory, { error, master, bytes })
    if (rescued !== undefined) return rescued
    if (!isFault(error, 'keyring/wrong-master-key')) throw error
    throw mainFault('main/master-key-wrong', { origin: master.origin }, error)
  }
}

/** Where a rotation writes the next master key, until every keyring is wrapped under it. */
export function pendingKeyPath({ masterKey }: DataDirectory): string {
  return `${masterKey}.next`
}

/** A rotation that ended between the keyring and the key file left the right key beside the old one: it takes its place now. */
async function rescueRotation(
  directory: DataDirectory,
  {
    error,
    master,
    bytes,
  }: { readonly error: unknown; readonly master: MasterKey; readonly bytes: Uint8Array },
): Promise<OpenedKeys | undefined> {
  const { masterKey } = directory
  if (!isFault(error, 'keyring/wrong-master-key') || master.origin !== masterKey) return undefined
  const pending = await readPrivately(pendingKeyPath(directory))
  if (pending === undefined) return undefined
  const key = parseMasterKey(new TextDecoder().decode(pending))
  const keyring = openKeyring(bytes, key)
  await writePrivately(masterKey, printMasterKey(key))
  await rm(pendingKeyPath(directory))
  return { keyring, master: { key, origin: masterKey }, bytes }
}

/** Writes the keyring wherever it is missing or another one: to DATA first, then to every node given. Durable on return. */
export async function spreadKeyring(
  directory: DataDirectory,
  nodes: readonly NodeStores[],
  bytes: Uint8Array,
): Promise<void> {
  if (!isSame(await readPrivately(directory.keyring), bytes)) {
    await writePrivately(directory.keyring, bytes)
  }
  await Promise.allSettled(
    nodes.map(async ({ files }) => {
      if (!isSame(await files.read(keyringFile), bytes)) await files.write(keyringFile, bytes)
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
