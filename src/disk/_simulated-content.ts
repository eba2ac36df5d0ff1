/**
 * The bytes of one simulated file: what is on the platter, and the writes that are not there yet. A read sees both; a power
 * cut keeps each sector of each unsynced write, loses it, or leaves it torn.
 */

/** A number in [0, 1). */
export type Chance = () => number

/** A write or truncation that a sync has not covered. */
export interface PendingChange {
  /** False while the call that asked for it waits: a sync covers only what was finished before the sync began. */
  isDone: boolean
  readonly offset: number
  /** `undefined`: the file is cut or stretched to `offset`. */
  readonly bytes: Uint8Array | undefined
}

export class SimulatedContent {
  /** Names that lead here; 0 once removed. */
  links = 0
  modifiedAt = 0
  #stored = new Uint8Array(0)
  #storedLength = 0
  #length = 0
  #pending: PendingChange[] = []

  get length(): number {
    return this.#length
  }

  write(bytes: Uint8Array, offset: number): PendingChange {
    if (bytes.length > 0) this.#length = Math.max(this.#length, offset + bytes.length)
    return this.#add({ isDone: false, offset, bytes: new Uint8Array(bytes) })
  }

  truncate(length: number): PendingChange {
    this.#length = length
    return this.#add({ isDone: false, offset: length, bytes: undefined })
  }

  read(into: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(into.length, this.#length - offset))
    const view = into.subarray(0, count)
    view.fill(0)
    view.set(this.#stored.subarray(offset, Math.min(offset + count, this.#storedLength)))
    for (const { offset: start, bytes } of this.#pending)
      if (bytes === undefined) view.fill(0, Math.max(0, start - offset))
      else overlay(view, bytes, start - offset)
    return count
  }

  /** The bytes as a read sees them, as if all were synced. */
  copy(): SimulatedContent {
    const copy = new SimulatedContent()
    copy.modifiedAt = this.modifiedAt
    copy.#stored = new Uint8Array(this.#length)
    this.read(copy.#stored, 0)
    copy.#storedLength = this.#length
    copy.#length = this.#length
    return copy
  }

  /** A copy of what is on the platter. */
  stored(): Uint8Array<ArrayBuffer> {
    return this.#stored.slice(0, this.#storedLength)
  }

  /** What a sync that starts now will cover. */
  finished(): readonly PendingChange[] {
    return this.#pending.filter(({ isDone }) => isDone)
  }

  /** The sync succeeded: `covered` is on the platter. */
  store(covered: readonly PendingChange[]): void {
    this.#drop(covered)
    for (const { offset, bytes } of covered)
      if (bytes === undefined) this.#storeLength(offset)
      else this.#storeBytes(bytes, offset)
  }

  /** The sync failed: some of `covered` may be on the platter, and the cache believes that all is. */
  fail(covered: readonly PendingChange[], options: { chance: Chance; sectorBytes: number }): void {
    this.#drop(covered)
    for (const change of covered) this.#gamble(change, { ...options, survival: 0.5 })
  }

  /** The power failed. */
  cut(options: { readonly chance: Chance; readonly sectorBytes: number }): void {
    const survival = drawSurvival(options.chance)
    const pending = this.#pending
    this.#pending = []
    for (const change of pending) this.#gamble(change, { ...options, survival })
    this.#length = this.#storedLength
  }

  /** The process died, not the machine: what it had begun is in the cache. */
  settle(): void {
    for (const change of this.#pending) change.isDone = true
  }

  /** Flips one stored bit; false when nothing is stored. */
  rot(chance: Chance): boolean {
    if (this.#storedLength === 0) return false
    const at = Math.floor(chance() * this.#storedLength)
    this.#stored[at] = (this.#stored[at] ?? 0) ^ (1 << Math.floor(chance() * 8))
    return true
  }

  #add(change: PendingChange): PendingChange {
    this.#pending.push(change)
    return change
  }

  #drop(covered: readonly PendingChange[]): void {
    const gone = new Set(covered)
    this.#pending = this.#pending.filter((change) => !gone.has(change))
  }

  #gamble(
    { offset, bytes }: PendingChange,
    {
      chance,
      sectorBytes,
      survival,
    }: { readonly chance: Chance; readonly sectorBytes: number; readonly survival: number },
  ): void {
    if (bytes === undefined) {
      if (chance() < survival) this.#storeLength(offset)
      return
    }
    for (let at = 0; at < bytes.length; ) {
      const sector = bytes.subarray(at, at + sectorBytes - ((offset + at) % sectorBytes))
      const fate = chance()
      if (fate < tornShare && survival > 0) this.#storeBytes(tear(sector, chance), offset + at)
      else if (chance() < survival) this.#storeBytes(sector, offset + at)
      at += sector.length
    }
  }

  #storeBytes(bytes: Uint8Array, offset: number): void {
    if (bytes.length === 0) return
    this.#reserve(offset + bytes.length)
    this.#stored.set(bytes, offset)
    this.#storedLength = Math.max(this.#storedLength, offset + bytes.length)
  }

  #storeLength(length: number): void {
    this.#reserve(length)
    this.#stored.fill(0, length, this.#storedLength)
    this.#storedLength = length
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#stored.length) return
    const larger = new Uint8Array(Math.max(bytes, 2 * this.#stored.length))
    larger.set(this.#stored.subarray(0, this.#storedLength))
    this.#stored = larger
  }
}

/** How often a sector that was being written holds neither the old nor the new bytes. */
const tornShare = 0.1

/** Some power cuts lose everything that was not synced, some nothing, most a part: bugs hide in each. */
export function drawSurvival(chance: Chance): number {
  const mood = chance()
  if (mood < 0.25) return 0
  return mood < 0.5 ? 1 : chance()
}

/** A prefix of the new bytes and then garbage. */
function tear(sector: Uint8Array, chance: Chance): Uint8Array {
  const torn = new Uint8Array(sector)
  for (let at = Math.floor(chance() * torn.length); at < torn.length; at += 1)
    torn[at] = Math.floor(chance() * 256)
  return torn
}

/** Copies the part of `bytes` that falls into `view` when its start lies at `at` of the view. */
function overlay(view: Uint8Array, bytes: Uint8Array, at: number): void {
  const from = Math.max(0, -at)
  const to = Math.min(bytes.length, view.length - at)
  if (from < to) view.set(bytes.subarray(from, to), at + from)
}
