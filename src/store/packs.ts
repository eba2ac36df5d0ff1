/**
 * Small objects share chunks (ruling E7). An object is sealed under its own key, gets its final place in the open pack, and is appended with
 * whatever else waits to the stage of parity + 1 nodes: that makes it durable. A pack that is full, or old, is written as a chunk; one change
 * names its shards, and no recipe changes. Until then it is read from memory. Faults 1, 5, 6, 7, 9 and 13.
 */
import { strict as assert } from 'node:assert'
import { toHex } from '#bytes/text'
import type { ChangeLog } from '#changelog/change'
import { appendTimeoutMsDefault, FramePlacer } from '#changelog/placement'
import { packGeometryFor } from '#chunk/geometry'
import { aeadKeyBytes, aeadTagBytes, seal, tryOpen } from '#crypto/aead'
import type { Profile } from '#erasure/profile'
import { isFault } from '#fault/fault'
import type { Sql } from '#sql/sql'
import { Pack } from '#store/_pack'
import { packedNonce, readPacked } from '#store/_read-packed'
import { decodeStageFrame, encodeStageFrame, type StagedObject } from '#store/_stage-frame'
import { writePack } from '#store/_write-pack'
import { chunkIdBytes, chunkToJson, type Extent } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { findChunk, findStaged, type StoreChange } from '#store/tables'

/** A larger object has chunks of its own: packing it would write it six times over for little. */
export const packedBytesMax = 64 * 1024
/** An object takes at most this share of a block, so that columns fill well. */
const blockShareMax = 4
/** A pack is closed when it is so old, full or not: what is staged is on few nodes, and in memory. */
export const packAgeMsDefault = 5_000
/** Objects of one stage frame take no more together. */
const groupBytes = 512 * 1024
/** Packs being written at once; whoever brings more objects waits. */
const closingMax = 3
const retryMs = 1_000

export interface PacksParts {
  readonly store: ChunkStore
  readonly changelog: ChangeLog
  readonly sql: Sql
  readonly packAgeMs?: number
}

interface Waiting {
  readonly profile: Profile
  readonly sealed: Uint8Array
  readonly resolve: (place: { readonly packId: Uint8Array; readonly offset: number }) => void
  readonly reject: (error: unknown) => void
}

export class Packs {
  readonly #parts: PacksParts
  readonly #placer: FramePlacer
  readonly #stopped = new AbortController()
  /** By profile: the pack that takes objects. */
  readonly #open = new Map<string, Pack>()
  readonly #closing = new Map<Pack, Promise<void>>()
  /** Recipes' steps in packs that no node has told of yet, by pack in hex. */
  readonly #missing = new Map<string, readonly Extent[]>()
  #waiting: Waiting[] = []
  #active: Promise<void> | undefined
  #nextFrame = 1n
  #replicas = 1

  constructor(parts: PacksParts) {
    this.#parts = parts
    const { cluster, world } = parts.store.parts
    this.#placer = new FramePlacer({
      nodes: () =>
        cluster.nodes().map(({ id, state, stores: { stage, files } }) => {
          return { id, log: stage, files, isUp: state === 'up' }
        }),
      admit: () => Promise.resolve(),
      replicas: () => this.#replicas,
      appendTimeoutMs: appendTimeoutMsDefault,
      world,
      onNodeFailure: (id, error) => {
        const node = cluster.nodes().find((one) => one.id === id)
        if (node !== undefined) void cluster.reportFailure(node.number, error)
      },
    })
    cluster.onChange(({ node: { state } }) => {
      if (state === 'down') this.#rotateAll()
      else void this.#findMissing()
    })
  }

  /** Whether objects of so many bytes are packed. */
  takes(profile: Profile, bytes: number): boolean {
    const { blockBytes } = this.#geometry(profile)
    const bytesMax = Math.min(packedBytesMax, Math.floor(blockBytes / blockShareMax) - aeadTagBytes)
    return bytes > 0 && bytes <= bytesMax
  }

  /** Durable on return. The caller holds an activity of the store until its commit. `changelog/unavailable` when nodes are too few. */
  async put(profile: Profile, plaintext: Uint8Array): Promise<Extent> {
    assert(this.takes(profile, plaintext.length))
    const { world, keyring } = this.#parts.store.parts
    const dataKey = world.randomBytes(aeadKeyBytes)
    const sealed = seal(plaintext, { key: dataKey, nonce: packedNonce })
    const { packId, offset } = await this.#stage(profile, sealed)
    return { chunkId: packId, offset, bytes: plaintext.length, key: keyring.wrap(dataKey) }
  }

  /** The same object at another place, its ciphertext moved as it is. Durable on return. */
  async move(profile: Profile, extent: Extent, signal: AbortSignal): Promise<Extent> {
    const { sealed } = await readPacked(this.#parts.store, extent, { signal })
    const { packId, offset } = await this.#stage(profile, sealed)
    return { ...extent, chunkId: packId, offset }
  }

  /**
   * What a former process has left on the nodes' stages comes back into memory, and is written as chunks from there. What no node that is
   * up can tell stays missing until others come back. Before anything is read or put.
   */
  async recover(): Promise<void> {
    const { store, sql } = this.#parts
    for (const { stores } of store.parts.cluster.up()) {
      const last = await stores.stage.lastSequence().catch(ignoreFault)
      if (last !== undefined && last >= this.#nextFrame) this.#nextFrame = last + 1n
    }
    for (const extent of await findStaged(sql)) {
      const id = toHex(extent.chunkId)
      this.#missing.set(id, [...(this.#missing.get(id) ?? []), extent])
    }
    await this.#findMissing()
    if (this.#missing.size === 0) await this.#cutStage()
  }

  /** Writes every pack that is open as a chunk, and waits for it. */
  async flush(): Promise<void> {
    await this.#active
    this.#rotateAll()
    await Promise.all(this.#closing.values())
  }

  /** What is staged stays so; the next process finds it. */
  async close(): Promise<void> {
    this.#stopped.abort()
    this.#placer.close()
    await this.#active
    await Promise.all(this.#closing.values())
  }

  #geometry(profile: Profile) {
    return packGeometryFor(profile, this.#parts.store.parts.codec.slots.slotBytes)
  }

  #stage(
    profile: Profile,
    sealed: Uint8Array,
  ): Promise<{ readonly packId: Uint8Array; readonly offset: number }> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ profile, sealed, resolve, reject })
      this.#active ??= this.#work().finally(() => {
        this.#active = undefined
      })
    })
  }

  async #work(): Promise<void> {
    await undefined // whoever goes on in the same moment joins the group
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      while (this.#closing.size >= closingMax) await Promise.race(this.#closing.values())
      const pack = this.#openPack(first.profile)
      const group = this.#takeGroup(pack, first.profile)
      if (group.length === 0) this.#rotate(first.profile)
      else await this.#append(pack, group)
    }
  }

  /** Those of one profile that fit the pack, with their places in it. */
  #takeGroup(
    pack: Pack,
    profile: Profile,
  ): readonly { readonly job: Waiting; readonly offset: number }[] {
    const group: { readonly job: Waiting; readonly offset: number }[] = []
    const rest: Waiting[] = []
    let bytes = 0
    let isFull = false
    for (const job of this.#waiting) {
      const offset =
        isFull || bytes >= groupBytes || profileName(job.profile) !== profileName(profile)
          ? undefined
          : pack.place(job.sealed)
      if (offset === undefined) {
        rest.push(job)
        isFull = true // what came later does not overtake
        continue
      }
      bytes += job.sealed.length
      group.push({ job, offset })
    }
    this.#waiting = rest
    return group
  }

  async #append(
    pack: Pack,
    group: readonly { readonly job: Waiting; readonly offset: number }[],
  ): Promise<void> {
    const { id: packId, geometry } = pack
    const objects = group.map(({ job: { sealed }, offset }) => ({ offset, sealed }))
    const frame = this.#nextFrame
    this.#nextFrame += 1n
    pack.firstFrame ??= frame
    this.#replicas = geometry.profile.parity + 1
    try {
      const bytes = encodeStageFrame({ packId, geometry, objects })
      await this.#placer.attempt(this.#placer.prepare({ bytes, first: frame, last: frame }))
      this.#parts.store.parts.world.passing('store/staged')
      for (const { job, offset } of group) job.resolve({ packId, offset })
    } catch (error) {
      for (const { job } of group) job.reject(error)
    }
  }

  #openPack(profile: Profile): Pack {
    const name = profileName(profile)
    const open = this.#open.get(name)
    if (open !== undefined) return open
    const { store } = this.#parts
    const pack = new Pack(store.parts.world.randomBytes(chunkIdBytes), this.#geometry(profile))
    this.#open.set(name, pack)
    store.openPacks.set(toHex(pack.id), pack)
    void this.#closeWhenOld(profile, pack)
    return pack
  }

  async #closeWhenOld(profile: Profile, pack: Pack): Promise<void> {
    const { packAgeMs = packAgeMsDefault, store } = this.#parts
    try {
      await store.parts.world.sleep(packAgeMs, { signal: this.#stopped.signal })
    } catch {
      return // stopped
    }
    await this.#active // what is on its way to the stage belongs to it
    if (this.#open.get(profileName(profile)) === pack) this.#rotate(profile)
  }

  #rotateAll(): void {
    for (const { geometry } of [...this.#open.values()]) this.#rotate(geometry.profile)
  }

  /** The open pack takes no more. */
  #rotate(profile: Profile): void {
    const pack = this.#open.get(profileName(profile))
    if (pack === undefined) return
    this.#open.delete(profileName(profile))
    this.#beginClosing(pack)
  }

  #beginClosing(pack: Pack): void {
    const closing = this.#closePack(pack).finally(() => this.#closing.delete(pack))
    this.#closing.set(pack, closing)
    closing.catch(() => {}) // told to telemetry; what is staged is found by the next process
  }

  /** Tries until it is done: what is staged is safe, only not yet as safe as it will be. */
  async #closePack(pack: Pack): Promise<void> {
    const { store } = this.#parts
    const { world, telemetry } = store.parts
    while (!this.#stopped.signal.aborted) {
      const end = store.beginActivity()
      try {
        await this.#record(pack)
        store.openPacks.delete(toHex(pack.id))
        await this.#cutStage()
        return
      } catch (error) {
        if (!isFault(error)) throw error
        telemetry.note('warn', 'pack not written yet', { error: error.message })
      } finally {
        end()
      }
      await world.sleep(retryMs, { signal: this.#stopped.signal }).catch(() => {}) // stopped: the loop sees it
    }
  }

  /** Writes the pack's shards, and the change that names them. */
  async #record(pack: Pack): Promise<void> {
    const { store, changelog, sql } = this.#parts
    if (pack.isEmpty) return
    if ((await findChunk(sql, pack.id)) === undefined) {
      const chunk = await writePack(store, pack, { signal: this.#stopped.signal })
      store.parts.world.passing('store/pack-written')
      const change: StoreChange = { kind: 'store/chunk', chunk: chunkToJson(chunk) }
      await changelog.commit((tx) => tx.record(change))
    } else await changelog.reached(changelog.committed()) // it was decided before, and the answer lost
    store.parts.world.passing('store/pack-recorded')
  }

  /** Forgets frames of packs that rest in shards; while some are missing, any frame may hold them. */
  async #cutStage(): Promise<void> {
    if (this.#missing.size > 0) return
    const { openPacks, parts } = this.#parts.store
    const firsts = [...openPacks.values()].flatMap(({ firstFrame }) => firstFrame ?? [])
    const below = firsts.reduce((a, b) => (b < a ? b : a), this.#nextFrame) - 1n
    await Promise.all(
      parts.cluster.up().map(({ stores }) => stores.stage.cut(below).catch(ignoreFault)),
    )
  }

  /** Looks on all nodes that are up for what is missing; packs that are whole again are closed. */
  async #findMissing(): Promise<void> {
    if (this.#missing.size === 0) return
    const { store } = this.#parts
    for (const { stores } of store.parts.cluster.up()) {
      if (this.#missing.size === 0) break
      try {
        for await (const { first, frame } of stores.stage.read()) this.#restore(first, frame)
      } catch (error) {
        ignoreFault(error)
      }
    }
    for (const [id, extents] of this.#missing)
      store.parts.telemetry.note('error', 'objects of a pack are on no node that is up', {
        pack: id,
        objects: extents.length,
      })
  }

  #restore(number: bigint, payload: Uint8Array): void {
    const frame = decodeStageFrame(payload)
    if (frame === undefined) return
    const id = toHex(frame.packId)
    const missing = this.#missing.get(id)
    if (missing === undefined) return
    const { openPacks } = this.#parts.store
    const pack = openPacks.get(id) ?? new Pack(Uint8Array.from(frame.packId), frame.geometry)
    openPacks.set(id, pack)
    const rest = missing.filter((extent) => !this.#restoreObject(pack, extent, frame.objects))
    if (rest.length < missing.length && (pack.firstFrame ?? number) >= number)
      pack.firstFrame = number
    if (rest.length > 0) {
      this.#missing.set(id, rest)
      return
    }
    this.#missing.delete(id)
    this.#beginClosing(pack)
  }

  /** Whether the frame has it, authentic. */
  #restoreObject(pack: Pack, extent: Extent, objects: readonly StagedObject[]): boolean {
    const { offset, bytes, key } = extent
    const object = objects.find((one) => one.offset === offset)
    if (object === undefined || object.sealed.length !== bytes + aeadTagBytes) return false
    assert(key !== undefined)
    const dataKey = this.#parts.store.parts.keyring.unwrap(key.generation, key.wrapped)
    if (tryOpen(object.sealed, { key: dataKey, nonce: packedNonce }) === undefined) return false
    pack.put(object)
    return true
  }
}

function profileName({ data, parity }: Profile): string {
  return `${data}+${parity}`
}

function ignoreFault(error: unknown): undefined {
  if (!isFault(error)) throw error
}
