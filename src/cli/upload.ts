/** `cyxcloud upload`: a file, a directory, or standard input. */
import { basename, resolve } from 'node:path'
import { inBatch, interruptible, settleBatch } from '#cli/batch'
import type { Context, Secret } from '#cli/context'
import { envelopeMetadata, envelopeVersion, newEnvelope, sealedLength } from '#cli/envelope'
import { sealStream } from '#cli/envelope-stream'
import { cliFault } from '#cli/faults'
import { hasChecksum } from '#cli/has-checksum'
import {
  checkUnchanged,
  findFiles,
  type LocalFile,
  lookAt,
  readFileBytes,
  type TreeFile,
} from '#cli/local-file'
import { planParts } from '#cli/part-size'
import { newProgress, type Progress, showProgress } from '#cli/progress'
import { secretForSealing } from '#cli/secret'
import { plural, printSize } from '#cli/units'
import { ensureBucket } from '#s3/buckets'
import { headObject, type ObjectName } from '#s3/head'
import { type ListedObject, listObjects } from '#s3/list'
import { type Sent, sendStream } from '#s3/send-stream'

export interface UploadOptions {
  readonly bucket: string
  /** Put before every key, with a slash between. */
  readonly prefix: string | undefined
  /** The whole key of a single file or of standard input. */
  readonly key: string | undefined
  readonly isEncrypted: boolean
  readonly partBytes: number
  /** False: sends everything again, and goes on with no upload that was begun before. */
  readonly mayResume: boolean
}

/** What Ctrl-C leaves. */
function hintOf({ isEncrypted, mayResume }: UploadOptions): string {
  return isEncrypted || !mayResume
    ? 'Nothing half-sent was stored. Run the same command again: it begins anew.'
    : 'Nothing is stored under the final name yet. Run the same command again: it goes on where it stopped.'
}

export async function upload(
  context: Context,
  path: string,
  options: UploadOptions,
): Promise<void> {
  const { key, prefix } = options
  if (path === '-') {
    if (key === undefined) {
      const mistakes = 'Standard input has no name: give its key with -k.'
      throw cliFault('cli/mistaken-usage', { mistakes })
    }
    return await uploadInput(context, withPrefix(prefix, key), options)
  }
  const facts = await lookAt(path)
  if (!facts.isDirectory()) {
    if (!facts.isFile()) {
      const reason =
        'it is neither a file nor a directory; a pipe may be standard input (- with -k)'
      throw cliFault('cli/file-unusable', { path, reason })
    }
    const file = { path, bytes: facts.size, modifiedMs: facts.mtimeMs }
    const name = withPrefix(prefix, key ?? basename(resolve(path)))
    return await uploadOne(context, file, name, options)
  }
  if (key !== undefined) {
    const mistakes = `${path} is a directory: its files get keys of their own. Use -p instead of -k.`
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  await uploadTree(context, path, options)
}

function withPrefix(prefix: string | undefined, name: string): string {
  const trimmed = prefix?.replace(/\/+$/, '') ?? ''
  return trimmed === '' ? name : `${trimmed}/${name}`
}

/** What a transfer needs beside the file. */
interface Task {
  readonly options: UploadOptions
  readonly secret: Secret | undefined
  readonly progress: Progress
  /** Parts of one file at a time. */
  readonly lanes: number
}

async function secretOf(
  context: Context,
  { isEncrypted }: UploadOptions,
): Promise<Secret | undefined> {
  return isEncrypted ? await secretForSealing(context.secrets) : undefined
}

async function uploadInput(context: Context, key: string, options: UploadOptions): Promise<void> {
  const { endpoint, signal } = context
  const hint = 'Nothing was stored: what came from standard input has to come again.'
  await interruptible(context, hint, async () => {
    const secret = await secretOf(context, options)
    await ensureBucket(endpoint, options.bucket, { signal })
    const name = { bucket: options.bucket, key }
    const progress = newProgress(key)
    const sent = await showProgress(context, progress, () =>
      send(context, name, {
        source: context.stdin(),
        bytes: undefined,
        isRepeatable: false,
        beforeEnd: async () => {},
        task: { options, secret, progress, lanes: context.lanes },
      }),
    )
    tellUploaded(context, name, sent)
  })
}

async function uploadOne(
  context: Context,
  file: LocalFile,
  key: string,
  options: UploadOptions,
): Promise<void> {
  const { endpoint, signal } = context
  await interruptible(context, hintOf(options), async () => {
    const secret = await secretOf(context, options)
    await ensureBucket(endpoint, options.bucket, { signal })
    const name = { bucket: options.bucket, key }
    const progress = newProgress(key, { bytesTotal: wireBytes(file.bytes, secret) })
    const sent = await showProgress(context, progress, () =>
      sendFile(context, file, name, { options, secret, progress, lanes: context.lanes }),
    )
    tellUploaded(context, name, sent)
  })
}

async function uploadTree(context: Context, root: string, options: UploadOptions): Promise<void> {
  const { endpoint, signal, terminal, isJson } = context
  const files = await findFiles(root, (path, what) =>
    terminal.warn(`Left out: ${path} is ${what}.`),
  )
  if (!isJson) terminal.print(`Found ${plural(files.length, 'file')} in ${root}`)
  await interruptible(context, hintOf(options), async () => {
    const secret = await secretOf(context, options)
    const isNew = await ensureBucket(endpoint, options.bucket, { signal })
    const present = isNew || !options.mayResume ? new Map() : await listPresent(context, options)
    const bytesTotal = files.reduce((sum, { bytes }) => sum + wireBytes(bytes, secret), 0)
    const progress = newProgress(root, { bytesTotal, filesTotal: files.length })
    const lanes = Math.max(1, Math.floor(context.lanes / Math.max(1, files.length)))
    const counts = { uploaded: 0, kept: 0, bytes: 0 }
    const result = await showProgress(context, progress, () =>
      inBatch(context, files, {
        nameOf: ({ path }) => path,
        work: async (file) => {
          const name = { bucket: options.bucket, key: withPrefix(options.prefix, file.name) }
          const isKept =
            secret === undefined && (await isThere(context, file, name, present.get(name.key)))
          if (isKept) {
            counts.kept += 1
            progress.bytesKept += file.bytes
          } else {
            const sent = await sendFile(context, file, name, { options, secret, progress, lanes })
            counts.uploaded += 1
            counts.bytes += file.bytes
            if (isJson) tellUploaded(context, name, sent)
          }
          progress.filesDone += 1
        },
      }),
    )
    tellTree(context, { ...counts, found: files.length, failed: result.failed })
    settleBatch(result)
  })
}

async function listPresent(
  { endpoint, signal }: Context,
  { bucket, prefix }: UploadOptions,
): Promise<ReadonlyMap<string, ListedObject>> {
  const listed = new Map<string, ListedObject>()
  const under = prefix === undefined ? undefined : withPrefix(prefix, '')
  for await (const object of listObjects(endpoint, bucket, { prefix: under, signal }))
    listed.set(object.key, object)
  return listed
}

/** The same bytes are stored there already. Where no digest can tell, they are not. */
async function isThere(
  { endpoint, signal }: Context,
  file: TreeFile,
  name: ObjectName,
  listed: ListedObject | undefined,
): Promise<boolean> {
  if (listed === undefined || listed.bytes !== file.bytes) return false
  const { checksum, etag, metadata } = await headObject(endpoint, name, { signal })
  const isPlain = metadata[envelopeMetadata] === undefined
  if (!isPlain || checksum === undefined || etag !== listed.etag) return false
  return await hasChecksum(file, checksum, signal)
}

async function sendFile(
  context: Context,
  file: LocalFile,
  name: ObjectName,
  task: Task,
): Promise<Sent> {
  return await send(context, name, {
    source: readFileBytes(file, context.signal),
    bytes: file.bytes,
    // encrypted bytes are never the same twice
    isRepeatable: task.secret === undefined && task.options.mayResume,
    beforeEnd: () => checkUnchanged(file),
    task,
  })
}

interface Source {
  readonly source: AsyncIterable<Uint8Array>
  readonly bytes: number | undefined
  readonly isRepeatable: boolean
  readonly beforeEnd: () => Promise<void>
  readonly task: Task
}

async function send(
  { endpoint, signal, world }: Context,
  name: ObjectName,
  { source, bytes, isRepeatable, beforeEnd, task }: Source,
): Promise<Sent> {
  const { options, secret, progress, lanes } = task
  const length = bytes === undefined ? undefined : wireBytes(bytes, secret)
  const sealing =
    secret === undefined
      ? undefined
      : await newEnvelope(secret, (count) => world.randomBytes(count))
  return await sendStream(
    endpoint,
    name,
    sealing === undefined ? source : sealStream(source, sealing),
    {
      bytes: length,
      ...planParts(length, { partBytes: options.partBytes, lanes }),
      metadata: sealing === undefined ? {} : { [envelopeMetadata]: String(envelopeVersion) },
      isRepeatable,
      beforeEnd,
      onSent: (count) => {
        progress.bytesMoved += count
      },
      onKept: (count) => {
        progress.bytesKept += count
      },
      signal,
    },
  )
}

/** What goes over the wire. */
function wireBytes(bytes: number, secret: Secret | undefined): number {
  return secret === undefined ? bytes : sealedLength(bytes)
}

function tellUploaded(
  { terminal, isJson }: Context,
  { bucket, key }: ObjectName,
  { etag, bytes, partsKept }: Sent,
): void {
  if (isJson) {
    terminal.print(JSON.stringify({ event: 'uploaded', bucket, key, etag, bytes, partsKept }))
    return
  }
  terminal.print(`✓ Uploaded: ${bucket}/${key}`)
  terminal.print(`  ETag: ${etag}`)
  terminal.print(`  Size: ${printSize(bytes)}`)
  if (partsKept > 0) terminal.print(`  Went on: ${plural(partsKept, 'part')} were there already`)
}

interface TreeCounts {
  readonly found: number
  readonly uploaded: number
  readonly kept: number
  readonly failed: number
  readonly bytes: number
}

function tellTree({ terminal, isJson }: Context, counts: TreeCounts): void {
  const { uploaded, kept, failed, bytes } = counts
  if (isJson) terminal.print(JSON.stringify({ event: 'summary', ...counts }))
  else {
    terminal.print(
      `${failed === 0 ? '✓' : '✗'} ${uploaded} uploaded, ${kept} already there, ${failed} failed; ${printSize(bytes)} sent`,
    )
  }
}
