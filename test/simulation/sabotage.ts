/** Parts that break one promise each: what the simulation must find out. */
import type { ChangeLog } from '#changelog/change'
import type { Disk } from '#disk/disk'
import type { NodeStores } from '#shard/store'
import type { ChunkStore } from '#store/chunk-store'
import type { Sabotage } from './scenario.ts'

/** A disk that says it has synced. */
export function sabotageDisk(disk: Disk, sabotage: Sabotage | undefined): Disk {
  if (sabotage !== 'syncs do nothing') return disk
  const lying = async (opened: ReturnType<Disk['open']>): ReturnType<Disk['open']> => ({
    ...(await opened),
    sync: async () => {},
  })
  return {
    ...disk,
    create: (path, options) => lying(disk.create(path, options)),
    open: (path, options) => lying(disk.open(path, options)),
    syncDirectory: async () => {},
  }
}

/** Nodes that say they have staged what they have not, but for one. */
export function sabotageStage(
  stores: NodeStores,
  node: string,
  sabotage: Sabotage | undefined,
): NodeStores {
  if (sabotage !== 'one copy on the stage' || node === 'node-01') return stores
  const { stage } = stores
  return {
    ...stores,
    stage: {
      append: async () => {},
      read: (options) => stage.read(options),
      lastSequence: () => stage.lastSequence(),
      cut: (sequence) => stage.cut(sequence),
      close: () => stage.close(),
    },
  }
}

/** A change log whose commits answer as soon as they are decided. */
export function sabotageChangeLog(log: ChangeLog, sabotage: Sabotage | undefined): ChangeLog {
  if (sabotage !== 'answers before the log') return log
  return {
    ...log,
    commit: (work) =>
      new Promise((resolve, reject) => {
        const decided = log.commit(async (tx) => {
          const result = await work(tx)
          resolve(result)
          return result
        })
        decided.catch(reject)
      }),
  }
}

/** A store that knows of nobody who reads or writes. */
export function sabotageStore(store: ChunkStore, sabotage: Sabotage | undefined): ChunkStore {
  if (sabotage !== 'grace without activities') return store
  return Object.create(store, { oldestActivity: { value: () => undefined } })
}
