/**
 * The names of a simulated disk. Each directory has the names that programs see and the names that a power cut would leave;
 * changes wait between the two until the directory is synced. A power cut keeps or loses each waiting change by itself. A
 * rename is all or nothing for the bytes it names (as on every journalling file system), but after a sync of the target's
 * directory alone the old name may come back beside the new one.
 */
import { type Chance, drawSurvival, type SimulatedContent } from '#disk/_simulated-content'
import { diskFault } from '#disk/faults'

export type Entry = SimulatedContent | Directory

export class Directory {
  /** What programs see. */
  names = new Map<string, Entry>()
  /** What a power cut leaves. */
  stored = new Map<string, Entry>()
  /** Between the two, oldest first. */
  readonly pending = new Set<PendingName>()
}

/** When more changes wait in a directory, the oldest is written back unasked, as every kernel does in time. */
const pendingMax = 64

type Layer = 'names' | 'stored'

interface Place {
  readonly directory: Directory
  readonly name: string
}

/** A change of names that no sync has covered. */
export interface PendingName {
  isDone: boolean
  readonly entry: Entry
  /** Where the entry gets a name. */
  readonly to?: Place
  /** Where it loses one. */
  readonly from?: Place
}

export class SimulatedNames {
  readonly root: Directory
  /** Oldest first. */
  readonly #pending = new Set<PendingName>()

  constructor(root = new Directory()) {
    this.root = root
  }

  /** The names as programs see them, as if all were synced, and the files they lead to. */
  copy(): SimulatedNames {
    return new SimulatedNames(copyOf(this.root))
  }

  /** The entry at `path`, as programs see it or as a power cut would leave it; `undefined` when there is none. */
  find(path: string, layer: Layer = 'names'): Entry | undefined {
    return this.#walk(segments(path), layer)
  }

  /** The directory that holds, or would hold, `path`. */
  place(path: string): Place {
    const above = segments(path)
    const name = above.pop() ?? ''
    const directory = this.#walk(above)
    if (!(directory instanceof Directory)) throw diskFault('disk/not-found', { path })
    return { directory, name }
  }

  link(to: Place, entry: Entry): PendingName {
    to.directory.names.set(to.name, entry)
    return this.#add({ isDone: false, entry, to })
  }

  unlink(from: Place, entry: Entry): PendingName {
    from.directory.names.delete(from.name)
    return this.#add({ isDone: false, entry, from })
  }

  rename(from: Place, to: Place, entry: Entry): PendingName {
    from.directory.names.delete(from.name)
    to.directory.names.set(to.name, entry)
    return this.#add({ isDone: false, entry, from, to })
  }

  /** What a sync of `directory` that starts now will cover. */
  finished(directory: Directory): readonly PendingName[] {
    return [...directory.pending].filter(({ isDone }) => isDone)
  }

  /** The sync of `directory` succeeded. */
  store(directory: Directory, covered: readonly PendingName[]): void {
    for (const change of covered) {
      if (!this.#drop(change)) continue // another sync has covered it since
      const { entry, from, to } = change
      if (to !== undefined) store(to, entry)
      if (from?.directory === directory) forget(from, entry)
      else if (from !== undefined) this.#add({ isDone: true, entry, from }) // its directory is not synced
    }
  }

  /** The power failed: what was not synced is kept or lost, and everybody sees what is left. */
  cut(chance: Chance): void {
    const survival = drawSurvival(chance)
    for (const { entry, from, to } of this.#pending) {
      if (chance() >= survival) continue
      if (to !== undefined) store(to, entry)
      const isBothNamed = to !== undefined && chance() < 0.1
      if (from !== undefined && !isBothNamed) forget(from, entry)
    }
    for (const change of this.#pending) this.#drop(change)
    for (const directory of this.#directories('stored')) directory.names = new Map(directory.stored)
  }

  /** The process died, not the machine. */
  settle(): void {
    for (const change of this.#pending) change.isDone = true
  }

  /** Everything is gone, synced or not. */
  wipe(): void {
    for (const change of this.#pending) this.#drop(change)
    this.root.names.clear()
    this.root.stored.clear()
  }

  /** Every file, once for each of its names. */
  files(): SimulatedContent[] {
    const files: SimulatedContent[] = []
    for (const directory of this.#directories('names'))
      for (const entry of directory.names.values())
        if (!(entry instanceof Directory)) files.push(entry)
    return files
  }

  *#directories(layer: Layer, from = this.root): Generator<Directory> {
    yield from
    for (const entry of from[layer].values())
      if (entry instanceof Directory) yield* this.#directories(layer, entry)
  }

  #walk(names: readonly string[], layer: Layer = 'names'): Entry | undefined {
    let entry: Entry | undefined = this.root
    for (const name of names)
      entry = entry instanceof Directory ? entry[layer].get(name) : undefined
    return entry
  }

  #add(change: PendingName): PendingName {
    this.#pending.add(change)
    for (const directory of directoriesOf(change)) {
      directory.pending.add(change)
      const [oldest] = directory.pending
      if (directory.pending.size > pendingMax && oldest?.isDone) this.store(directory, [oldest])
    }
    return change
  }

  #drop(change: PendingName): boolean {
    for (const directory of directoriesOf(change)) directory.pending.delete(change)
    return this.#pending.delete(change)
  }
}

function copyOf(directory: Directory): Directory {
  const copy = new Directory()
  for (const [name, entry] of directory.names)
    copy.names.set(name, entry instanceof Directory ? copyOf(entry) : entry.copy())
  copy.stored = new Map(copy.names)
  return copy
}

function directoriesOf({ from, to }: PendingName): Set<Directory> {
  return new Set([from, to].flatMap((place) => place?.directory ?? []))
}

export function segments(path: string): string[] {
  return path === '' ? [] : path.split('/')
}

function store({ directory, name }: Place, entry: Entry): void {
  directory.stored.set(name, entry)
}

/** Unless another entry has taken the name since. */
function forget({ directory, name }: Place, entry: Entry): void {
  if (directory.stored.get(name) === entry) directory.stored.delete(name)
}
