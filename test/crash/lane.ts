/** One client with keys of its own, doing one thing after the other, everything with its outcome in the model. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { Generator } from '#world/generator'
import type { TestBucket } from '../s3-bucket.ts'
import { bytesOfContent, type Content, type Model, type OpenUpload } from './model.ts'

const partBytesMin = 5 * 1024 * 1024
/** Up to 4 MiB, and small ones as often as large ones: 2 to the power of 0 to 22. */
const contentPowerMax = 22

export interface LaneOptions {
  readonly bucket: TestBucket
  readonly model: Model
  /** Stays the same from life to life: the lane's keys. */
  readonly name: string
  /** Another one in each life: what is done with them. */
  readonly seed: string
}

export class Lane {
  readonly keys: readonly string[]
  readonly #bucket: TestBucket
  readonly #model: Model
  readonly #chance: Generator
  readonly #label: string
  #count = 0

  constructor({ bucket, model, name, seed }: LaneOptions) {
    this.#bucket = bucket
    this.#model = model
    this.keys = ['a', 'b', 'c', 'd'].map((letter) => `${name}/${letter}`)
    this.#label = `${seed}/${name}`
    this.#chance = new Generator(this.#label)
  }

  /** Ends uploads that a former life has left open; then one deed after the other until the signal is aborted or one fails. */
  async work(signal: AbortSignal): Promise<void> {
    for (const upload of this.#model.uploadsOf(this.keys))
      await (this.#chance.random() < 0.7 ? this.#complete(upload) : this.#abort(upload))
    await this.#leaveSlice()
    while (!signal.aborted) await this.#deed()
  }

  async #deed(): Promise<void> {
    const key = this.#key()
    const roll = this.#chance.random()
    if (roll < 0.5) await this.#put(key, this.#newContent())
    else if (roll < 0.65) await this.#remove(key)
    else if (roll < 0.8) await this.#copy(this.#key(), key)
    else if (roll < 0.9) await this.#complete(await this.#upload(key))
    else if (roll < 0.93) await this.#abort(await this.#upload(key))
    else if (roll < 0.96) await this.#upload(key)
    else await this.#leaveSlice()
  }

  async #put(key: string, content: NonNullable<Content>): Promise<void> {
    await this.#model.change(key, content, () => this.#bucket.put(key, bytesOfContent(content)))
  }

  async #remove(key: string): Promise<void> {
    await this.#model.change(key, undefined, () => this.#bucket.remove(key))
  }

  async #copy(from: string, to: string): Promise<void> {
    const content = this.#model.content(from)
    if (content === undefined || from === to) return
    const { client, name: Bucket } = this.#bucket
    const command = new CopyObjectCommand({ Bucket, Key: to, CopySource: `${Bucket}/${from}` })
    await this.#model.change(to, content, () => client.send(command))
  }

  /** Two parts; what they will be, the model knows from the beginning. */
  async #upload(key: string): Promise<OpenUpload> {
    const content = this.#newContent(partBytesMin)
    const id = await this.#open(key)
    const bytes = bytesOfContent(content)
    const parts = [bytes.subarray(0, partBytesMin), bytes.subarray(partBytesMin)]
    const etags = await Promise.all(
      parts.map((part, index) => this.#send(key, { id, index, part })),
    )
    const upload = { key, id, etags, content }
    this.#model.uploadOpened(upload)
    return upload
  }

  async #open(Key: string): Promise<string> {
    const { client, name: Bucket } = this.#bucket
    const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
    return UploadId
  }

  async #send(
    Key: string,
    { id, index, part }: { readonly id: string; readonly index: number; readonly part: Uint8Array },
  ): Promise<string> {
    const { client, name: Bucket } = this.#bucket
    const place = { Bucket, Key, UploadId: id, PartNumber: index + 1 }
    const { ETag = '' } = await client.send(new UploadPartCommand({ ...place, Body: part }))
    return ETag
  }

  async #complete(upload: OpenUpload): Promise<void> {
    const { client, name: Bucket } = this.#bucket
    const { key, id, etags, content } = upload
    const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
    const place = { Bucket, Key: key, UploadId: id }
    const command = new CompleteMultipartUploadCommand({ ...place, MultipartUpload: { Parts } })
    await this.#model.endUpload(upload, 'completion', () =>
      this.#model.change(key, content, () => client.send(command)),
    )
  }

  async #abort(upload: OpenUpload): Promise<void> {
    const { client, name: Bucket } = this.#bucket
    const command = new AbortMultipartUploadCommand({
      Bucket,
      Key: upload.key,
      UploadId: upload.id,
    })
    await this.#model.endUpload(upload, 'abortion', () => client.send(command))
  }

  /** Something large of which another key keeps a small piece: work for compaction. */
  async #leaveSlice(): Promise<void> {
    const { client, name: Bucket } = this.#bucket
    const [whole = '', piece = ''] = this.keys
    const content = { ...this.#newContent(), bytes: 3_000_000 }
    await this.#put(whole, content)
    const id = await this.#open(piece)
    const slice = { ...content, first: 1_000_000, bytes: 50_000 }
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: piece,
        UploadId: id,
        PartNumber: 1,
        CopySource: `${Bucket}/${whole}`,
        CopySourceRange: `bytes=${slice.first}-${slice.first + slice.bytes - 1}`,
      }),
    )
    const upload = { key: piece, id, etags: [CopyPartResult?.ETag ?? ''], content: slice }
    this.#model.uploadOpened(upload)
    await this.#complete(upload)
    await this.#remove(whole)
  }

  #key(): string {
    return this.keys[this.#chance.next() % this.keys.length] ?? ''
  }

  /** Bytes that nobody ever put before. */
  #newContent(bytesMin = 0): NonNullable<Content> {
    this.#count += 1
    const bytes = bytesMin + Math.floor(2 ** (this.#chance.random() * contentPowerMax)) - 1
    return { label: `${this.#label}/${this.#count}`, first: 0, bytes }
  }
}
