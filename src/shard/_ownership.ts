/** Whose a node's directory is: told when it is made, asked whenever it is opened. */
import type { Disk } from '#disk/disk'
import type { FreeSpaces } from '#disk/free-space'
import { shardFault } from '#shard/faults'
import type { Engine, NodeMetadata } from '#shard/node-metadata'
import type { OpenHandles } from '#shard/open-handles'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What every engine's node is opened with. */
export interface NodeOptions {
  readonly world: World
  readonly telemetry: Telemetry
  readonly storeId: Uint8Array
  readonly nodeId: string
  /** Of all nodes of this process; without it, the node knows of no other on its file system. */
  readonly spaces?: FreeSpaces | undefined
  /** Of all nodes of this process. */
  readonly handles?: OpenHandles | undefined
}

export function newMetadata({ world, storeId, nodeId }: NodeOptions, engine: Engine): NodeMetadata {
  return {
    storeId: storeId.toHex(),
    nodeId,
    incarnation: world.randomBytes(16).toHex(),
    createdAt: new Date(world.now()).toISOString(),
    engine,
  }
}

/** `shard/foreign-node` when the directory is another store's or node's, or of another engine. */
export function requireOwn(
  metadata: NodeMetadata,
  { storeId, nodeId, engine }: NodeOptions & { readonly engine: Engine },
): void {
  if (metadata.storeId !== storeId.toHex())
    throw shardFault('shard/foreign-node', { node: nodeId, foundStore: metadata.storeId })
  if (metadata.nodeId !== nodeId)
    throw shardFault('shard/foreign-node', { node: nodeId, foundNode: metadata.nodeId })
  if (metadata.engine !== engine)
    throw shardFault('shard/foreign-node', { node: nodeId, reason: `engine ${metadata.engine}` })
}

/** `shard/foreign-node` for a directory without metadata that was a node once, and is not ours to reuse. */
export async function requireNoShards(disk: Disk, nodeId: string): Promise<void> {
  for (const directory of await disk.list('shards'))
    if ((await disk.list(`shards/${directory}`)).length > 0) throw shardsWithoutMetadata(nodeId)
}

export function shardsWithoutMetadata(nodeId: string): Error {
  return shardFault('shard/foreign-node', { node: nodeId, reason: 'shards without metadata' })
}
