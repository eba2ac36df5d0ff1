/**
 * Shards of blocks, from wherever they lie: as many as are needed, from those who answer soonest, and others when one is late or fails
 * (Dean and Barroso, "The tail at scale", 2013).
 */
import { type BackendAt, type RoomFor, reasonOf } from '#content/backend'
import { contentFault } from '#content/faults'
import type { Block, ShardLocation } from '#content/metadata'
import { overwrittenShards } from '#content/metadata-rules'
import type { World } from '#world/world'

/** Until answers are known. */
const lateAfterMsAtFirst = 500
const lateAfterMsMin = 50
const lateAfterMsMax = 2_000
/** An answer is late after so many times what is usual. */
const lateFactor = 3
/** How much the newest answer counts. */
const newestWeight = 0.2

/** What came of asking for one shard. */
export type ShardAnswer =
  | { readonly state: 'there'; readonly bytes: Uint8Array }
  | { readonly state: 'missing' }
  | { readonly state: 'unreachable'; readonly reason: string }
  /** A later shard of the block has its place. */
  | { readonly state: 'overwritten' }

/** Memory for the shard `index`, of so many bytes; `undefined` where it may lie anywhere. */
export type ShardRoomFor = (index: number, bytes: number) => Uint8Array | undefined

const anywhere: ShardRoomFor = () => undefined

export interface GatheredShards {
  /** At least those required, by index; the others are `undefined`. */
  readonly shards: readonly (Uint8Array | undefined)[]
  /** Once nobody writes to rooms any more: shards that came too late may still do so. Never rejects. */
  readonly settled: Promise<void>
}

export interface ShardSourceOptions {
  readonly backendAt: BackendAt
  readonly world: Pick<World, 'monotonic' | 'timer'>
  readonly signal: AbortSignal
}

export class ShardSource {
  readonly #options: ShardSourceOptions
  /** Milliseconds until an answer, by place; failures count as very long. */
  readonly #usualMs = new Map<string, number>()

  constructor(options: ShardSourceOptions) {
    this.#options = options
  }

  /**
   * At least `requiredShards` shards of the block. `content/too-few-shards` (with the `reason` of one that failed) when there are not as many.
   * Rooms that were given are written to until `settled`, or until nobody asks any more when it fails.
   */
  async enough(block: Block, roomFor = anywhere): Promise<GatheredShards> {
    const { signal } = this.#options
    signal.throwIfAborted()
    return await new Promise((resolve, reject) => {
      const gathering = new Gathering(block, this.#inOrder(block), {
        ask: (index) => this.one(block, index, (bytes) => roomFor(index, bytes)),
        lateAfterMs: this.#lateAfterMs(),
        world: this.#options.world,
        resolve,
        reject,
      })
      const cancel = (): void => gathering.end(() => reject(signal.reason))
      signal.addEventListener('abort', cancel, { once: true })
      gathering.onEnd = () => signal.removeEventListener('abort', cancel)
      gathering.start()
    })
  }

  /** What there is of every shard. */
  async all(block: Block): Promise<readonly ShardAnswer[]> {
    const overwritten = overwrittenShards(block)
    const answers = await Promise.all(
      block.shards.map(async (_, index): Promise<ShardAnswer> => {
        if (overwritten.includes(index)) return { state: 'overwritten' }
        return await this.one(block, index)
      }),
    )
    this.#options.signal.throwIfAborted()
    return answers
  }

  /** Never rejects but for what nobody expected. */
  async one(
    { shards, encryptedHash }: Block,
    index: number,
    roomFor?: RoomFor,
  ): Promise<ShardAnswer> {
    const location = shards[index]
    if (location === undefined) return { state: 'missing' }
    const { world, backendAt } = this.#options
    const startedAt = world.monotonic()
    try {
      const backend = await backendAt(location)
      const bytes = await backend.get(encryptedHash, roomFor)
      this.#observe(location, world.monotonic() - startedAt)
      return bytes === undefined ? { state: 'missing' } : { state: 'there', bytes }
    } catch (error) {
      if (this.#options.signal.aborted) return { state: 'unreachable', reason: 'interrupted' }
      this.#usualMs.set(placeOf(location), Number.POSITIVE_INFINITY)
      return { state: 'unreachable', reason: reasonOf(error) }
    }
  }

  /** Data shards first, which need no arithmetic; those that failed last. */
  #inOrder(block: Block): readonly number[] {
    const overwritten = new Set(overwrittenShards(block))
    const late = this.#lateAfterMs()
    const isSlow = (index: number): number => {
      const location = block.shards[index]
      const ms = location === undefined ? 0 : (this.#usualMs.get(placeOf(location)) ?? 0)
      return ms === Number.POSITIVE_INFINITY ? 2 : Number(ms > late)
    }
    return block.shards
      .map((_, index) => index)
      .filter((index) => !overwritten.has(index))
      .sort((one, other) => isSlow(one) - isSlow(other) || one - other)
  }

  #observe(location: ShardLocation, ms: number): void {
    const place = placeOf(location)
    const before = this.#usualMs.get(place)
    const isKnown = before !== undefined && before !== Number.POSITIVE_INFINITY
    this.#usualMs.set(place, isKnown ? before + newestWeight * (ms - before) : ms)
  }

  /** Measured by the middle one, so that a slow place is late by what is usual for the others. */
  #lateAfterMs(): number {
    const known = [...this.#usualMs.values()].filter(Number.isFinite).sort((a, b) => a - b)
    const typical = known[(known.length - 1) >> 1]
    if (typical === undefined) return lateAfterMsAtFirst
    return Math.min(lateAfterMsMax, Math.max(lateAfterMsMin, lateFactor * typical))
  }
}

function placeOf({ host, port, db }: ShardLocation): string {
  return `${host} ${port} ${db}`
}

interface GatheringOptions {
  readonly ask: (index: number) => Promise<ShardAnswer>
  readonly lateAfterMs: number
  readonly world: Pick<World, 'timer'>
  readonly resolve: (gathered: GatheredShards) => void
  readonly reject: (error: unknown) => void
}

/** One block's shards being asked for. */
class Gathering {
  onEnd = (): void => {}
  readonly #required: number
  readonly #left: number[]
  readonly #shards: (Uint8Array | undefined)[]
  readonly #options: GatheringOptions
  readonly #settled = Promise.withResolvers<void>()
  #underWay = 0
  #there = 0
  #reason: string | undefined
  #isOver = false
  #stopClock = (): void => {}

  constructor(
    { shards, requiredShards }: Block,
    order: readonly number[],
    options: GatheringOptions,
  ) {
    this.#required = requiredShards
    this.#left = [...order]
    this.#shards = shards.map(() => undefined)
    this.#options = options
  }

  start(): void {
    for (let count = 0; count < this.#required; count += 1) this.#askNext()
    this.#expect()
    this.#settle()
  }

  end(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stopClock()
    this.onEnd()
    tell()
  }

  #askNext(): void {
    const index = this.#left.shift()
    if (index === undefined) return
    this.#underWay += 1
    const answered = (tell: () => void): void => {
      this.#underWay -= 1
      tell()
      if (this.#isOver && this.#underWay === 0) this.#settled.resolve()
    }
    this.#options.ask(index).then(
      (answer) => answered(() => this.#take(index, answer)),
      (error: unknown) => answered(() => this.end(() => this.#options.reject(error))),
    )
  }

  #take(index: number, answer: ShardAnswer): void {
    if (this.#isOver) return // it came too late
    switch (answer.state) {
      case 'there':
        this.#shards[index] = answer.bytes
        this.#there += 1
        break
      case 'unreachable':
        this.#reason ??= answer.reason
        this.#askNext()
        break
      case 'missing':
      case 'overwritten':
        this.#reason ??= 'a shard is not where it should be'
        this.#askNext()
    }
    this.#settle()
  }

  #settle(): void {
    if (this.#there >= this.#required) {
      const gathered = { shards: [...this.#shards], settled: this.#settled.promise }
      this.end(() => this.#options.resolve(gathered))
      return
    }
    if (this.#underWay > 0 || this.#left.length > 0) return
    const detail = { present: this.#there, required: this.#required, reason: this.#reason }
    this.end(() => this.#options.reject(contentFault('content/too-few-shards', detail)))
  }

  /** One more each time that nothing is complete when it should be. */
  #expect(): void {
    if (this.#isOver) return
    this.#stopClock = this.#options.world.timer(this.#options.lateAfterMs, () => {
      this.#askNext()
      if (this.#left.length > 0) this.#expect()
    })
  }
}
