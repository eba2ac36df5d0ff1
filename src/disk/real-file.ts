/**
 * One open file. With direct I/O, what is aligned goes straight from the caller's memory to the device; what is not takes
 * a detour: unaligned memory through a slot of aligned memory, unaligned offsets and lengths through a second, buffered descriptor
 * of the same file (Linux keeps the two views coherent).
 */
import assert from 'node:assert'
import { constants } from 'node:fs'
import { alignedBytes, withAligned } from '#disk/_aligned'
import {
  closeDescriptor,
  lengthOf,
  linksOf,
  type Opened,
  openDescriptor,
  readAll,
  syncData,
  truncateTo,
  writeAll,
} from '#disk/_calls'
import { type DiskFile, directAlignment } from '#disk/disk'
import { diskFault } from '#disk/faults'
import { isFault } from '#fault/fault'

/** Buffers that looked aligned and were not: the device said so once, and we do not ask again. */
const unaligned = new WeakSet<ArrayBufferLike>()

export class RealFile implements DiskFile {
  readonly #file: Opened
  readonly #isDirect: boolean
  readonly #sync: number | 'after each write' | undefined
  #buffered: Promise<Opened> | undefined
  #calls = 0
  #whenIdle: (() => void) | undefined
  #isClosed = false
  #failedSync: unknown

  /** `sync`: the flag it was opened with that makes every write synced, or, where there is none, that we must. */
  constructor(
    file: Opened,
    {
      isDirect,
      sync,
    }: { readonly isDirect: boolean; readonly sync: number | 'after each write' | undefined },
  ) {
    this.#file = file
    this.#isDirect = isDirect
    this.#sync = sync
  }

  /** Where it was opened; it may have another name by now. */
  get path(): string {
    return this.#file.path
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    await this.#call(() => this.#write(bytes, offset))
    if (this.#sync === 'after each write') await this.sync()
  }

  async writeFilled(
    bytes: number,
    offset: number,
    fill: (memory: Uint8Array<ArrayBuffer>) => void,
  ): Promise<void> {
    if (bytes > alignedBytes) {
      const memory = new Uint8Array(bytes)
      fill(memory)
      return await this.write(memory, offset)
    }
    const writeSlot = (slot: Uint8Array<ArrayBuffer>): Promise<void> => {
      const memory = slot.subarray(0, bytes)
      fill(memory)
      return this.#writeSlot(memory, offset)
    }
    await this.#call(() => withAligned(writeSlot))
    if (this.#sync === 'after each write') await this.sync()
  }

  async #write(bytes: Uint8Array, offset: number): Promise<void> {
    if (!this.#isDirect) return await writeAll(this.#file, bytes, offset)
    const isWhole = isAligned(offset) && isAligned(bytes.length)
    const isWritten = isWhole && (await this.#writeDirectly(bytes, offset))
    if (!isWritten) await writeAll(await this.#bufferedView(), bytes, offset)
  }

  /** Whoever has a slot does not ask for another, even when the device refuses this one, or all of them might wait for each other's. */
  async #writeSlot(slot: Uint8Array, offset: number): Promise<void> {
    const straight = (): Promise<void> => writeAll(this.#file, slot, offset)
    if (!this.#isDirect) return await straight()
    const isWhole = isAligned(offset) && isAligned(slot.length)
    const isWritten = isWhole && (await isAccepted(straight))
    if (!isWritten) await writeAll(await this.#bufferedView(), slot, offset)
  }

  read(into: Uint8Array, offset: number): Promise<number> {
    return this.#call(async () => {
      if (!this.#isDirect) return await readAll(this.#file, into, offset)
      let count = 0
      const straight = async (): Promise<void> => {
        count = await readAll(this.#file, into, offset)
      }
      const isWhole = isAligned(offset) && isAligned(into.length) && seemsAligned(into)
      if (isWhole && (await isAccepted(straight))) return count
      return await readAll(await this.#bufferedView(), into, offset)
    })
  }

  sync(): Promise<void> {
    return this.#call(async () => {
      if (this.#failedSync !== undefined)
        throw diskFault('disk/io', { path: this.#file.path, reason: 'abandoned' }, this.#failedSync)
      try {
        await syncData(this.#file) // of the file, whichever descriptor wrote
      } catch (error) {
        this.#failedSync = error // the kernel may have dropped the pages and would report success next time
        throw error
      }
    })
  }

  bytes(): Promise<number> {
    return this.#call(() => lengthOf(this.#file))
  }

  isNamed(): boolean {
    assert(!this.#isClosed, `the file is closed: ${this.#file.path}`)
    return linksOf(this.#file) > 0
  }

  truncate(bytes: number): Promise<void> {
    return this.#call(() => truncateTo(this.#file, bytes))
  }

  /** Waits for the calls in flight: a closed descriptor's number may already belong to another file. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#calls > 0)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    const buffered = await this.#buffered?.catch(() => undefined)
    if (buffered !== undefined) await closeDescriptor(buffered)
    await closeDescriptor(this.#file)
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    assert(!this.#isClosed, `the file is closed: ${this.#file.path}`)
    this.#calls += 1
    try {
      return await work()
    } finally {
      this.#calls -= 1
      if (this.#calls === 0) this.#whenIdle?.()
    }
  }

  /** Straight, or through a slot when the device refuses the memory's address. False when it refuses even a slot. */
  async #writeDirectly(bytes: Uint8Array, offset: number): Promise<boolean> {
    const straight = (): Promise<void> => writeAll(this.#file, bytes, offset)
    const isTried = seemsAligned(bytes)
    if (isTried && (await isAccepted(straight))) return true
    if (!(await isAccepted(() => this.#writeBounced(bytes, offset)))) return false
    if (isTried) unaligned.add(bytes.buffer)
    return true
  }

  async #writeBounced(bytes: Uint8Array, offset: number): Promise<void> {
    await withAligned(async (slot) => {
      for (let done = 0; done < bytes.length; done += alignedBytes) {
        const piece = bytes.subarray(done, done + alignedBytes)
        slot.set(piece)
        await writeAll(this.#file, slot.subarray(0, piece.length), offset + done)
      }
    })
  }

  /** The path may have been renamed since, so the second view is opened through the first. */
  #bufferedView(): Promise<Opened> {
    const flags = constants.O_RDWR | (typeof this.#sync === 'number' ? this.#sync : 0)
    this.#buffered ??= openDescriptor(`/proc/self/fd/${this.#file.descriptor}`, flags).then(
      (descriptor) => ({ descriptor, path: this.#file.path }),
    )
    return this.#buffered
  }
}

/** False when the device refuses the call as unaligned (EINVAL): it has to go another way. */
async function isAccepted(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (isFault(error, 'disk/io') && error.detail['errno'] === 'EINVAL') return false
    throw error
  }
}

function isAligned(count: number): boolean {
  return count % directAlignment === 0
}

/**
 * Whether the bytes may start on a page. Shared memory and memory of whole WebAssembly pages usually do, but a program
 * cannot learn its addresses: a wrong guess costs one refused write.
 */
function seemsAligned({ buffer, byteOffset }: Uint8Array): boolean {
  return (
    byteOffset % directAlignment === 0 && buffer.byteLength % 65_536 === 0 && !unaligned.has(buffer)
  )
}
