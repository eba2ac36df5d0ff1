/** A storage node in a directory. Layout and formats: docs/formats/node.md. */
import type { Disk } from '#disk/disk'
import { FreeSpaces } from '#disk/free-space'
import { DiskLog } from '#shard/_disk-log'
import { DiskShards } from '#shard/_disk-shards'
import { assertFileName } from '#shard/_file-name'
import { NodeHome } from '#shard/_home'
import { environmentPath } from '#shard/_lmdb-path'
import {
  type NodeOptions,
  newMetadata,
  requireNoShards,
  requireOwn,
  shardsWithoutMetadata,
} from '#shard/_ownership'
import { unwrapSmallFile, wrapSmallFile } from '#shard/_small-file'
import {
  metadataPath,
  type NodeMetadata,
  printNodeMetadata,
  readNodeMetadata,
} from '#shard/node-metadata'
import { OpenHandles } from '#shard/open-handles'
import type { NodeFiles, NodeStores } from '#shard/store'

export { readNodeMetadata } from '#shard/node-metadata'

/** What a log may give back at a time: the change log is cut seldom, the stage all the time. */
export const logSegmentBytes = 64 * 1024 * 1024
const stageSegmentBytes = 4 * 1024 * 1024

/**
 * Opens the node on `disk`, or makes it there when the directory is empty. Reads all directory names and the whole log.
 * `shard/foreign-node` when the directory is of another store or node; `shard/malformed-metadata`; faults of the disk.
 * The disk stays the caller's: `close` closes what was opened on it, not the disk itself.
 */
export async function openDiskNode(disk: Disk, options: NodeOptions): Promise<NodeStores> {
  const metadata = (await readNodeMetadata(disk)) ?? (await makeNode(disk, options))
  requireOwn(metadata, { ...options, engine: 'files' })
  for (const directory of ['shards', 'incoming', 'log', 'stage', 'files'])
    await disk.makeDirectory(directory)
  const home = new NodeHome(disk, metadata, { ...options, anchor: 'shards' })
  const { world, spaces = new FreeSpaces(world), handles = new OpenHandles() } = options
  const space = await spaces.of(disk)
  const shards = new DiskShards(home, { space, handles })
  const log = new DiskLog(home, { directory: 'log', segmentBytes: logSegmentBytes })
  const stage = new DiskLog(home, {
    directory: 'stage',
    segmentBytes: stageSegmentBytes,
    space,
  })
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
async function makeNode(disk: Disk, options: NodeOptions): Promise<NodeMetadata> {
  await requireNoShards(disk, options.nodeId)
  if ((await disk.stat(environmentPath)) !== undefined) throw shardsWithoutMetadata(options.nodeId)
  const metadata = newMetadata(options, 'files')
  await disk.makeDirectory('')
  await disk.writeDurably(metadataPath, new TextEncoder().encode(printNodeMetadata(metadata)))
  return metadata
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
