/**
 * `mycelium keys rotate`: rewraps the keyring under a new master key (the data is not touched), and begins a new generation on demand.
 * The order survives a crash at any moment: the new key is written beside the old one first, then the keyring to DATA and every node, and the
 * old key is replaced last; until then both keys open some copy, and the newest copy's key is always on disk.
 */
import { rename } from 'node:fs/promises'
import { deriveFromPassphrase } from '#crypto/derive'
import { addGeneration, rotateMaster } from '#keyring/change-keyring'
import {
  newMasterKey,
  newPassphraseRecipe,
  parseMasterKey,
  printMasterKey,
} from '#keyring/master-key'
import { openDataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { openKeys, pendingKeyPath, spreadKeyring } from '#main/keys'
import type { MasterKey } from '#main/master-key'
import { openFormerNode, surveyNodes } from '#main/nodes'
import type { ProgramOptions } from '#main/offline'
import { openReadHandles } from '#main/open-files'
import { writePrivately } from '#main/private-file'
import type { RotateConfig } from '#main/rotate-keys.config'
import type { NodeStores } from '#shard/store'
import { openTelemetry } from '#telemetry/open-telemetry'
import type { World } from '#world/world'

export async function rotateKeys({
  config,
  world,
  print,
}: ProgramOptions<RotateConfig>): Promise<void> {
  const telemetry = openTelemetry({ level: config.logLevel, metrics: false, world })
  using directory = await openDataDirectory(config.data, {
    program: 'mycelium keys rotate',
    world,
    mustExist: true,
  })
  const { ids, storeId } = await surveyNodes(directory)
  if (storeId === undefined) throw mainFault('main/no-store', { path: directory.root })
  const nodes: NodeStores[] = []
  try {
    const options = { storeId, handles: await openReadHandles(), world, telemetry }
    for (const id of ids) nodes.push(await openFormerNode(directory, id, options))
    const { bytes, master } = await openKeys(directory, {
      settings: config,
      nodes,
      isNew: false,
      world,
    })
    const next = await newKey(config, world)
    const grown = config.generation ? addGeneration(bytes, master.key, world) : bytes
    const rotated = rotateMaster(grown, {
      from: master.key,
      to: next.key,
      passphrase: next.passphrase,
    })
    const isFile = next.origin === directory.masterKey
    const pending = pendingKeyPath(directory)
    if (isFile) await writePrivately(pending, printMasterKey(next.key))
    world.passing('keys/next-written')
    await spreadKeyring(directory, nodes, { bytes: rotated, world })
    world.passing('keys/keyring-spread')
    if (isFile) await rename(pending, directory.masterKey)
    world.passing('keys/rotated')
    print(tell(next, nodes.length) + (config.generation ? tellGeneration : ''))
  } finally {
    await Promise.allSettled(nodes.map((stores) => stores.close()))
  }

  /** The new key: from the environment, or a random one in DATA's key file. */
  async function newKey(
    { newMasterKey: given, newPassphrase }: RotateConfig,
    chance: World,
  ): Promise<MasterKey> {
    if (given !== undefined)
      return { key: parseMasterKey(given), origin: 'MYCELIUM_NEW_MASTER_KEY' }
    if (newPassphrase === undefined)
      return { key: newMasterKey(chance), origin: directory.masterKey }
    const passphrase = newPassphraseRecipe(chance)
    const key = await deriveFromPassphrase(newPassphrase, passphrase)
    return { key, passphrase, origin: 'MYCELIUM_NEW_PASSPHRASE' }
  }
}

function tell({ origin }: MasterKey, nodes: number): string {
  return `The keyring is wrapped under the new master key (${origin}), here and on ${nodes} nodes. Back it up: the old one opens nothing any more.\n`
}

const tellGeneration =
  'New objects are sealed under a new generation key; keys rewrap moves the data keys of older ones to it.\n'
