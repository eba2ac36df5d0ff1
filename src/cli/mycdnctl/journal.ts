/**
 * An upload's memory of what was drawn by lot, in a file that only its owner can read: whoever runs the same upload again with `--resume` seals every
 * block to the same bytes, finds the shards that are there, and sends the others. Lines of JSON, written before what they say is used.
 */
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { toHex } from '#bytes/text'
import { fileFault } from '#cli/local-file'
import type { Lot, Lots } from '#content/upload'
import { blake3 } from '#crypto/blake3'

/** What a line says. */
type Line = { readonly object: string } & (
  | ({ readonly block: number } & Pick<Lot, 'nonce' | 'salt'>)
  | { readonly manifest: Uint8Array }
)

/** What an upload is the same by: everything that decides which shards go where. */
export type UploadIdentity = readonly (string | number | boolean | undefined)[]

export function journalPath(directory: string, identity: UploadIdentity): string {
  const digest = blake3(new TextEncoder().encode(JSON.stringify(identity)))
  return join(directory, `${toHex(digest.subarray(0, 16))}.upload`)
}

export class Journal implements AsyncDisposable {
  readonly #path: string
  readonly #file: FileHandle
  readonly #blocks = new Map<string, Pick<Lot, 'nonce' | 'salt'>>()
  readonly #manifests = new Map<string, Uint8Array>()
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  /** Begins anew, or with what an earlier run has left (nothing, when there was none). `cli/file-unusable`, `cli/disk-full` */
  static async open(path: string, { goesOn }: { readonly goesOn: boolean }): Promise<Journal> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const known = goesOn ? await readLines(path) : []
      const file = await open(path, goesOn ? 'a' : 'w', 0o600)
      const journal = new Journal(path, file)
      journal.#learn(known)
      if (goesOn) await file.write('\n') // ends what may be half a line
      return journal
    } catch (cause) {
      throw fileFault(path, cause)
    }
  }

  /** How many blocks an earlier run has begun to send. */
  get blocksKnown(): number {
    return this.#blocks.size
  }

  /** `object`: its place in what is uploaded. */
  lotsOf(object: string): Lots {
    return {
      block: async (index, draw) => {
        const known = this.#blocks.get(blockName(object, index))
        if (known !== undefined) return { ...known, isKnown: true }
        const lot = draw()
        const { nonce, salt } = lot
        await this.#write({
          object,
          block: index,
          nonce: toHex(nonce),
          ...(salt === undefined ? {} : { salt: toHex(salt) }),
        })
        return { ...lot, isKnown: false }
      },
      manifest: async (draw) => {
        const known = this.#manifests.get(object)
        if (known !== undefined) return known
        const nonce = draw()
        await this.#write({ object, manifest: toHex(nonce) })
        return nonce
      },
    }
  }

  /** There is nothing left to go on with. */
  async forget(): Promise<void> {
    await rm(this.#path, { force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  #learn(lines: readonly Line[]): void {
    for (const read of lines) {
      if ('manifest' in read) this.#manifests.set(read.object, read.manifest)
      else {
        const { object, block, nonce, salt } = read
        this.#blocks.set(blockName(object, block), { nonce, salt })
      }
    }
  }

  #write(entry: object): Promise<void> {
    const write = this.#writing.then(async () => {
      try {
        await this.#file.write(`${JSON.stringify(entry)}\n`)
      } catch (cause) {
        throw fileFault(this.#path, cause)
      }
    })
    this.#writing = write.catch(() => {}) // told to who waits for this line
    return write
  }
}

export async function hasJournal(path: string): Promise<boolean> {
  return (await readLines(path)).length > 0
}

/** Those that are whole: a run that was killed may have left half of one. */
async function readLines(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').flatMap((line) => parseLine(line) ?? [])
}

function parseLine(line: string): Line | undefined {
  const read = tryParse(line)
  if (typeof read !== 'object' || read === null || !('object' in read)) return undefined
  const { object } = read
  if (typeof object !== 'string') return undefined
  if ('manifest' in read) {
    const manifest = bytesOf(read.manifest)
    return manifest && { object, manifest }
  }
  const block = 'block' in read ? read.block : undefined
  const nonce = 'nonce' in read ? bytesOf(read.nonce) : undefined
  const salt = 'salt' in read ? bytesOf(read.salt) : undefined
  if (typeof block !== 'number' || nonce === undefined) return undefined
  return 'salt' in read && salt === undefined ? undefined : { object, block, nonce, salt }
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // half a line
  }
}

function bytesOf(hex: unknown): Uint8Array | undefined {
  return typeof hex === 'string' && /^(?:[0-9a-f]{2})+$/.test(hex)
    ? Uint8Array.fromHex(hex)
    : undefined
}

function blockName(object: string, index: number): string {
  return `${index} ${object}`
}
