import { shardFault } from '#shard/faults'
import type { NodeStores } from '#shard/store'

/** Stands for a node that could not be opened: whatever is asked of it, it is lost. */
export function lostNode(node: string, cause?: unknown): NodeStores {
  const lost = (): Promise<never> => Promise.reject(shardFault('shard/node-lost', { node }, cause))
  // biome-ignore lint/correctness/useYield: what cannot be listed yields nothing before it fails
  async function* listLost(): AsyncGenerator<never> {
    await lost()
  }
  const close = (): Promise<void> => Promise.resolve()
  const log = { append: lost, read: listLost, lastSequence: lost, cut: lost, close }
  return {
    shards: {
      create: lost,
      read: lost,
      stat: lost,
      remove: lost,
      list: listLost,
      usage: lost,
      close,
    },
    log,
    stage: log,
    files: { read: lost, write: lost, remove: lost },
    probe: lost,
    close,
  }
}
