/**
 * What clients know: what was acknowledged holds, and an operation that was under way when the process died has happened wholly or not at
 * all. What has once been seen after a crash stays.
 */
import { createHash } from 'node:crypto'
import { bytesOf } from '../s3-bucket.ts'

/** Bytes by the label they were made from; `undefined` for a key that is not there. */
export type Content =
  | { readonly label: string; readonly first: number; readonly bytes: number }
  | undefined

export interface FoundObject {
  readonly key: string
  readonly sha256: string
  readonly bytes: number
  readonly etag: string
  readonly modifiedAt: string
}

export interface OpenUpload {
  readonly key: string
  readonly id: string
  readonly etags: readonly string[]
  /** What its completion makes of the key. */
  readonly content: Content
  /** What was asked for, and the answer never came. */
  readonly inDoubt?: 'completion' | 'abortion'
}

interface Possible {
  readonly contents: readonly Content[]
  /** What the last look has found; it must be found again while nothing was asked for since. */
  readonly seen: FoundObject | undefined
}

export class Model {
  readonly #keys = new Map<string, Possible>()
  readonly #uploads = new Map<string, OpenUpload>()
  #acknowledged = 0

  /** How many operations were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** What the key surely holds; in doubt, or absent: `undefined`. */
  content(key: string): Content {
    const { contents = [] } = this.#keys.get(key) ?? {}
    return contents.length === 1 ? contents[0] : undefined
  }

  uploadsOf(keys: readonly string[]): readonly OpenUpload[] {
    return [...this.#uploads.values()].filter(({ key }) => keys.includes(key))
  }

  /** Runs an operation that makes the key hold `next`: until it is acknowledged the key may hold either. */
  async change<T>(key: string, next: Content, operation: () => Promise<T>): Promise<T> {
    const { contents = [undefined] } = this.#keys.get(key) ?? {}
    this.#keys.set(key, { contents: [...contents, next], seen: undefined })
    const result = await operation()
    this.#keys.set(key, { contents: [next], seen: undefined })
    this.#acknowledged += 1
    return result
  }

  uploadOpened(upload: OpenUpload): void {
    this.#uploads.set(upload.id, upload)
    this.#acknowledged += 1
  }

  /** Until the end is acknowledged the upload may be there or not. */
  async endUpload(
    upload: OpenUpload,
    inDoubt: 'completion' | 'abortion',
    operation: () => Promise<unknown>,
  ): Promise<void> {
    this.#uploads.set(upload.id, { ...upload, inDoubt })
    await operation()
    this.#uploads.delete(upload.id)
    this.#acknowledged += 1
  }

  /** Compares with all that was found, and knows it from now on. Returns everything that is wrong. */
  learn(objects: readonly FoundObject[], uploadIds: readonly string[]): readonly string[] {
    const found = new Map(objects.map((object) => [object.key, object]))
    const troubles = [...new Set([...found.keys(), ...this.#keys.keys()])].flatMap((key) => {
      const trouble = this.#compare(key, found.get(key))
      return trouble === undefined ? [] : [`${key}: ${trouble}`]
    })
    for (const upload of this.#uploads.values()) {
      const trouble = this.#compareUpload(upload, uploadIds.includes(upload.id))
      if (trouble !== undefined) troubles.push(`${upload.key}: ${trouble}`)
    }
    return troubles
  }

  #compare(key: string, found: FoundObject | undefined): string | undefined {
    const { contents = [undefined], seen } = this.#keys.get(key) ?? {}
    if (seen !== undefined && JSON.stringify(seen) !== JSON.stringify(found))
      return `was ${JSON.stringify(seen)}, is ${JSON.stringify(found)}`
    const match = contents.findLast((content) => isOf(found, content))
    if (match === undefined && found !== undefined)
      return `holds ${found.bytes} bytes that are none of ${JSON.stringify(contents)}`
    if (match === undefined && !contents.includes(undefined))
      return `is gone; it was ${JSON.stringify(contents)}`
    this.#keys.set(key, { contents: [match], seen: found })
    return undefined
  }

  /** A completion takes the upload away and puts the object there in one. */
  #compareUpload({ id, key, inDoubt, content }: OpenUpload, isOpen: boolean): string | undefined {
    if (!isOpen && inDoubt === undefined) return `its open upload ${id} is gone`
    const isObject = this.content(key)?.label === content?.label
    if (inDoubt === 'completion' && isOpen === isObject)
      return `its upload ${id} is ${isOpen ? 'open' : 'gone'}, its object ${isObject ? 'there' : 'not there'}`
    if (!isOpen) this.#uploads.delete(id)
    return undefined
  }
}

export function bytesOfContent(content: NonNullable<Content>): Buffer {
  return bytesOf(content.label, content.first + content.bytes).subarray(content.first)
}

function isOf(found: FoundObject | undefined, content: Content): boolean {
  if (found === undefined || content === undefined) return false
  if (found.bytes !== content.bytes) return false
  return found.sha256 === createHash('sha256').update(bytesOfContent(content)).digest('hex')
}
