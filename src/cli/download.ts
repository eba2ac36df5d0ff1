/** `cyxcloud download`: one key, all keys of a prefix, or a whole bucket. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inBatch, interruptible, settleBatch } from '#cli/batch'
import type { Context } from '#cli/context'
import { downloadObject, type Fetched, pourObject } from '#cli/download-object'
import { cliFault } from '#cli/faults'
import { fileFault, lookAt } from '#cli/local-file'
import { lastPart, localPath } from '#cli/local-name'
import { newProgress, showProgress } from '#cli/progress'
import { plural, printSize } from '#cli/units'
import { isFault } from '#fault/fault'
import { headObject, type ObjectName } from '#s3/head'
import { type ListedObject, listObjects } from '#s3/list'

export interface DownloadOptions {
  readonly bucket: string
  readonly key: string | undefined
  readonly prefix: string | undefined
  /** A directory, a file for a single key, or `-` for standard output. */
  readonly output: string
  /** False: fetches everything anew. */
  readonly mayResume: boolean
}

const goesOn =
  'Nothing half-written stands under a final name. Run the same command again: it goes on where it stopped.'

export async function download(context: Context, options: DownloadOptions): Promise<void> {
  const { key, prefix, output } = options
  if (key !== undefined && prefix !== undefined) {
    const mistakes = 'Give either a key (-k) or a prefix (--prefix).'
    throw cliFault('cli/mistaken-usage', { mistakes })
  }
  if (key === undefined) {
    if (output === '-') {
      const mistakes = 'Standard output takes one object: name it with -k.'
      throw cliFault('cli/mistaken-usage', { mistakes })
    }
    return await downloadAll(context, options)
  }
  if (output === '-') return await pour(context, { ...options, key })
  await downloadOne(context, { ...options, key })
}

type OneKey = DownloadOptions & { readonly key: string }

async function pour(context: Context, { bucket, key }: OneKey): Promise<void> {
  const { endpoint, signal } = context
  await interruptible(context, 'Only a part has come out.', async () => {
    const facts = await headObject(endpoint, { bucket, key }, { signal })
    const progress = newProgress(key, { bytesTotal: facts.bytes })
    await pourObject(context, { bucket, key }, { facts, progress })
  })
}

async function downloadOne(context: Context, options: OneKey): Promise<void> {
  const { bucket, key, output, mayResume } = options
  const { endpoint, signal } = context
  await interruptible(context, goesOn, async () => {
    const facts = await headObject(endpoint, { bucket, key }, { signal })
    const target = await targetOf(output, key)
    const progress = newProgress(key, { bytesTotal: facts.bytes })
    const fetched = await showProgress(context, progress, () =>
      downloadObject(context, { bucket, key }, target, { facts, progress, mayResume }),
    )
    tellFetched(context, { bucket, key }, target, fetched)
  })
}

/** A directory, or what ends in `/`, gets the key's last part as a name in it. */
async function targetOf(output: string, key: string): Promise<string> {
  const isDirectory =
    output.endsWith('/') ||
    (await lookAt(output).then(
      (facts) => facts.isDirectory(),
      (error) => {
        if (isFault(error, 'cli/no-such-file')) return false
        throw error
      },
    ))
  if (!isDirectory) return output
  const name = lastPart(key)
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) {
    throw cliFault('cli/unsafe-key', { key, reason: 'its last part cannot be the name of a file' })
  }
  return join(output, name)
}

async function downloadAll(context: Context, options: DownloadOptions): Promise<void> {
  const { bucket, prefix, output, mayResume } = options
  const { endpoint, signal } = context
  await interruptible(context, goesOn, async () => {
    const listing = listObjects(endpoint, bucket, { prefix, signal })
    const objects: readonly ListedObject[] = await Array.fromAsync(listing)
    if (objects.length === 0) {
      throw cliFault('cli/nothing-there', { bucket, ...(prefix === undefined ? {} : { prefix }) })
    }
    const bytesTotal = objects.reduce((sum, { bytes }) => sum + bytes, 0)
    const label = prefix === undefined ? bucket : `${bucket}/${prefix}`
    const progress = newProgress(label, { bytesTotal, filesTotal: objects.length })
    const counts = { downloaded: 0, kept: 0, bytes: 0 }
    const result = await showProgress(context, progress, () =>
      inBatch(context, objects, {
        nameOf: ({ key }) => key,
        work: async ({ key, bytes: listedBytes }) => {
          const name = { bucket, key }
          const target = localPath(output, key)
          if (key.endsWith('/')) {
            await makeDirectory(target) // how some tools write a folder
            progress.bytesKept += listedBytes
          } else {
            const facts = await headObject(endpoint, name, { signal })
            const fetched = await downloadObject(context, name, target, {
              facts,
              progress,
              mayResume,
            })
            const isKept = fetched.outcome === 'already there'
            if (isKept) counts.kept += 1
            else {
              counts.downloaded += 1
              counts.bytes += fetched.bytes
            }
            if (!isKept || context.isJson) tellFetched(context, name, target, fetched)
          }
          progress.filesDone += 1
        },
      }),
    )
    tellAll(context, { ...counts, found: objects.length, failed: result.failed })
    settleBatch(result)
  })
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    throw fileFault(path, cause)
  }
}

function tellFetched(
  { terminal, isJson }: Context,
  { bucket, key }: ObjectName,
  path: string,
  { bytes, bytesKept, outcome }: Fetched,
): void {
  if (isJson) {
    const event = outcome === 'downloaded' ? 'downloaded' : 'kept'
    terminal.print(JSON.stringify({ event, bucket, key, path, bytes, bytesKept }))
    return
  }
  const wentOn = bytesKept > 0 ? `; went on behind ${printSize(bytesKept)}` : ''
  const how = outcome === 'downloaded' ? '✓ Downloaded' : '✓ Already there'
  terminal.print(`${how}: ${bucket}/${key} (${printSize(bytes)}${wentOn})`)
  terminal.print(`  Saved to: ${path}`)
}

interface AllCounts {
  readonly found: number
  readonly downloaded: number
  readonly kept: number
  readonly failed: number
  readonly bytes: number
}

function tellAll({ terminal, isJson }: Context, counts: AllCounts): void {
  const { found, downloaded, kept, failed, bytes } = counts
  if (isJson) {
    terminal.print(JSON.stringify({ event: 'summary', ...counts }))
    return
  }
  terminal.print(
    `${failed === 0 ? '✓' : '✗'} ${plural(found, 'object')}: ${downloaded} downloaded, ${kept} already there, ${failed} failed; ${printSize(bytes)} fetched`,
  )
}
