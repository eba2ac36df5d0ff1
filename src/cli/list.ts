/** `cyxcloud list`: keys of a bucket, or the buckets. */
import type { Context } from '#cli/context'
import { plural, printSize, printTime } from '#cli/units'
import { listBuckets } from '#s3/buckets'
import { type ListedObject, listObjects } from '#s3/list'

export interface ListOptions {
  readonly bucket: string
  readonly prefix: string | undefined
  readonly isLong: boolean
  readonly isHumanReadable: boolean
  /** All when not given. */
  readonly maxKeys: number | undefined
}

const keyWidth = 40
const sizeWidth = 12
const timeWidth = 24
const etagWidth = 16
const rule = '-'.repeat(100)
/** S3 answers with no more at a time. */
const pageKeysMax = 1000

export async function list(context: Context, options: ListOptions): Promise<void> {
  const { endpoint, signal, terminal, isJson } = context
  const { bucket, prefix, isLong, maxKeys } = options
  const pageKeys = maxKeys === undefined ? undefined : Math.min(maxKeys, pageKeysMax)
  const isTable = isLong && !isJson
  let count = 0
  let bytes = 0
  const objects = listObjects(endpoint, bucket, { prefix, pageKeys, signal })
  for await (const object of objects) {
    if (isTable && count === 0) printHead(context)
    count += 1
    bytes += object.bytes
    terminal.print(isJson ? jsonOf(object) : isLong ? row(object, options) : object.key)
    if (count === maxKeys) break
  }
  if (!isTable) return
  if (count === 0) printHead(context)
  terminal.print(rule)
  terminal.print(`${plural(count, 'object')}, ${printSize(bytes)} total`)
}

/** Those that the key may see. */
export async function listAllBuckets({
  endpoint,
  signal,
  terminal,
  isJson,
}: Context): Promise<void> {
  for (const bucket of await listBuckets(endpoint, { signal }))
    terminal.print(isJson ? JSON.stringify({ bucket }) : bucket)
}

function printHead({ terminal }: Context): void {
  terminal.print(
    `${'KEY'.padEnd(keyWidth)} ${'SIZE'.padStart(sizeWidth)} ${'LAST MODIFIED'.padEnd(timeWidth)} ETAG`,
  )
  terminal.print(rule)
}

function row({ key, bytes, etag, modifiedAt }: ListedObject, options: ListOptions): string {
  const shown = key.length > keyWidth ? `...${key.slice(3 - keyWidth)}` : key
  const size = options.isHumanReadable ? printSize(bytes) : String(bytes)
  const time = printTime(modifiedAt).padEnd(timeWidth)
  return `${shown.padEnd(keyWidth)} ${size.padStart(sizeWidth)} ${time} ${etag.slice(0, etagWidth)}`
}

function jsonOf({ key, bytes, etag, modifiedAt }: ListedObject): string {
  return JSON.stringify({ key, bytes, etag, modifiedAt: modifiedAt.toISOString() })
}
