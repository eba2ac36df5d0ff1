/** Takes a file's shards away from the backends that let us. */
import { type BackendAt, reasonOf } from '#content/backend'
import type { FileMetadata } from '#content/metadata'
import { inLanes } from '#stream/lanes'

/** Blocks whose shards are removed at a time. */
const blockLanes = 16

export interface RemovedShards {
  readonly removed: number
  /** Were not there. */
  readonly absent: number
  /** Backends that did not do it, and why, each once. */
  readonly refusals: ReadonlyMap<string, string>
}

export async function removeShards(
  { blocks }: FileMetadata,
  { backendAt, signal }: { readonly backendAt: BackendAt; readonly signal: AbortSignal },
): Promise<RemovedShards> {
  const refusals = new Map<string, string>()
  let [removed, absent] = [0, 0]
  await inLanes(blocks, blockLanes, async ({ shards, encryptedHash }) => {
    signal.throwIfAborted()
    await Promise.all(
      shards.map(async (location) => {
        try {
          const isRemoved = await (await backendAt(location)).remove(encryptedHash)
          if (isRemoved) removed += 1
          else absent += 1
        } catch (error) {
          signal.throwIfAborted()
          refusals.set(
            `${location.host} port ${location.port} database ${location.db}`,
            reasonOf(error),
          )
        }
      }),
    )
  })
  return { removed, absent, refusals }
}
