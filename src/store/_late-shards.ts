/**
 * Shards that are written behind (docs/decisions/0013): a node that keeps a write waiting is *late* with its shard, the write is acknowledged
 * without it, and the shard follows from copies. Fault 5 of the fault list: one slow disk of many must not be everybody's.
 */
import { copyOf } from '#bytes/copy'
import { freeAtOnce } from '#bytes/free'
import { toHex } from '#bytes/text'
import type { NodeNumber } from '#cluster/node'
import type { ShardId } from '#shard/shard-id'
import type { World } from '#world/world'

/** A node is late with a block or a commit that takes it longer than this … */
export const lateAfterMs = 250
/** … and longer than so many times what the others took: on a busy machine nobody is. */
export const lateFactor = 2
/** Who was late is written behind from the first block on for this long, so that nobody waits again to find out. */
const lateForMs = 10_000
/** Bytes copied for late nodes, in the whole store. Beyond, a late shard is given up, and repair writes it. */
const copiedBytesMax = 64 * 2 ** 20

/** A shard that is still on its way while its chunk is acknowledged without it. */
export interface LateShard {
  readonly chunkId: Uint8Array
  readonly column: number
  readonly node: NodeNumber
  readonly id: ShardId
  /** Whether it rests on its node in the end. Never rejects. */
  readonly arrived: Promise<boolean>
}

export class LateShards {
  readonly #world: World
  /** When each node was last late (monotonic ms). */
  readonly #lateAt = new Map<NodeNumber, number>()
  readonly #awaited = new Map<string, LateShard[]>()
  #copiedBytes = 0

  constructor(world: World) {
    this.#world = world
  }

  /** How many chunks wait for a shard. */
  get chunks(): number {
    return this.#awaited.size
  }

  noteLate(node: NodeNumber): void {
    this.#lateAt.set(node, this.#world.monotonic())
  }

  wasLate(node: NodeNumber): boolean {
    const at = this.#lateAt.get(node)
    return at !== undefined && this.#world.monotonic() - at < lateForMs
  }

  /** A copy that may be kept until the returned function is called; `undefined` while there are too many. */
  copy(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly free: () => void } | undefined {
    const { length } = bytes
    if (this.#copiedBytes + length > copiedBytesMax) return undefined
    this.#copiedBytes += length
    const copy = copyOf(bytes)
    const free = (): void => {
      this.#copiedBytes -= length
      freeAtOnce(copy)
    }
    return { bytes: copy, free }
  }

  /** Until `settle`, for which whoever wrote the chunk waits until it is recorded. */
  await(shard: LateShard): void {
    const id = toHex(shard.chunkId)
    this.#awaited.set(id, [...(this.#awaited.get(id) ?? []), shard])
  }

  of(chunkId: Uint8Array): readonly LateShard[] {
    return this.#awaited.get(toHex(chunkId)) ?? []
  }

  /** Calls `work`, which must not reject, with each shard of the chunk once it has arrived or will not, and is forgotten here. */
  async settle(
    chunkId: Uint8Array,
    work: (shard: LateShard, hasArrived: boolean) => Promise<void>,
  ): Promise<void> {
    const follow = async (shard: LateShard): Promise<void> => {
      const hasArrived = await shard.arrived
      this.#forget(shard)
      await work(shard, hasArrived)
    }
    await Promise.all(this.of(chunkId).map(follow))
  }

  #forget(shard: LateShard): void {
    const id = toHex(shard.chunkId)
    const rest = this.of(shard.chunkId).filter((one) => one !== shard)
    if (rest.length > 0) this.#awaited.set(id, rest)
    else this.#awaited.delete(id)
  }
}
