/** What the stores of a node in a directory share: its disk, its name, and how the disk's faults become ours. */
import type { Disk } from '#disk/disk'
import { isFault } from '#fault/fault'
import { shardFault } from '#shard/faults'
import { type NodeMetadata, readNodeMetadata } from '#shard/node-metadata'
import type { Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export class NodeHome {
  readonly disk: Disk
  readonly world: World
  readonly telemetry: Telemetry
  readonly node: string
  readonly #metadata: NodeMetadata
  readonly #anchor: string

  /** Without `anchor`, a path in the directory, the node is lost however whole its metadata are. */
  constructor(
    disk: Disk,
    metadata: NodeMetadata,
    {
      world,
      telemetry,
      anchor,
    }: { readonly world: World; readonly telemetry: Telemetry; readonly anchor: string },
  ) {
    this.disk = disk
    this.world = world
    this.telemetry = telemetry
    this.node = metadata.nodeId
    this.#metadata = metadata
    this.#anchor = anchor
  }

  /** `shard/node-lost` when the directory is gone, unreadable, or another one than the one we opened. */
  async probe(): Promise<void> {
    const found = await this.#read()
    if (found?.incarnation !== this.#metadata.incarnation)
      throw shardFault('shard/node-lost', { node: this.node, reason: found ? 'replaced' : 'gone' })
  }

  /** Runs `work` and turns the disk's faults into the stores' own. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw await this.#translate(error)
    }
  }

  async #read(): Promise<NodeMetadata | undefined> {
    try {
      const metadata = await readNodeMetadata(this.disk)
      const anchor = metadata && (await this.disk.stat(this.#anchor))
      return anchor && metadata
    } catch (cause) {
      const code = isFault(cause, 'disk/too-many-open') ? 'shard/too-many-open' : 'shard/node-lost'
      throw shardFault(code, { node: this.node, reason: 'unreadable' }, cause)
    }
  }

  async #translate(error: unknown): Promise<unknown> {
    if (!isFault(error) || !error.code.startsWith('disk/')) return error
    const detail = { node: this.node, reason: error.code }
    if (error.code === 'disk/full') return shardFault('shard/node-full', detail, error)
    if (error.code === 'disk/too-many-open') return shardFault('shard/too-many-open', detail, error)
    if (error.code === 'disk/not-found') {
      try {
        await this.probe()
      } catch (lost) {
        return lost
      }
    }
    return shardFault('shard/io', detail, error)
  }
}
