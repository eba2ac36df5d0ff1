/** `mycelium verify`: looks at every shard, every chunk and every object of a store that is not up, and says what is wrong. */
import { createHash } from 'node:crypto'
import { toHex } from '#bytes/text'
import { isFault } from '#fault/fault'
import { mainFault } from '#main/faults'
import { lockedObjects } from '#main/locked-objects'
import { openOffline, type ProgramOptions } from '#main/offline'
import type { OpenedStore } from '#main/store'
import { printBytes } from '#main/units'
import type { VerifyConfig } from '#main/verify.config'
import { walkObjects } from '#main/walk-objects'
import type { ObjectInfo } from '#object/model'
import { type ShardState, surveyChunks } from '#repair/survey'
import { findChunk, readExtents } from '#store/tables'

interface Report {
  readonly shards: Record<ShardState, number>
  /** By the number of further node losses they survive; `unreadable` ones survive none and cannot be read. */
  readonly chunks: { all: number; unreadable: number; lossesLeft: number | undefined }
  /** Of `locked` ones only the ciphertext could be looked at. */
  readonly objects: {
    all: number
    bytes: number
    unreadable: number
    locked: number
    isRead: boolean
  }
  readonly nodesAbsent: readonly string[]
  readonly problems: string[]
}

/** `main/damage-found` when anything is not as it should be. */
export async function verify(options: ProgramOptions<VerifyConfig>): Promise<void> {
  const { config, print, progress } = options
  await using store = await openOffline(options, 'mycelium verify')
  const report: Report = {
    shards: { whole: 0, damaged: 0, missing: 0, absent: 0, unplaced: 0 },
    chunks: { all: 0, unreadable: 0, lossesLeft: undefined },
    objects: { all: 0, bytes: 0, unreadable: 0, locked: 0, isRead: config.deep },
    nodesAbsent: store.cluster.nodes().flatMap(({ id, state }) => (state === 'down' ? [id] : [])),
    problems: [],
  }
  const tell = (): void =>
    progress(
      `${report.chunks.all} chunks, ${report.objects.all} objects, ${report.problems.length} problems`,
    )
  await verifyChunks(store, { report, tell, signal: options.stop })
  await verifyObjects(store, { report, tell, signal: options.stop })
  print(config.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report))
  if (report.problems.length > 0)
    throw mainFault('main/damage-found', { problems: report.problems.length })
}

interface Task {
  readonly report: Report
  readonly tell: () => void
  readonly signal: AbortSignal
}

async function verifyChunks(store: OpenedStore, { report, tell, signal }: Task): Promise<void> {
  const { chunks, shards: states, problems } = report
  for await (const { chunk, shards, lossesLeft } of surveyChunks(store, { signal })) {
    chunks.all += 1
    chunks.lossesLeft = Math.min(chunks.lossesLeft ?? lossesLeft, lossesLeft)
    if (lossesLeft < 0) {
      chunks.unreadable += 1
      problems.push(`chunk ${chunk}: too few whole shards are left to read it`)
    }
    for (const { column, id, node, state } of shards) {
      states[state] += 1
      if (state === 'damaged' || state === 'missing')
        problems.push(`chunk ${chunk}: shard ${column} (${id}) on ${node} is ${state}`)
    }
    tell()
  }
}

async function verifyObjects(store: OpenedStore, { report, tell, signal }: Task): Promise<void> {
  const { objects, problems } = report
  const isLockedOne = await lockedObjects(store.namedKeys)
  for await (const info of walkObjects(store.objects)) {
    const isLocked = isLockedOne(info)
    const trouble =
      (await troubleOfRecipe(store, info)) ??
      (objects.isRead && !isLocked ? await troubleOfBytes(store, info, signal) : undefined)
    objects.all += 1
    objects.bytes += info.bytes
    if (isLocked) objects.locked += 1
    if (trouble !== undefined) {
      objects.unreadable += 1
      problems.push(`object ${info.bucket}/${info.key}: ${trouble}`)
    }
    tell()
  }
}

async function troubleOfRecipe(
  { sql, store }: OpenedStore,
  { sequence, bytes }: ObjectInfo,
): Promise<string | undefined> {
  const extents = await readExtents(sql, sequence)
  const sum = extents.reduce((total, extent) => total + extent.bytes, 0)
  if (sum !== bytes) return `its recipe has ${sum} of ${bytes} bytes`
  for (const { chunkId } of extents) {
    const isKnown =
      store.openPacks.has(toHex(chunkId)) || (await findChunk(sql, chunkId)) !== undefined
    if (!isKnown) return 'part of it is staged on nodes that are absent'
  }
  return undefined
}

async function troubleOfBytes(
  { objects }: OpenedStore,
  { bucket, key, bytes, etag, encryption }: ObjectInfo,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hash = createHash('md5')
  let count = 0
  const opened = await objects.open(bucket, key)
  try {
    for await (const piece of opened.read(undefined, { signal })) {
      hash.update(piece)
      count += piece.length
    }
  } catch (error) {
    if (!isFault(error)) throw error
    return `it cannot be read: ${error.message}`
  } finally {
    opened.release()
  }
  if (count !== bytes) return `${count} of ${bytes} bytes came`
  // The ETag of an upload is made of its parts', and that of what a named key seals is no MD5. The bytes were authenticated all the same.
  const isPlain = /^[0-9a-f]{32}$/.test(etag) && encryption?.kind !== 'aws:kms'
  return isPlain && hash.digest('hex') !== etag ? 'it does not have its MD5' : undefined
}

function printReport({ shards, chunks, objects, nodesAbsent, problems }: Report): string {
  const survives =
    chunks.all === 0 ? '' : `; each survives ${Math.max(0, chunks.lossesLeft ?? 0)} more lost nodes`
  const lines = [
    `Shards   ${shards.whole} whole, ${shards.damaged} damaged, ${shards.missing} missing, ${shards.absent} on absent nodes, ${shards.unplaced} to be made`,
    `Chunks   ${chunks.all}, of which ${chunks.unreadable} cannot be read${survives}`,
    `Objects  ${objects.all} of ${printBytes(objects.bytes)}${objects.isRead ? ', all read' : ''}, ${objects.unreadable} in trouble`,
    ...(objects.locked === 0
      ? []
      : [
          `         ${objects.locked} rest under keys of their writers, or disabled ones: their shards were checked, not what is in them`,
        ]),
    ...(nodesAbsent.length === 0 ? [] : [`Absent   ${nodesAbsent.join(', ')}`]),
    ...problems.map((problem) => `  ${problem}`),
  ]
  return `${lines.join('\n')}\n`
}
