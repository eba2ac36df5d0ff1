/** An open file of a simulated disk. Dead, like all its handles, once the disk lost power or was restarted. */
import assert from 'node:assert'
import type { SimulatedContent } from '#disk/_simulated-content'
import type { DiskFile } from '#disk/disk'
import { diskFault } from '#disk/faults'

/** What a file asks of its disk. */
export interface Machine {
  /**
   * One call: `start` takes effect at once and returns what happens when the call ends, some virtual time later, if the
   * power is still on by then.
   */
  step<T>(path: string, bytes: number, start: () => () => T): Promise<T>
  /** Makes a file longer or shorter within the space there is; returns how many of the bytes fit. */
  fit(content: SimulatedContent, bytes: number): number
  /** True once for each sync that is to fail. */
  takesFailure(): boolean
  fail(content: SimulatedContent, covered: ReturnType<SimulatedContent['finished']>): void
  now(): number
}

export class SimulatedFile implements DiskFile {
  readonly #machine: Machine
  readonly #path: string
  readonly #content: SimulatedContent
  readonly #isSynced: boolean
  #isClosed = false
  #isAbandoned = false

  constructor(
    machine: Machine,
    path: string,
    { content, isSynced }: { readonly content: SimulatedContent; readonly isSynced: boolean },
  ) {
    this.#machine = machine
    this.#path = path
    this.#content = content
    this.#isSynced = isSynced
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#write(bytes, offset)
    if (this.#isSynced) await this.sync()
  }

  async writeFilled(
    bytes: number,
    offset: number,
    fill: (memory: Uint8Array<ArrayBuffer>) => void,
  ): Promise<void> {
    const memory = new Uint8Array(bytes).fill(0xa5) // what nobody has set would be found
    fill(memory)
    await this.write(memory, offset)
  }

  #write(bytes: Uint8Array, offset: number): Promise<void> {
    return this.#step(bytes.length, () => {
      const end = bytes.length === 0 ? 0 : offset + bytes.length
      const growth = Math.max(0, end - this.#content.length)
      const missing = growth - this.#machine.fit(this.#content, growth)
      const taken = bytes.subarray(0, Math.max(0, bytes.length - missing))
      const change = this.#content.write(taken, offset)
      this.#content.modifiedAt = this.#machine.now()
      return () => {
        change.isDone = true
        if (missing > 0) throw diskFault('disk/full', { path: this.#path })
      }
    })
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    return this.#step(into.length, () => () => this.#content.read(into, offset))
  }

  sync(): Promise<void> {
    return this.#step(0, () => {
      if (this.#isAbandoned)
        throw diskFault('disk/io', { path: this.#path, reason: 'abandoned after a failed sync' })
      const covered = this.#content.finished()
      return () => {
        if (!this.#machine.takesFailure()) return this.#content.store(covered)
        this.#isAbandoned = true
        this.#machine.fail(this.#content, covered)
        throw diskFault('disk/io', { path: this.#path, reason: 'sync failed' })
      }
    })
  }

  bytes(): Promise<number> {
    return this.#step(0, () => () => this.#content.length)
  }

  isNamed(): boolean {
    assert(!this.#isClosed, `the file is closed: ${this.#path}`)
    return this.#content.links > 0
  }

  truncate(bytes: number): Promise<void> {
    return this.#step(0, () => {
      const growth = bytes - this.#content.length
      if (this.#machine.fit(this.#content, growth) < growth)
        throw diskFault('disk/full', { path: this.#path })
      const change = this.#content.truncate(bytes)
      return () => {
        change.isDone = true
      }
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  #step<T>(bytes: number, start: () => () => T): Promise<T> {
    assert(!this.#isClosed, `the file is closed: ${this.#path}`)
    return this.#machine.step(this.#path, bytes, start)
  }
}
