/**
 * Small objects share chunks. An object is sealed under its own key, gets its final place in the open pack, and is appended with whatever
 * else waits to the stage of parity + 1 nodes: that makes it durable. A pack that is full, or old, is written as a chunk; one change names
 * its shards, and no recipe changes. Until then it is read from memory. Faults 1, 5, 6, 7, 9 and 13.
 */
import { strict as assert } from 'node:assert'
import { freeAtOnce } from '#bytes/free'
import { toHex } from '#bytes/text'
import type { ChangeLog } from '#changelog/change'
import { type Geometry, packGeometryFor } from '#chunk/geometry'
import { aeadKeyBytes, aeadTagBytes, seal } from '#crypto/aead'
import type { Profile } from '#erasure/profile'
import type { Sql } from '#sql/sql'
import { Pack } from '#store/_pack'
import { readSealed } from '#store/_read-packed'
import { Stage } from '#store/_stage'
import { StagedBefore } from '#store/_staged-before'
import { writePack } from '#store/_write-pack'
import { chunkIdBytes, chunkToJson, type PackedExtent } from '#store/chunk-record'
import type { ChunkStore } from '#store/chunk-store'
import { type LockOptions, packedNonce, wrapDataKey } from '#store/data-key'
import { findChunk, findStaged, type StoreChange } from '#store/tables'

/** A larger object has chunks of its own: packing it would write it six times over for little. */
export const packedBytesMax = 64 * 1024
/** An object takes at most this share of a block, so that columns fill well. */
const blockShareMax = 4
/** A pack is closed when it is so old, full or not: what is staged is on few nodes, and in memory. */
export const packAgeMsDefault = 5_000
/**
 * Turns of the event loop for which a group waits for more objects: microseconds for somebody alone, and what costs a group costs fewer of them.
 * With 32 writers groups of 6 became groups of 10, and a PUT took a seventh less processor time (docs/decisions/0015-what-each-step-brought.md).
 */
const gatheringTurns = 3
/** Objects of one stage frame take no more together. */
const groupBytes = 512 * 1024
/** Packs being written at once; whoever brings more objects waits, or is refused when they cannot be written. */
const closingMax = 3
const retryMs = 1_000

export interface PacksOptions {
  readonly store: ChunkStore
  readonly changelog: ChangeLog
  readonly sql: Sql
  readonly packAgeMs?: number
}

interface Waiting {
  readonly profile: Profile
  readonly sealed: Uint8Array
  readonly resolve: (place: Place) => void
  readonly reject: (error: unknown) => void
}

interface Place {
  readonly packId: Uint8Array
  readonly offset: number
}

/** Objects of one profile, placed in a pack. */
type Group = readonly { readonly job: Waiting; readonly offset: number }[]

/** Opens the packs of a store, what a former process has left staged among them. Before anything is read or put. */
export async function openPacks(options: PacksOptions): Promise<Packs> {
  const { store, sql } = options
  const stage = new Stage(store.parts)
  await stage.open()
  const packs = new Packs(options, stage, new StagedBefore(store, stage, await findStaged(sql)))
  await packs.recover()
  return packs
}

export class Packs {
  readonly #options: PacksOptions
  readonly #stage: Stage
  readonly #before: StagedBefore
  readonly #stopped = new AbortController()
  /** By profile: the pack that takes objects. */
  readonly #open = new Map<string, Pack>()
  readonly #closing = new Map<Pack, Promise<void>>()
  /** Why the last attempt to write a pack has failed, until one succeeds. */
  #trouble: { readonly error: unknown } | undefined
  /** Called when a pack has been written, or could not be. */
  #onAttempt = (): void => {}
  #waiting: Waiting[] = []
  #active: Promise<void> | undefined

  constructor(options: PacksOptions, stage: Stage, before: StagedBefore) {
    this.#options = options
    this.#stage = stage
    this.#before = before
    options.store.parts.cluster.onChange(({ node: { state } }) => {
      if (state === 'down') this.#rotateAll()
      else void this.recover()
    })
  }

  /** Whether objects of so many bytes are packed. */
  takes(profile: Profile, bytes: number): boolean {
    const { blockBytes } = this.#geometry(profile)
    const bytesMax = Math.min(packedBytesMax, Math.floor(blockBytes / blockShareMax) - aeadTagBytes)
    return bytes > 0 && bytes <= bytesMax
  }

  /** Durable on return. The caller holds an activity of the store until its commit. `changelog/unavailable` when nodes are too few. */
  async put(
    profile: Profile,
    plaintext: Uint8Array,
    { outerKey }: Pick<LockOptions, 'outerKey'> = {},
  ): Promise<PackedExtent> {
    assert(this.takes(profile, plaintext.length))
    const { world, keyring } = this.#options.store.parts
    const dataKey = world.randomBytes(aeadKeyBytes)
    const sealed = seal(plaintext, { key: dataKey, nonce: packedNonce })
    const { packId, offset } = await this.#enqueue(profile, sealed)
    const key = wrapDataKey(keyring, dataKey, { outerKey, sealed })
    freeAtOnce(sealed) // the pack has it, and the stage
    return { chunkId: packId, offset, bytes: plaintext.length, key }
  }

  /** The same object at another place, its ciphertext as it is. Durable on return; the activity as for `put`. */
  async move(profile: Profile, extent: PackedExtent, signal: AbortSignal): Promise<PackedExtent> {
    const sealed = await readSealed(this.#options.store, extent, { signal })
    const { packId, offset } = await this.#enqueue(profile, sealed)
    return { ...extent, chunkId: packId, offset }
  }

  /** Looks for staged objects that are missing, and writes their packs as chunks. */
  async recover(): Promise<void> {
    await this.#before.look((pack) => this.#beginClosing(pack))
    await this.#cutStage()
  }

  /** Writes every pack that is open as a chunk, and waits for it. The faults of `writePack`, when one cannot be written now. */
  async flush(): Promise<void> {
    await this.#active
    this.#rotateAll()
    await this.#untilClosing(0)
  }

  /** What is staged stays so; the next process finds it. */
  async close(): Promise<void> {
    this.#stopped.abort()
    this.#stage.close()
    await this.#active
    await Promise.all(this.#closing.values())
  }

  #geometry(profile: Profile): Geometry {
    return packGeometryFor(profile, this.#options.store.parts.codec.slots.slotBytes)
  }

  #enqueue(profile: Profile, sealed: Uint8Array): Promise<Place> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ profile, sealed, resolve, reject })
      this.#active ??= this.#work()
    })
  }

  async #work(): Promise<void> {
    const { world } = this.#options.store.parts
    try {
      for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
        await world.turns(gatheringTurns)
        if (!(await this.#mayGoOn())) continue
        const pack = this.#openPack(first.profile)
        const group = this.#takeGroup(pack)
        if (group.length === 0) this.#rotate(pack)
        else await this.#append(pack, group)
      }
    } finally {
      this.#active = undefined // at once: who came a moment later would wait for the next one to come
    }
  }

  /** Once few enough packs are being written; false when something hinders that, which all who wait have been told then. */
  async #mayGoOn(): Promise<boolean> {
    try {
      await this.#untilClosing(closingMax - 1)
      return true
    } catch (error) {
      for (const { reject } of this.#waiting.splice(0)) reject(error)
      return false
    }
  }

  /** Until at most so many packs are being written. Throws what hinders that, if anything does. */
  async #untilClosing(most: number): Promise<void> {
    while (this.#closing.size > most) {
      if (this.#trouble !== undefined) throw this.#trouble.error
      await new Promise<void>((resolve) => {
        const others = this.#onAttempt
        this.#onAttempt = () => {
          others()
          resolve()
        }
      })
    }
  }

  /** Those that fit the pack, in order: what came later does not overtake. */
  #takeGroup(pack: Pack): Group {
    const group: { readonly job: Waiting; readonly offset: number }[] = []
    const rest: Waiting[] = []
    let bytes = 0
    let isFull = false
    const name = nameOf(pack.geometry.profile)
    for (const job of this.#waiting) {
      const isOthers = nameOf(job.profile) !== name
      const offset = isFull || isOthers || bytes >= groupBytes ? undefined : pack.place(job.sealed)
      if (offset === undefined) {
        rest.push(job)
        isFull ||= !isOthers
        continue
      }
      bytes += job.sealed.length
      group.push({ job, offset })
    }
    this.#waiting = rest
    return group
  }

  async #append(pack: Pack, group: Group): Promise<void> {
    const { id: packId, geometry } = pack
    const objects = group.map(({ job: { sealed }, offset }) => ({ offset, sealed }))
    pack.firstFrame ??= this.#stage.next
    try {
      await this.#stage.append({ packId, geometry, objects })
      this.#options.store.parts.world.passing('store/staged')
      for (const { job, offset } of group) job.resolve({ packId, offset })
    } catch (error) {
      for (const { job } of group) job.reject(error)
    }
  }

  #openPack(profile: Profile): Pack {
    const open = this.#open.get(nameOf(profile))
    if (open !== undefined) return open
    const { store } = this.#options
    const pack = new Pack(store.parts.world.randomBytes(chunkIdBytes), this.#geometry(profile))
    this.#open.set(nameOf(profile), pack)
    store.openPacks.set(toHex(pack.id), pack)
    void this.#rotateWhenOld(pack)
    return pack
  }

  async #rotateWhenOld(pack: Pack): Promise<void> {
    const { packAgeMs = packAgeMsDefault, store } = this.#options
    try {
      await store.parts.world.sleep(packAgeMs, { signal: this.#stopped.signal })
    } catch {
      return // stopped
    }
    this.#rotate(pack)
  }

  /** For when a node is lost: what is staged has one copy less. */
  #rotateAll(): void {
    for (const pack of [...this.#open.values()]) this.#rotate(pack)
  }

  /** The pack takes no more. Of what is on its way to the stage, it has the bytes already. */
  #rotate(pack: Pack): void {
    const name = nameOf(pack.geometry.profile)
    if (this.#open.get(name) !== pack) return
    this.#open.delete(name)
    this.#beginClosing(pack)
  }

  #beginClosing(pack: Pack): void {
    const closing = this.#closePack(pack).finally(() => {
      this.#closing.delete(pack)
      this.#tellAttempt()
    })
    this.#closing.set(pack, closing)
  }

  #tellAttempt(): void {
    const tell = this.#onAttempt
    this.#onAttempt = () => {}
    tell()
  }

  /** Tries until it is done: what is staged is safe, only not yet as safe as it will be. */
  async #closePack(pack: Pack): Promise<void> {
    const { store } = this.#options
    const { world, telemetry } = store.parts
    while (!this.#stopped.signal.aborted) {
      const end = store.beginActivity()
      try {
        await this.#record(pack)
        this.#trouble = undefined
        store.openPacks.delete(toHex(pack.id))
        return await this.#cutStage()
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        if (this.#trouble === undefined)
          telemetry.note('warn', 'A pack could not be written; trying again', { error })
        this.#trouble = { error }
        this.#tellAttempt()
      } finally {
        end()
      }
      await world.sleep(retryMs, { signal: this.#stopped.signal }).catch(() => {}) // stopped: the loop sees it
    }
  }

  /** Writes the pack's shards, and the change that names them. */
  async #record(pack: Pack): Promise<void> {
    const { store, changelog, sql } = this.#options
    if (pack.isEmpty) return
    if ((await findChunk(sql, pack.id)) !== undefined) {
      await changelog.reached(changelog.committed()) // it was decided before, and the answer lost
      return
    }
    const chunk = await writePack(store, pack, { signal: this.#stopped.signal })
    store.parts.world.passing('store/pack-written')
    const change: StoreChange = { kind: 'store/chunk', chunk: chunkToJson(chunk) }
    const committed = changelog.commit((tx) => tx.record(change))
    await committed.finally(() => store.chunksRecorded([chunk]))
    store.parts.world.passing('store/pack-recorded')
  }

  /** Forgets frames of packs that rest in shards; while some are missing, or the database may be an old one, any frame may hold what is. */
  async #cutStage(): Promise<void> {
    if (!this.#before.isComplete) return
    if (this.#options.changelog.witnessesMissing().length > 0) return
    const firsts = [...this.#options.store.openPacks.values()].flatMap(
      ({ firstFrame }) => firstFrame ?? [],
    )
    await this.#stage.cut(firsts.reduce((a, b) => (b < a ? b : a), this.#stage.next) - 1n)
  }
}

function nameOf({ data, parity }: Profile): string {
  return `${data}+${parity}`
}
