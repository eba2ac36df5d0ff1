/** The node directories of a data directory: whose they are, and opening them. */

import type { FreeSpaces } from '#disk/free-space'
import { openRealDisk } from '#disk/real'
import { isFault } from '#fault/fault'
import { type DataDirectory, nodeId } from '#main/data-directory'
import { mainFault } from '#main/faults'
import { type Engine, readNodeMetadata } from '#shard/node-metadata'
import type { OpenHandles } from '#shard/open-handles'
import { openNode } from '#shard/open-node'
import type { NodeStores } from '#shard/store'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

/** What the directories say before anything is opened. */
export interface NodeSurvey {
  /** Ids of the directories that hold a node. */
  readonly ids: readonly string[]
  /** Whose nodes they are; `undefined` when there are none. */
  readonly storeId: Uint8Array | undefined
}

/** Looks, and changes nothing. `main/mixed-stores`. A directory that cannot be read counts as a node that is down. */
export async function surveyNodes(directory: DataDirectory): Promise<NodeSurvey> {
  const owners = new Map<string, string>()
  for (const id of await directory.listNodes()) {
    const storeId = await readOwner(directory.nodeRoot(id))
    if (storeId !== undefined) owners.set(id, storeId)
  }
  const storeIds = new Set(owners.values())
  if (storeIds.size > 1) throw mixedStores(directory, owners)
  const [storeId] = storeIds
  return {
    ids: [...owners.keys()],
    storeId: storeId === undefined ? undefined : Uint8Array.fromHex(storeId),
  }
}

/** Lower-case hex; `undefined` when the directory holds no node, or none that can be read. */
async function readOwner(root: string): Promise<string | undefined> {
  const disk = openRealDisk(root)
  try {
    return (await readNodeMetadata(disk))?.storeId
  } catch (error) {
    if (isFault(error)) return undefined
    throw error
  } finally {
    await disk.close()
  }
}

function mixedStores(directory: DataDirectory, owners: ReadonlyMap<string, string>): Error {
  const nodes = [...owners].map(([id, storeId]) => `${id}: ${storeId.slice(0, 8)}`).join(', ')
  return mainFault('main/mixed-stores', { path: directory.root, nodes })
}

export interface OpenNodeOptions {
  readonly storeId: Uint8Array
  readonly spaces?: FreeSpaces
  /** Of all nodes of this process. */
  readonly handles: OpenHandles
  readonly world: World
  readonly telemetry: Telemetry
}

/** Makes the node, with `engine`, when its directory is missing or empty. Faults of `openNode`. */
export function openOrMakeNode(
  directory: DataDirectory,
  id: string,
  { engine, ...options }: OpenNodeOptions & { readonly engine: Engine },
): Promise<NodeStores> {
  return openNode(directory.nodeRoot(id), { ...options, nodeId: id, makeWith: engine })
}

/**
 * Opens a node that was there before. A directory that is gone or empty is not made anew: a disk may only be unmounted, or the
 * directory moved away for a moment. `shard/node-lost`; faults of `openNode`.
 */
export function openFormerNode(
  directory: DataDirectory,
  id: string,
  options: OpenNodeOptions,
): Promise<NodeStores> {
  return openNode(directory.nodeRoot(id), { ...options, nodeId: id })
}

/** `node-01` to `node-14`. */
export function firstNodeIds(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => nodeId(index + 1))
}

/** Waits for all, then throws what the first of them threw: nothing goes on opening behind the back of who closes. */
export async function settleAll(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}
