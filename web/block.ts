/**
 * One block of a file, from any of its shards that are enough: those with data first, others as soon as one fails or dawdles. What they give is
 * compared with the block's hash; if it differs, all shards are fetched, and those that are damaged are found and left out.
 */
import { overwrittenShards } from '#content/cdn-meta'
import type { Block } from '#content/metadata'
import { recoverBlock } from '#content/recover-block'
import type { ShardsThere } from '#content/shards'
import { isFault } from '#fault/fault'
import { decrypt } from '#web/decrypt'
import { webFault } from '#web/faults'
import { isSame, type Kernels } from '#web/kernels'
import type { Trouble } from '#web/messages'
import { fetchShard, type Reply } from '#web/registry'

/** For so long nothing has come: one shard more is asked for. */
const patienceMs = 3_000

export interface OpenedBlock {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly trouble: Trouble
}

/** `web/too-few-pieces`, `content/damaged-shards`, `content/not-authentic` */
export async function readBlock(
  block: Block,
  { kernels, signal }: { readonly kernels: Kernels; readonly signal: AbortSignal },
): Promise<OpenedBlock> {
  const gathering = new Gathering(block, signal)
  const { contentHash: key, nonce } = block
  await gathering.gather(block.requiredShards)
  const { sealed, damaged } =
    joinWhole(block, gathering.shards, kernels) ?? (await recover(block, gathering, kernels))
  const trouble = { damaged, missing: gathering.missing }
  return { bytes: await decrypt(sealed, { key, nonce }), trouble }
}

interface Sealed {
  readonly sealed: Uint8Array
  readonly damaged: number
}

function joinWhole(block: Block, shards: ShardsThere, kernels: Kernels): Sealed | undefined {
  try {
    const sealed = kernels.coder.joinShards(shards, codingOf(block))
    return isSame(kernels.hashOf(sealed), block.encryptedHash) ? { sealed, damaged: 0 } : undefined
  } catch (error) {
    if (isFault(error, 'content/damaged-shards')) return undefined
    throw error
  }
}

async function recover(block: Block, gathering: Gathering, kernels: Kernels): Promise<Sealed> {
  await gathering.gather(block.shards.length)
  const { sealed, damaged } = recoverBlock(kernels.coder, {
    shards: gathering.shards,
    coding: codingOf(block),
    isWhole: (joined) => isSame(kernels.hashOf(joined), block.encryptedHash),
  })
  return { sealed, damaged: damaged.length }
}

function codingOf({ requiredShards, shards }: Block): {
  readonly required: number
  readonly total: number
} {
  return { required: requiredShards, total: shards.length }
}

class Gathering {
  readonly shards: (Uint8Array | undefined)[]
  readonly #block: Block
  readonly #signal: AbortSignal
  readonly #waiting: number[]
  readonly #pending = new Map<number, Promise<void>>()
  readonly #failures: Reply['state'][] = []

  constructor(block: Block, signal: AbortSignal) {
    this.#block = block
    this.#signal = signal
    const lost = overwrittenShards(block)
    this.#waiting = block.shards.map((_, index) => index).filter((index) => !lost.includes(index))
    this.shards = block.shards.map(() => undefined)
  }

  get missing(): number {
    return this.#failures.length
  }

  get #present(): number {
    return this.shards.filter((shard) => shard !== undefined).length
  }

  /** Until so many are there, or no more can be: `web/too-few-pieces` when those are not enough for the block. */
  async gather(count: number): Promise<void> {
    while (this.#present < count) {
      while (this.#pending.size < count - this.#present && this.#startNext());
      if (this.#pending.size === 0) break
      const patience = Promise.withResolvers<'slow'>()
      const timer = setTimeout(patience.resolve, patienceMs, 'slow')
      const first = await Promise.race([...this.#pending.values(), patience.promise])
      clearTimeout(timer)
      this.#signal.throwIfAborted()
      if (first === 'slow') this.#startNext()
    }
    const { requiredShards: required, shards } = this.#block
    if (this.#present >= required) return
    throw webFault('web/too-few-pieces', {
      present: this.#present,
      required,
      total: shards.length,
      refused: this.#failures.filter((state) => state === 'refused').length,
      lost: this.#failures.filter((state) => state === 'missing').length,
    })
  }

  #startNext(): boolean {
    const index = this.#waiting.shift()
    const location = this.#block.shards[index ?? -1]
    if (index === undefined || location === undefined) return false
    this.#pending.set(
      index,
      fetchShard(location, this.#block, this.#signal).then((reply) => {
        this.#pending.delete(index)
        if (reply.state === 'there') this.shards[index] = reply.bytes
        else this.#failures.push(reply.state)
      }),
    )
    return true
  }
}
