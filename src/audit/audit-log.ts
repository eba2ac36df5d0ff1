/**
 * The audit log on disk: lines are appended in the order in which requests end, synced before the next are written, and never changed. A crash loses what
 * had ended in the moments before it. While nothing can be written, entries wait; beyond `waitingMax` they are counted instead.
 */
import { type FileHandle, open, readFile, rm } from 'node:fs/promises'
import { type AuditEntry, hashOf, noHash, printLine } from '#audit/entry'
import { type Chain, type Extent, filePath, listFiles, readNewest, verifyFiles } from '#audit/files'
import type { FreeSpace } from '#disk/free-space'
import { makeDirectories } from '#disk/make-directories'
import type { RequestEnded, Telemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface AuditLogOptions {
  readonly directory: string
  readonly world: World
  readonly telemetry: Pick<Telemetry, 'note'>
  /** Of the directory's file system: lines wait while it has too little. */
  readonly space: FreeSpace
  /** A new file is begun when this is reached; 16 MiB when left out. */
  readonly fileBytesMax?: number
  /** The oldest goes when there are more; 64 when left out. */
  readonly filesMax?: number
}

const waitingMax = 10_000
const retryMs = 1_000

/** The file that is written to. */
interface Current {
  readonly file: FileHandle
  readonly first: number
  bytes: number
}

/** Where the log stands. */
interface End {
  readonly sequence: number
  readonly head: string
}

/** Makes the directory when there is none, and goes on after the last whole line. */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  await makeDirectories(options.directory, 0o700)
  const files = [...(await listFiles(options.directory))]
  for (let newest = files.pop(); newest !== undefined; newest = files.pop()) {
    const bytes = await readFile(newest.path)
    const wholeBytes = bytes.lastIndexOf('\n') + 1
    const lines = bytes.subarray(0, wholeBytes).toString('latin1').split('\n').slice(0, -1)
    const last = lines.at(-1)
    if (last === undefined) {
      await rm(newest.path) // nothing was ever whole in it
      continue
    }
    const file = await open(newest.path, 'a', 0o600)
    if (wholeBytes < bytes.length) await file.truncate(wholeBytes) // the crash came in the middle of a line
    const end = { sequence: newest.first + lines.length - 1, head: hashOf(last) }
    return new AuditLog(options, end, { file, first: newest.first, bytes: wholeBytes })
  }
  return new AuditLog(options, { sequence: 0, head: noHash }, undefined)
}

export class AuditLog implements AsyncDisposable {
  readonly #options: AuditLogOptions
  #end: End
  #current: Current | undefined
  #waiting: AuditEntry[] = []
  #lost = 0
  /** All that has been taken is written, or has failed to be. */
  #written: Promise<void> = Promise.resolve()
  #isWriting = false
  /** Something may lie behind what is whole. */
  #hasFailed = false
  /** While set, something hinders writing, and is tried again when its time has come: not with each request, nor said with each. */
  #stopRetry: (() => void) | undefined

  /** Use `openAuditLog`. */
  constructor(options: AuditLogOptions, end: End, current: Current | undefined) {
    this.#options = options
    this.#end = end
    this.#current = current
  }

  take(ended: RequestEnded): void {
    if (this.#waiting.length >= waitingMax) this.#lost += 1
    else this.#waiting.push({ ended, at: this.#options.world.now() })
    if (this.#stopRetry === undefined) this.#begin()
  }

  /** The newest lines, oldest first, with all that was taken before. */
  async newest(count: number): Promise<readonly string[]> {
    const { directory } = this.#options
    return await readNewest(directory, await this.#settled(), count)
  }

  /** `audit/damaged` */
  async verify(): Promise<Chain> {
    return await verifyFiles(this.#options.directory, await this.#settled())
  }

  /** What waits is written, or tried once more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#begin()
    await this.#written
    this.#stopRetry?.()
    await this.#current?.file.close()
  }

  /** When what was taken before is on disk, or cannot be written. */
  async #settled(): Promise<Extent> {
    await this.#written
    return { newest: this.#current?.first ?? 0, bytes: this.#current?.bytes ?? 0 }
  }

  #begin(): void {
    if (!this.#isWriting && this.#waiting.length > 0) this.#written = this.#write()
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    this.#isWriting = true
    this.#stopRetry?.()
    this.#stopRetry = undefined
    try {
      while (this.#waiting.length > 0) await this.#append()
    } catch (error) {
      const { telemetry, world } = this.#options
      const fields = { waiting: this.#waiting.length, error: String(error) }
      telemetry.note('error', 'audit log cannot be written', fields)
      this.#stopRetry = world.timer(retryMs, () => {
        this.#stopRetry = undefined
        this.#begin()
      })
    } finally {
      this.#isWriting = false
    }
  }

  /** All that waits, in one write. When it fails, everything goes on waiting. */
  async #append(): Promise<void> {
    const { fileBytesMax = 16 * 2 ** 20, space } = this.#options
    const entries = this.#waiting.slice()
    const lost = this.#lost
    const current = await this.#fileFor(fileBytesMax)
    let { sequence, head } = this.#end
    const lines = entries.map((entry, index) => {
      sequence += 1
      const isFirst = index === 0
      const line = printLine(entry, { sequence, previous: head, lost: isFirst ? lost : 0 })
      head = hashOf(line)
      return line
    })
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    if (this.#hasFailed) await current.file.truncate(current.bytes)
    await space.spend(bytes.length, async () => {
      this.#hasFailed = true
      await current.file.appendFile(bytes)
      await current.file.datasync()
      this.#hasFailed = false
    })
    current.bytes += bytes.length
    this.#end = { sequence, head }
    this.#lost -= lost
    this.#waiting = this.#waiting.slice(entries.length)
  }

  async #fileFor(fileBytesMax: number): Promise<Current> {
    const former = this.#current
    if (former !== undefined && former.bytes < fileBytesMax) return former
    const { directory, filesMax = 64 } = this.#options
    const first = this.#end.sequence + 1
    const file = await open(filePath(directory, first), 'a', 0o600)
    const current = { file, first, bytes: 0 }
    this.#current = current
    await former?.file.close()
    const files = await listFiles(directory)
    for (const { path } of files.slice(0, Math.max(0, files.length - filesMax))) await rm(path)
    return current
  }
}
