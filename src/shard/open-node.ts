/** Opens the node in a directory with the engine it was made with. */
import { openRealDisk } from '#disk/real'
import type { NodeOptions } from '#shard/_ownership'
import { openDiskNode } from '#shard/disk-node'
import { shardFault } from '#shard/faults'
import { type Engine, readNodeMetadata } from '#shard/node-metadata'
import type { NodeStores } from '#shard/store'

export interface OpenNodeOptions extends NodeOptions {
  /** What a node is made with where there is none; one that exists keeps its own. Absent: none is made. */
  readonly makeWith?: Engine
}

/** `shard/node-lost` when there is none and none is to be made; faults of `openDiskNode` and `openLmdbNode`. `close` closes everything. */
export async function openNode(
  root: string,
  { makeWith, ...options }: OpenNodeOptions,
): Promise<NodeStores> {
  const disk = openRealDisk(root)
  try {
    const engine = (await readNodeMetadata(disk))?.engine ?? makeWith
    if (engine === undefined)
      throw shardFault('shard/node-lost', {
        node: options.nodeId,
        reason: 'its directory is missing or empty',
      })
    const stores =
      engine === 'files'
        ? await openDiskNode(disk, options)
        : await (await import('#shard/lmdb-node')).openLmdbNode(disk, { ...options, root })
    return {
      ...stores,
      async close() {
        await stores.close()
        await disk.close()
      },
    }
  } catch (error) {
    await disk.close()
    throw error
  }
}
