/** Files kept open for reading, of all nodes together, the least recently used closed first. A file in use is never closed under its reader. */
import type { DiskFile } from '#disk/disk'

interface Handle {
  readonly file: Promise<DiskFile>
  readers: number
  /** Set once the handle left the table: the last reader then closes the file. */
  isLeaving: boolean
  readonly closed: PromiseWithResolvers<void>
}

/** Where nobody says how many files may be open: half of 1,024, the least that systems usually allow. */
const handlesMaxDefault = 512

export class OpenHandles {
  readonly #handlesMax: number
  readonly #handles = new Map<string, Handle>()

  /** `handlesMax`: 1 or more. Files in use may be more than that for a moment. */
  constructor(handlesMax = handlesMaxDefault) {
    this.#handlesMax = handlesMax
  }

  /** `open` is called unless the file is open already. Its faults, and those of `work`. */
  async use<T>(
    key: string,
    {
      open,
      work,
    }: {
      readonly open: () => Promise<DiskFile>
      readonly work: (file: DiskFile) => Promise<T>
    },
  ): Promise<T> {
    const handle = this.#take(key, open)
    handle.readers += 1
    try {
      return await work(await handle.file)
    } finally {
      handle.readers -= 1
      if (handle.isLeaving) this.#closeWhenIdle(handle)
    }
  }

  /** Forgets the file and returns when it is closed, so that its space is free. */
  async drop(key: string): Promise<void> {
    const handle = this.#handles.get(key)
    if (handle === undefined) return
    this.#leave(key, handle)
    await handle.closed.promise
  }

  /** The same for all whose keys begin so. */
  async dropAll(prefix: string): Promise<void> {
    const keys = [...this.#handles.keys()].filter((key) => key.startsWith(prefix))
    await Promise.all(keys.map((key) => this.drop(key)))
  }

  #take(key: string, open: () => Promise<DiskFile>): Handle {
    const known = this.#handles.get(key)
    const handle = known ?? {
      file: open(),
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

  #leave(key: string, handle: Handle): void {
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
