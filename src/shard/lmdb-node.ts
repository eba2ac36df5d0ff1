/** A storage node in one LMDB file. Layout and formats: docs/formats/node-lmdb.md; when to choose it: docs/operate/engines.md. */
import { join } from 'node:path'
import type { Disk } from '#disk/disk'
import { assertFileName } from '#shard/_file-name'
import { NodeHome } from '#shard/_home'
import { LmdbEnvironment, type OpenedTables, openTables } from '#shard/_lmdb-environment'
import { requireWholeFile } from '#shard/_lmdb-file'
import { LmdbLog } from '#shard/_lmdb-log'
import { environmentDirectory, environmentPath } from '#shard/_lmdb-path'
import { LmdbShards } from '#shard/_lmdb-shards'
import {
  type NodeOptions,
  newMetadata,
  requireNoShards,
  requireOwn,
  shardsWithoutMetadata,
} from '#shard/_ownership'
import { unwrapSmallFile, wrapSmallFile } from '#shard/_small-file'
import { shardFault } from '#shard/faults'
import {
  metadataPath,
  type NodeMetadata,
  printNodeMetadata,
  readNodeMetadata,
} from '#shard/node-metadata'
import type { NodeFiles, NodeStores } from '#shard/store'

/** While it is made; what a killed process left there was never a node. */
const nascentDirectory = 'lmdb.new'

export interface LmdbNodeOptions extends NodeOptions {
  /** The directory that `disk` is: LMDB opens its file itself. */
  readonly root: string
}

/**
 * Opens the node in `root`, or makes it there when the directory is empty. Reads all shards' records and the whole log.
 * `shard/foreign-node` when the directory is of another store, node or engine; `shard/malformed-metadata`; `shard/truncated` when the file is gone or
 * shorter than what it tells of itself; faults of the disk. The disk stays the caller's.
 */
export async function openLmdbNode(disk: Disk, options: LmdbNodeOptions): Promise<NodeStores> {
  const metadata = (await readNodeMetadata(disk)) ?? (await makeNode(disk, options))
  requireOwn(metadata, { ...options, engine: 'lmdb' })
  const home = new NodeHome(disk, metadata, { ...options, anchor: environmentPath })
  const { root } = options
  const environment = new LmdbEnvironment(home, await openWhole(disk, { root, node: home.node }))
  const shards = new LmdbShards(environment)
  const log = new LmdbLog(environment, 'log')
  const stage = new LmdbLog(environment, 'stage')
  try {
    await shards.load()
    await log.load()
    await stage.load()
  } catch (error) {
    await environment.close()
    throw error
  }
  return {
    shards,
    log,
    stage,
    files: openFiles(environment),
    probe: () => environment.probe(),
    close: () => environment.close(),
  }
}

/**
 * The file is whole before it has its name, and the metadata come last: a directory with metadata has had a file, and one without holds nothing
 * that was acknowledged, unless its metadata were lost.
 */
async function makeNode(disk: Disk, { root, ...options }: LmdbNodeOptions): Promise<NodeMetadata> {
  const node = options.nodeId
  await requireNoShards(disk, node)
  if ((await disk.stat(environmentPath)) !== undefined) await requireEmpty(disk, { root, node })
  await disk.makeDirectory('')
  for (const leftover of [nascentDirectory, environmentDirectory]) await disk.removeTree(leftover)
  await disk.makeDirectory(nascentDirectory)
  await makeFile(disk, { root, node })
  await disk.rename(nascentDirectory, environmentDirectory)
  await disk.syncDirectory('')
  const metadata = newMetadata(options, 'lmdb')
  await disk.writeDurably(metadataPath, new TextEncoder().encode(printNodeMetadata(metadata)))
  return metadata
}

/** `shard/truncated`, rather than what LMDB would do. */
async function openWhole(
  disk: Disk,
  { root, node }: { readonly root: string; readonly node: string },
): Promise<OpenedTables> {
  await requireWholeFile(disk, { path: environmentPath, node })
  return openOrFault(join(root, environmentPath), node)
}

function openOrFault(path: string, node: string): OpenedTables {
  try {
    return openTables(path)
  } catch (error) {
    throw shardFault('shard/io', { node, reason: String(error) }, error)
  }
}

async function requireEmpty(
  disk: Disk,
  { root, node }: { readonly root: string; readonly node: string },
): Promise<void> {
  const { root: environment, tables } = await openWhole(disk, { root, node })
  const isEmpty = [tables.shards, tables.log].every(
    (table) => table.getKeysCount({ limit: 1 }) === 0,
  )
  await environment.close()
  if (!isEmpty) throw shardsWithoutMetadata(node)
}

async function makeFile(
  disk: Disk,
  { root, node }: { readonly root: string; readonly node: string },
): Promise<void> {
  const name = `${nascentDirectory}/data.mdb`
  await openOrFault(join(root, name), node).root.close()
  const file = await disk.open(name)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.syncDirectory(nascentDirectory)
}

/** Wrapped as in files of their own: LMDB checks no page, and a damaged one reads as missing. */
function openFiles(environment: LmdbEnvironment): NodeFiles {
  const { home, tables } = environment
  const keyOf = (name: string): Uint8Array => {
    assertFileName(name)
    return new TextEncoder().encode(name)
  }
  return {
    read: (name) => {
      const key = keyOf(name)
      return environment.run(async () => {
        const file = tables.files.getBinary(key)
        const content = file && unwrapSmallFile(file)
        if (file !== undefined && content === undefined)
          home.telemetry.damageFound({ node: home.node, what: `file ${name}`, reason: 'damaged' })
        return content
      })
    },
    write: (name, bytes) => {
      const [key, file] = [keyOf(name), wrapSmallFile(bytes)]
      return environment.run(() => environment.write(() => void tables.files.put(key, file)))
    },
    remove: (name) => {
      const key = keyOf(name)
      return environment.run(async () => {
        const existed = tables.files.doesExist(key)
        await environment.write(() => void tables.files.remove(key))
        return existed
      })
    },
  }
}
