/**
 * A disk in memory that behaves as badly as disks are allowed to. Written bytes are durable once their file is synced, names
 * once their directory is; a power cut keeps, loses or tears everything else, piece by piece. Faults 1 to 6 of the fault
 * list are injected here, and all of it comes from the world's seed.
 */
import assert from 'node:assert'
import { type Chance, SimulatedContent } from '#disk/_simulated-content'
import { type Machine, SimulatedFile } from '#disk/_simulated-file'
import { Directory, type PendingName, SimulatedNames, segments } from '#disk/_simulated-names'
import { SimulatedSpace } from '#disk/_simulated-space'
import { writeDurably } from '#disk/_write-durably'
import type { CreateOptions, Disk, DiskFile } from '#disk/disk'
import { diskFault } from '#disk/faults'
import { TakingTurns } from '#disk/taking-turns'
import type { World } from '#world/world'

export interface SimulatedDiskOptions {
  /** A fork of its own, so that this disk's delays and faults never shift another's. */
  readonly world: World
  readonly totalBytes?: number
  /** What a power cut keeps or loses as one: 512, or 4096 for a disk of large sectors. */
  readonly sectorBytes?: number
}

/** Delays in the manner of a fast local disk: 0.02 to 0.2 ms for a call, and 2 GB/s. */
const callMs = 0.02
const callSpreadMs = 0.18
const bytesPerMs = 2_000_000

/** What stays when a program or the power goes: the platter and what is cached above it. */
interface Platter {
  readonly names: SimulatedNames
  readonly space: SimulatedSpace
}

export class SimulatedDisk implements Disk {
  readonly #options: SimulatedDiskOptions
  readonly #platter: Platter
  readonly #machine: Machine
  readonly #chance: Chance
  readonly #sectorBytes: number
  readonly #turns = new TakingTurns<string>()
  #state: 'working' | 'broken' | 'off' = 'working'
  #operations = 0
  #interruptAt: number | undefined
  #interruption: (() => void) | undefined
  #slowMs = 0
  #failingSyncs = 0

  /** Callers leave `platter` out; `restart` hands on what survived. */
  constructor(options: SimulatedDiskOptions, platter?: Platter) {
    const { world, totalBytes = 1024 ** 4, sectorBytes = 512 } = options
    this.#options = options
    this.#sectorBytes = sectorBytes
    this.#chance = () => world.random()
    this.#platter = platter ?? {
      names: new SimulatedNames(),
      space: new SimulatedSpace(totalBytes),
    }
    this.#machine = {
      step: (path, bytes, start) => this.#step(path, bytes, start),
      fit: (content, bytes) => this.#fit(content, bytes),
      takesFailure: () => this.#takesFailure(),
      fail: (content, covered) =>
        content.fail(covered, { chance: this.#chance, sectorBytes: this.#sectorBytes }),
      now: () => world.now(),
    }
  }

  // Faults, for tests to inject.

  /** Calls begun so far: crash points for `cutPowerAt`. */
  get operations(): number {
    return this.#operations
  }

  /** The power fails now: this disk, and every file opened on it, rejects with `disk/power-off` from here on. */
  powerCut(): void {
    if (this.#state === 'off') return
    this.#state = 'off'
    const { names, space } = this.#platter
    const files = new Set(names.files())
    names.cut(this.#chance)
    const named = names.files()
    for (const content of named) files.add(content)
    for (const content of files)
      content.cut({ chance: this.#chance, sectorBytes: this.#sectorBytes })
    space.recount(named)
  }

  /** The power fails in the middle of the n-th call from now (1 is the next), and `onCut` is told: other disks may share it. */
  cutPowerAt(operation: number, onCut?: () => void): void {
    this.interruptAt(operation, () => {
      this.powerCut()
      onCut?.()
    })
  }

  /** Calls `act` in the middle of the n-th call from now: a kill is `interruptAt(n, () => disk.restart())`. */
  interruptAt(operation: number, act: () => void): void {
    this.#interruptAt = this.#operations + operation
    this.#interruption = act
  }

  /** A fresh disk over what survived; after no power cut, over all that was written (the program died, not the machine). */
  restart(): SimulatedDisk {
    if (this.#state !== 'off') {
      this.#platter.names.settle()
      for (const content of this.#platter.names.files()) content.settle()
    }
    this.#state = 'off'
    return new SimulatedDisk(this.#options, this.#platter)
  }

  /** Flips `bits` stored bits of the file at `path`, or of files drawn by chance. Says whether there was anything to flip. */
  rot(path?: string, bits = 1): boolean {
    const chosen = path === undefined ? undefined : this.#platter.names.find(path)
    const files = chosen instanceof SimulatedContent ? [chosen] : this.#platter.names.files()
    const full = files.filter(({ length }) => length > 0)
    let isRotten = false
    for (let bit = 0; bit < bits; bit += 1)
      isRotten = full[Math.floor(this.#chance() * full.length)]?.rot(this.#chance) || isRotten
    return isRotten
  }

  /** The next `syncs` syncs of files or directories fail, and what they should have covered may be lost; 0 to end it. */
  failNextSync(syncs = 1): void {
    this.#failingSyncs = syncs
  }

  /** Only `bytesLeft` more fit. */
  full(bytesLeft: number): void {
    this.#platter.space.totalBytes = this.#platter.space.usedBytes + bytesLeft
  }

  /** Every call takes `ms` longer; 0 to end it. */
  slow(ms: number): void {
    this.#slowMs = ms
  }

  /** Every call fails with `disk/io` until `revive`. */
  die(): void {
    if (this.#state === 'working') this.#state = 'broken'
  }

  revive(): void {
    if (this.#state === 'broken') this.#state = 'working'
  }

  /** The directory is deleted under the program's feet: open files go on, all names are gone. */
  wipe(): void {
    const { names, space } = this.#platter
    for (const content of names.files()) space.unnamed(content)
    names.wipe()
  }

  // For tests that want to know what is there, without taking time.

  /** Another disk of the same content, as a clone of the platter made while everything is synced. */
  copy(): SimulatedDisk {
    const names = this.#platter.names.copy()
    const space = new SimulatedSpace(this.#platter.space.totalBytes)
    space.recount(names.files())
    return new SimulatedDisk(this.#options, { names, space })
  }

  /** The file's bytes as a read would see them now; `undefined` when there is none. */
  peek(path: string): Uint8Array<ArrayBuffer> | undefined {
    const content = this.#file(path)
    if (content === undefined) return undefined
    const bytes = new Uint8Array(content.length)
    content.read(bytes, 0)
    return bytes
  }

  /** What a power cut leaves of the file in any case: bytes that are synced, under a name that is. `undefined` when that name is not. */
  peekStored(path: string): Uint8Array<ArrayBuffer> | undefined {
    const entry = this.#platter.names.find(path, 'stored')
    return entry === undefined || entry instanceof Directory ? undefined : entry.stored()
  }

  /** Names in a directory, sorted; none when it does not exist. */
  peekNames(path: string): readonly string[] {
    const directory = this.#platter.names.find(path)
    return directory instanceof Directory ? [...directory.names.keys()].sort() : []
  }

  // The disk.

  create(path: string, { synced: isSynced = false }: CreateOptions = {}): Promise<DiskFile> {
    return this.#step(path, 0, () => {
      const { names, space } = this.#platter
      const place = names.place(path)
      if (place.directory.names.has(place.name)) throw diskFault('disk/exists', { path })
      const content = new SimulatedContent()
      content.modifiedAt = this.#options.world.now()
      const change = names.link(place, content)
      space.named(content)
      return done(change, () => new SimulatedFile(this.#machine, path, { content, isSynced }))
    })
  }

  open(path: string): Promise<DiskFile> {
    return this.#step(path, 0, () => {
      const content = this.#file(path)
      if (content === undefined) throw diskFault('disk/not-found', { path })
      return () => new SimulatedFile(this.#machine, path, { content, isSynced: false })
    })
  }

  read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#step(path, 0, () => () => {
      const content = this.#file(path)
      if (content === undefined) return undefined
      const bytes = new Uint8Array(content.length)
      content.read(bytes, 0)
      return bytes
    })
  }

  writeDurably(path: string, bytes: Uint8Array): Promise<void> {
    return this.#turns.run(path, () => writeDurably(this, path, bytes))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step(from, 0, () => {
      const { names } = this.#platter
      const entry = names.find(from)
      if (entry === undefined) throw diskFault('disk/not-found', { path: from })
      const place = names.place(to)
      const former = place.directory.names.get(place.name)
      if (former instanceof Directory) throw diskFault('disk/io', { path: to, reason: 'EISDIR' })
      if (former === entry) return () => {}
      if (former !== undefined) this.#platter.space.unnamed(former)
      return done(names.rename(names.place(from), place, entry), () => {})
    })
  }

  remove(path: string): Promise<boolean> {
    return this.#step(path, 0, () => {
      const { names, space } = this.#platter
      const content = this.#file(path)
      if (content === undefined) return () => false
      space.unnamed(content)
      return done(names.unlink(names.place(path), content), () => true)
    })
  }

  async makeDirectory(path: string, { parents = true }: { parents?: boolean } = {}): Promise<void> {
    const parts = segments(path)
    for (let depth = parents ? 1 : parts.length; depth <= parts.length; depth += 1) {
      const above = parts.slice(0, depth - 1).join('/')
      await this.#step(above, 0, () => {
        const made = this.#linkDirectory(parts.slice(0, depth).join('/'))
        return () => {
          if (made !== undefined) made.isDone = true
        }
      })
      await this.syncDirectory(above)
    }
  }

  #linkDirectory(path: string): PendingName | undefined {
    const { names } = this.#platter
    const found = names.find(path)
    if (found instanceof Directory) return undefined
    if (found !== undefined) throw diskFault('disk/exists', { path })
    return names.link(names.place(path), new Directory())
  }

  list(path: string): Promise<readonly string[]> {
    return this.#step(path, 0, () => () => {
      const directory = this.#platter.names.find(path)
      return directory instanceof Directory ? [...directory.names.keys()].sort() : []
    })
  }

  stat(path: string): Promise<{ bytes: number; modifiedAt: number } | undefined> {
    return this.#step(path, 0, () => () => {
      const entry = this.#platter.names.find(path)
      if (entry instanceof Directory) return { bytes: 0, modifiedAt: 0 }
      return entry && { bytes: entry.length, modifiedAt: entry.modifiedAt }
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.#step(path, 0, () => {
      const { names } = this.#platter
      const directory = names.find(path)
      if (!(directory instanceof Directory)) throw diskFault('disk/not-found', { path })
      const covered = names.finished(directory)
      return () => {
        if (this.#takesFailure()) throw diskFault('disk/io', { path, reason: 'sync failed' })
        names.store(directory, covered)
      }
    })
  }

  async fileSystem(): Promise<unknown> {
    return this.#platter.space
  }

  capacity(): Promise<{ totalBytes: number; freeBytes: number }> {
    return this.#step('', 0, () => () => {
      const { totalBytes, freeBytes } = this.#platter.space
      return { totalBytes, freeBytes }
    })
  }

  async removeTree(path: string): Promise<void> {
    const entry = this.#platter.names.find(path)
    if (entry instanceof Directory)
      for (const name of [...entry.names.keys()])
        await this.removeTree(path === '' ? name : `${path}/${name}`)
    if (path === '' || entry === undefined) return
    await this.#step(path, 0, () => {
      const { names, space } = this.#platter
      if (entry instanceof SimulatedContent) space.unnamed(entry)
      return done(names.unlink(names.place(path), entry), () => {})
    })
  }

  async close(): Promise<void> {}

  #file(path: string): SimulatedContent | undefined {
    const entry = this.#platter.names.find(path)
    return entry instanceof SimulatedContent ? entry : undefined
  }

  async #step<T>(path: string, bytes: number, start: () => () => T): Promise<T> {
    assert(!/^\/|(?:^|\/)\.{1,2}(?:\/|$)/.test(path), `not a path below the root: ${path}`)
    this.#requireWorking(path)
    const finish = start()
    this.#operations += 1
    if (this.#operations === this.#interruptAt) this.#interruption?.()
    const busyMs = callMs + this.#chance() * callSpreadMs + bytes / bytesPerMs
    await this.#options.world.sleep(this.#slowMs + busyMs)
    this.#requireWorking(path)
    return finish()
  }

  #requireWorking(path: string): void {
    switch (this.#state) {
      case 'working':
        return
      case 'broken':
        throw diskFault('disk/io', { path, reason: 'the disk is dead' })
      case 'off':
        throw diskFault('disk/power-off', { path })
    }
  }

  #fit(content: SimulatedContent, bytes: number): number {
    const fitting = content.links > 0 ? Math.min(bytes, this.#platter.space.freeBytes) : bytes
    this.#platter.space.resize(content, fitting)
    return fitting
  }

  #takesFailure(): boolean {
    if (this.#failingSyncs === 0) return false
    this.#failingSyncs -= 1
    return true
  }
}

/** Marks the change as finished when its call ends. */
function done<T>(change: PendingName, result: () => T): () => T {
  return () => {
    change.isDone = true
    return result()
  }
}
