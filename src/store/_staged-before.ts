/**
 * What a former process has left on the stage: recipes lead into packs that have no row. Their objects are looked for on every node that is
 * up, now and whenever one comes back, and their packs are filled again as they were.
 */
import { toHex } from '#bytes/text'
import { aeadTagBytes } from '#crypto/aead'
import { Pack } from '#store/_pack'
import type { Stage } from '#store/_stage'
import type { PackedExtent } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { isSealedBy } from '#store/data-key'
import type { StageFrame } from '#store/stage-frame'

export class StagedBefore {
  readonly #store: ChunkStore
  readonly #stage: Stage
  #looking: Promise<void> | undefined
  #mustLookAgain = false

  constructor(store: ChunkStore, stage: Stage, extents: readonly PackedExtent[]) {
    this.#store = store
    this.#stage = stage
    for (const extent of extents) {
      const id = toHex(extent.chunkId)
      store.missing.set(id, [...(store.missing.get(id) ?? []), extent])
    }
  }

  /** Then any frame may hold what is missing, and none may be cut. */
  get isComplete(): boolean {
    return this.#store.missing.size === 0
  }

  /** Looks for what is missing; `onWhole` is told of each pack that has become whole. */
  async look(onWhole: (pack: Pack) => void): Promise<void> {
    this.#mustLookAgain = true
    this.#looking ??= this.#look(onWhole).finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  async #look(onWhole: (pack: Pack) => void): Promise<void> {
    while (this.#mustLookAgain && !this.isComplete) {
      this.#mustLookAgain = false
      for await (const { number, frame } of this.#stage.frames()) {
        const pack = this.#restore(number, frame)
        if (pack !== undefined) onWhole(pack)
        if (this.isComplete) return
      }
    }
    for (const [pack, extents] of this.#store.missing)
      this.#store.parts.telemetry.note('error', 'small objects are on no node that is up', {
        pack,
        objects: extents.length,
      })
  }

  /** The frame's pack, when nothing of it is missing any more. */
  #restore(number: bigint, { packId, geometry, objects }: StageFrame): Pack | undefined {
    const id = toHex(packId)
    const missing = this.#store.missing.get(id)
    if (missing === undefined) return undefined
    const { openPacks } = this.#store
    const pack = openPacks.get(id) ?? new Pack(Uint8Array.from(packId), geometry)
    openPacks.set(id, pack)
    const rest = missing.filter((extent) => !this.#restoreObject(pack, extent, objects))
    if (rest.length < missing.length && (pack.firstFrame ?? number) >= number)
      pack.firstFrame = number
    if (rest.length > 0) {
      this.#store.missing.set(id, rest)
      return undefined
    }
    this.#store.missing.delete(id)
    return pack
  }

  /** Whether the frame has it, authentic. */
  #restoreObject(
    pack: Pack,
    { offset, bytes, key }: PackedExtent,
    objects: StageFrame['objects'],
  ): boolean {
    const object = objects.find((one) => one.offset === offset)
    if (object === undefined || object.sealed.length !== bytes + aeadTagBytes) return false
    if (!isSealedBy(this.#store.parts.keyring, key, object.sealed)) return false
    pack.put(object)
    return true
  }
}
