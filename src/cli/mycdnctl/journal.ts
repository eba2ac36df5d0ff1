/**
 * An upload's memory of what was drawn by lot, in a file that only its owner can read: whoever runs the same upload again with `--resume` seals every
 * block to the same bytes, finds the shards that are there, and sends the others. Lines of JSON, written before what they say is used.
 */
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { toHex } from '#bytes/text'
import { fileFault } from '#cli/local-file'
import type { Lot, Lots } from '#content/upload'
import { blake3 } from '#crypto/blake3'

const bytes = z
  .string()
  .regex(/^(?:[0-9a-f]{2})+$/)
  .transform((hex) => Uint8Array.fromHex(hex))

const line = z.union([
  z.object({ object: z.string(), block: z.int().min(0), nonce: bytes, salt: bytes.optional() }),
  z.object({ object: z.string(), manifest: bytes }),
])

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

  #learn(lines: readonly string[]): void {
    for (const text of lines) {
      const read = line.parse(JSON.parse(text)) // `readLines` has kept no other
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
async function readLines(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text.split('\n').filter((one) => {
    try {
      return line.safeParse(JSON.parse(one)).success
    } catch {
      return false // half a line
    }
  })
}

function blockName(object: string, index: number): string {
  return `${index} ${object}`
}
