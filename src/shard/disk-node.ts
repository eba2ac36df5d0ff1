/** A storage node in a directory. Layout and formats: docs/formats/node.md. */
import type { Disk } from '#disk/disk'
import { DiskLog } from '#shard/_disk-log'
import { DiskShards } from '#shard/_disk-shards'
import { assertFileName } from '#shard/_file-name'
import { NodeHome } from '#shard/_home'
import { unwrapSmallFile, wrapSmallFile } from '#shard/_small-file'
import { shardFault } from '#shard/faults'
import {
  metadataPath,
  type NodeMetadata,
  printNodeMetadata,
  readNodeMetadata,
} from '#shard/node-metadata'
import type { NodeFiles, NodeStores } from '#shard/store'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export { readNodeMetadata } from '#shard/node-metadata'

/** What a log may give back at a time: the change log is cut seldom, the stage all the time. */
export const logSegmentBytes = 64 * 1024 * 1024
const stageSegmentBytes = 4 * 1024 * 1024

/** `00` to `ff`. */
const shardDirectories = Array.from({ length: 256 }, (_, first) =>
  first.toString(16).padStart(2, '0'),
)

export interface DiskNodeOptions {
  readonly world: World
  readonly telemetry: Telemetry
  readonly storeId: Uint8Array
  readonly nodeId: string
}

/**
 * Opens the node on `disk`, or makes it there when the directory is empty. Reads all directory names and the whole log.
 * `shard/foreign-node` when the directory is of another store or node; `shard/malformed-metadata`; faults of the disk.
 * The disk stays the caller's: `close` closes what was opened on it, not the disk itself.
 */
export async function openDiskNode(disk: Disk, options: DiskNodeOptions): Promise<NodeStores> {
  const metadata = (await readNodeMetadata(disk)) ?? (await makeNode(disk, options))
  requireOwn(metadata, options)
  for (const directory of ['shards', 'incoming', 'log', 'stage', 'files'])
    await disk.makeDirectory(directory)
  const home = new NodeHome(disk, metadata, options)
  const shards = new DiskShards(home)
  const log = new DiskLog(home, { directory: 'log', segmentBytes: logSegmentBytes })
  const stage = new DiskLog(home, { directory: 'stage', segmentBytes: stageSegmentBytes })
  // A killed process may have left a new version unsynced, which we would show and a power cut take back.
  await home.guard(() =>
    Promise.all([shards.load(), log.load(), stage.load(), disk.syncDirectory('files')]),
  )
  return {
    shards,
    log,
    stage,
    files: openFiles(home),
    probe: () => home.probe(),
    async close() {
      await Promise.all([shards.close(), log.close(), stage.close()])
    },
  }
}

/** The metadata comes first: a directory with shards and none was a node once, and is not ours to reuse. */
async function makeNode(
  disk: Disk,
  { world, storeId, nodeId }: DiskNodeOptions,
): Promise<NodeMetadata> {
  for (const directory of await disk.list('shards'))
    if ((await disk.list(`shards/${directory}`)).length > 0)
      throw shardFault('shard/foreign-node', { node: nodeId, reason: 'shards without metadata' })
  const metadata = {
    storeId: storeId.toHex(),
    nodeId,
    incarnation: world.randomBytes(16).toHex(),
    createdAt: new Date(world.now()).toISOString(),
  }
  await disk.makeDirectory('')
  await disk.writeDurably(metadataPath, new TextEncoder().encode(printNodeMetadata(metadata)))
  // All at once and now, or most of the first few hundred shards would each wait for a directory of their own.
  await disk.makeDirectory('shards', shardDirectories)
  return metadata
}

function requireOwn(metadata: NodeMetadata, { storeId, nodeId }: DiskNodeOptions): void {
  if (metadata.storeId !== storeId.toHex())
    throw shardFault('shard/foreign-node', { node: nodeId, foundStore: metadata.storeId })
  if (metadata.nodeId !== nodeId)
    throw shardFault('shard/foreign-node', { node: nodeId, foundNode: metadata.nodeId })
}

function openFiles(home: NodeHome): NodeFiles {
  const pathOf = (name: string): string => {
    assertFileName(name)
    return `files/${name}`
  }
  return {
    read: (name) =>
      home.guard(async () => {
        const file = await home.disk.read(pathOf(name))
        const content = file && unwrapSmallFile(file)
        if (file !== undefined && content === undefined)
          home.telemetry.damageFound({ node: home.node, what: `file ${name}`, reason: 'damaged' })
        return content
      }),
    write: (name, bytes) =>
      home.guard(() => home.disk.writeDurably(pathOf(name), wrapSmallFile(bytes))),
    remove: (name) =>
      home.guard(async () => {
        const existed = await home.disk.remove(pathOf(name))
        await home.disk.syncDirectory('files')
        return existed
      }),
  }
}
