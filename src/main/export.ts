/** `mycelium export`: the objects of a store that is not up as files, or its shards as records, with nothing of ours needed to read them. */
import { createHash } from 'node:crypto'
import { appendFile, mkdir, open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFault } from '#fault/fault'
import { reasonOf } from '#main/data-directory'
import type { ExportConfig } from '#main/export.config'
import { mainFault } from '#main/faults'
import { lockedObjects } from '#main/locked-objects'
import { openOffline, type ProgramOptions } from '#main/offline'
import type { OpenedStore } from '#main/store'
import { printBytes } from '#main/units'
import { walkObjects } from '#main/walk-objects'
import type { ObjectInfo } from '#object/model'
import { parseBucketName } from '#object/names'
import { cyxcHeader } from '#shard/cyxc-record'

/** What a file system takes as one name. */
const nameBytesMax = 255
const manifestName = 'manifest.jsonl'
/** Of the object that is being written. No bucket has such a name. */
const unfinishedName = '.unfinished'

/** `main/not-there`, `main/damage-found` when something could not be read, be it for want of its key: all else is written. */
export async function exportStore(options: ProgramOptions<ExportConfig>): Promise<void> {
  const { config, print } = options
  await using store = await openOffline(options, 'mycelium export')
  await onDisk(config.to, mkdir(config.to, { recursive: true }))
  const { count, bytes, problems } = config.shards
    ? await exportShards(store, options)
    : await exportObjects(store, options)
  const what = config.shards ? 'shards' : 'objects'
  print(`${count} ${what} of ${printBytes(bytes)} are in ${config.to}.\n`)
  for (const problem of problems) print(`  ${problem}\n`)
  if (problems.length > 0) throw mainFault('main/damage-found', { problems: problems.length })
}

interface Exported {
  readonly count: number
  readonly bytes: number
  readonly problems: readonly string[]
}

async function exportObjects(
  { objects, namedKeys }: OpenedStore,
  { config, progress, stop }: ProgramOptions<ExportConfig>,
): Promise<Exported> {
  const isLocked = await lockedObjects(namedKeys)
  const bucket = config.bucket === undefined ? undefined : parseBucketName(config.bucket)
  if (bucket !== undefined) await requireBucket(objects, bucket)
  const manifest = join(config.to, manifestName)
  await onDisk(manifest, writeFile(manifest, ''))
  const done = { count: 0, bytes: 0, problems: [] as string[] }
  for await (const info of walkObjects(objects, { bucket, prefix: config.prefix })) {
    if (isLocked(info)) {
      done.problems.push(`${info.bucket}/${info.key}: its key is its writer's own, or disabled`)
      continue
    }
    let file: string
    try {
      file = await writeObject(objects, info, { to: config.to, signal: stop })
    } catch (error) {
      if (!isFault(error) || isFault(error, 'main/file-unusable')) throw error
      done.problems.push(`${info.bucket}/${info.key}: ${error.message}`)
      continue
    }
    await onDisk(manifest, appendFile(manifest, `${JSON.stringify(manifestLine(info, file))}\n`))
    done.count += 1
    done.bytes += info.bytes
    progress(`${done.count} objects, ${printBytes(done.bytes)}`)
  }
  await rm(join(config.to, unfinishedName), { force: true }) // of an object that could not be read
  return done
}

async function requireBucket(
  objects: OpenedStore['objects'],
  bucket: ReturnType<typeof parseBucketName>,
): Promise<void> {
  await objects.headBucket(bucket).catch((cause: unknown) => {
    throw mainFault('main/not-there', { what: 'bucket', name: bucket }, cause)
  })
}

/** Under its own name when it is whole, and not before. Returns the name. `main/file-unusable`, faults of reading. */
async function writeObject(
  objects: OpenedStore['objects'],
  { bucket, key }: ObjectInfo,
  { to, signal }: { readonly to: string; readonly signal: AbortSignal },
): Promise<string> {
  const unfinished = join(to, unfinishedName)
  const opened = await objects.open(bucket, key)
  try {
    await using file = await onDisk(unfinished, open(unfinished, 'w'))
    for await (const piece of opened.read(undefined, { signal }))
      await onDisk(unfinished, file.writeFile(piece))
  } finally {
    opened.release()
  }
  const plain = fileOf({ bucket, key })
  if (await movesTo(unfinished, join(to, plain))) return plain
  const hashed = hashedName({ bucket, key })
  if (await movesTo(unfinished, join(to, hashed))) return hashed
  throw unusable(join(to, hashed), new Error('something else has its name'))
}

/** False where a file has the name of a directory, or the other way round: keys are no paths, and both `c` and `c/d` may be there. */
async function movesTo(from: string, path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await rename(from, path)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException // `node:fs` throws nothing else
    if (code === 'EEXIST' || code === 'ENOTDIR' || code === 'EISDIR') return false
    throw unusable(path, cause)
  }
}

/** `main/file-unusable` */
async function onDisk<Result>(path: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (cause) {
    throw unusable(path, cause)
  }
}

function unusable(path: string, cause: unknown): Error {
  return mainFault('main/file-unusable', { path, reason: reasonOf(cause), flag: '--to' }, cause)
}

/**
 * `bucket/key`, segment by segment; what a file system could not take, or would take for something else (an empty name, dots, a name that is
 * too long), has a name made of its hash, as has the longer one of two keys of which one would be a directory. The manifest says which object a file is.
 */
export function fileOf({ bucket, key }: Pick<ObjectInfo, 'bucket' | 'key'>): string {
  const isPlain = key
    .split('/')
    .every(
      (name) =>
        name !== '' &&
        !/^\.{1,2}$/.test(name) &&
        !name.includes('\0') &&
        Buffer.byteLength(name) <= nameBytesMax,
    )
  if (isPlain) return join('objects', bucket, key)
  return hashedName({ bucket, key })
}

function hashedName({ bucket, key }: Pick<ObjectInfo, 'bucket' | 'key'>): string {
  return join('named-by-hash', bucket, createHash('sha256').update(key).digest('hex'))
}

function manifestLine(info: ObjectInfo, file: string): object {
  const { bucket, key, bytes, etag, modifiedAt, metadata } = info
  return {
    file,
    bucket,
    key,
    bytes,
    etag,
    modifiedAt: new Date(modifiedAt).toISOString(),
    metadata,
  }
}

/** Every shard of every node that is there; one that lies on two nodes is written once. */
async function exportShards(
  { cluster }: OpenedStore,
  { config, progress, stop }: ProgramOptions<ExportConfig>,
): Promise<Exported> {
  const done = { count: 0, bytes: 0, problems: [] as string[] }
  for (const { id: node, stores } of cluster.up())
    for await (const { id, bytes } of stores.shards.list()) {
      stop.throwIfAborted()
      const shard = new Uint8Array(bytes)
      try {
        await stores.shards.read(id, shard, { offset: 0 })
      } catch (error) {
        if (!isFault(error)) throw error
        done.problems.push(`shard ${id} on ${node}: ${error.message}`)
        continue
      }
      const path = join(config.to, `${id}.cyxc`)
      await onDisk(path, writeFile(path, Buffer.concat([cyxcHeader(shard), shard])))
      done.count += 1
      done.bytes += bytes
      progress(`${done.count} shards, ${printBytes(done.bytes)}`)
    }
  return done
}
