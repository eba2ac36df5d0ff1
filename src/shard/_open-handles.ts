/** Files kept open for reading, the least recently used closed first. A file in use is never closed under its reader. */
import type { DiskFile } from '#disk/disk'

interface Handle {
  readonly file: Promise<DiskFile>
  readers: number
  /** Set once the handle left the table: the last reader then closes the file. */
  isLeaving: boolean
  readonly closed: PromiseWithResolvers<void>
}

export class OpenHandles<Key> {
  readonly #open: (key: Key) => Promise<DiskFile>
  readonly #handlesMax: number
  readonly #handles = new Map<Key, Handle>()

  constructor(open: (key: Key) => Promise<DiskFile>, handlesMax: number) {
    this.#open = open
    this.#handlesMax = handlesMax
  }

  async use<T>(key: Key, work: (file: DiskFile) => Promise<T>): Promise<T> {
    const handle = this.#take(key)
    handle.readers += 1
    try {
      return await work(await handle.file)
    } finally {
      handle.readers -= 1
      if (handle.isLeaving) this.#closeWhenIdle(handle)
    }
  }

  /** Forgets the file and returns when it is closed, so that its space is free. */
  async drop(key: Key): Promise<void> {
    const handle = this.#handles.get(key)
    if (handle === undefined) return
    this.#leave(key, handle)
    await handle.closed.promise
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handles.keys()].map((key) => this.drop(key)))
  }

  #take(key: Key): Handle {
    const known = this.#handles.get(key)
    const handle = known ?? {
      file: this.#open(key),
      readers: 0,
      isLeaving: false,
      closed: Promise.withResolvers<void>(),
    }
    this.#handles.delete(key)
    this.#handles.set(key, handle) // a Map keeps insertion order: the newest is the last
    if (known !== undefined) return handle
    handle.file.catch(() => this.#leave(key, handle))
    for (const [oldest, old] of this.#handles) {
      if (this.#handles.size <= this.#handlesMax) break
      this.#leave(oldest, old)
    }
    return handle
  }

  #leave(key: Key, handle: Handle): void {
    if (this.#handles.get(key) === handle) this.#handles.delete(key)
    handle.isLeaving = true
    this.#closeWhenIdle(handle)
  }

  #closeWhenIdle(handle: Handle): void {
    if (handle.readers > 0) return
    handle.file
      .then((file) => file.close())
      .catch(() => {}) // opened for reading only: nothing is lost with it
      .finally(() => handle.closed.resolve())
  }
}
