/**
 * One key of a bucket, its versions one after another. The order of versions is all there is to tell them apart by at the target, so one that may yet
 * come holds back those after it, and one that never will is left out for good.
 */
import { generalFaults } from '#cli/batch'
import { Fault } from '#fault/fault'
import { tellFault } from '#main/explain-endpoint'
import type { ImportState, StateKey } from '#main/import-state'
import { currentVersion, type KeyHistory } from '#main/import-versions'
import { copyVersion } from '#s3/copy-version'
import { deleteObject } from '#s3/delete'
import type { Endpoint } from '#s3/endpoint'
import { versionFacts } from '#s3/version-facts'
import { lockVersion } from '#s3/version-lock'
import { type ListedVersion, listVersions } from '#s3/versions'

/** Figures of one bucket; they grow while it is copied. */
export interface Tally {
  versions: number
  markers: number
  bytes: number
  /** Versions and markers that an earlier run had copied. */
  kept: number
  /** Compared with nothing but their length: the source keeps no digest of them. */
  unproven: number
  /** Versions that were deleted at the source meanwhile. */
  vanished: number
  /** Keys whose newest versions did not come and may the next time; with the reason. */
  readonly held: { readonly key: string; readonly reason: string }[]
  heldCount: number
}

export interface KeyWork {
  readonly from: Endpoint
  readonly source: string
  readonly to: Endpoint
  readonly target: string
  readonly pair: number
  readonly state: ImportState
  readonly tally: Tally
  readonly keepsVersions: boolean
  /** Something may be at the target that a run which died could not note. */
  readonly isResumed: boolean
  readonly onMoved: (bytes: number) => void
  /** Bytes that are there already. */
  readonly onKept: (bytes: number) => void
  readonly signal: AbortSignal
}

/** Reasons in memory for the report; the rest is counted. */
const heldMax = 1_000

/** Throws what would meet every key, and what nobody expected. */
export async function importKey(work: KeyWork, { key, versions }: KeyHistory): Promise<void> {
  const { state, pair, tally, signal } = work
  const done = await state.doneOf(pair, key)
  const isDone = ({ version, content }: ListedVersion): boolean =>
    done.get(version)?.etag === (content?.etag ?? '')
  const newestDone = versions.findLastIndex(isDone)
  let mayBeThere = work.isResumed && work.keepsVersions
  for (const [index, version] of versions.entries()) {
    signal.throwIfAborted()
    if (index <= newestDone) {
      if (isDone(version)) tally.kept += 1 // what was left out before would now come out on top
      work.onKept(version.content?.bytes ?? 0)
      continue
    }
    try {
      if (!(mayBeThere && (await adopt(work, version, done)))) await importVersion(work, version)
      mayBeThere = false
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Fault) || generalFaults.includes(error.code)) throw error
      if (!(await setAside(work, version, error))) return
    }
  }
}

async function importVersion(work: KeyWork, version: ListedVersion): Promise<void> {
  const { from, source, to, target, pair, state, tally, onMoved, signal } = work
  const { key, content } = version
  const stateKey = { pair, key, version: version.version }
  if (content === undefined) {
    const marker = await deleteObject(to, { bucket: target, key }, { signal })
    await state.copied(stateKey, { etag: '', target: marker ?? '' })
    tally.markers += 1
    return
  }
  const name = { bucket: source, key, ...idOf(version) }
  const facts = await versionFacts(from, name, { signal })
  const memory = await state.memoryOf(stateKey, facts.etag)
  const route = { from, source: name, to, target: { bucket: target, key } }
  const copied = await copyVersion(route, { facts, memory, onMoved, signal })
  await lockVersion(to, { bucket: target, key, version: copied.version }, facts.lock, { signal })
  await state.copied(stateKey, { etag: content.etag, target: copied.version ?? '' }, copied.proof)
  tally.versions += 1
  tally.bytes += facts.bytes
  if (copied.proof === 'length') tally.unproven += 1
}

function idOf({ version }: ListedVersion): { readonly version?: string } {
  return version === currentVersion ? {} : { version }
}

/**
 * The version that a run wrote, but died before it could note it: the newest one at the target, unknown to the state, with the same content. Its lock
 * may be missing.
 */
async function adopt(
  { from, source, to, target, pair, state, tally, onKept, signal }: KeyWork,
  version: ListedVersion,
  done: ReadonlyMap<string, { readonly target: string }>,
): Promise<boolean> {
  const { key, content } = version
  const newest = await newestAt(to, { bucket: target, key, signal })
  const isKnown = [...done.values()].some(({ target: id }) => id === newest?.version)
  if (newest === undefined || isKnown) return false
  const isSame = newest.content?.etag === content?.etag && newest.content?.bytes === content?.bytes
  if (!isSame) return false
  const stateKey: StateKey = { pair, key, version: version.version }
  if (content !== undefined) {
    const { lock } = await versionFacts(from, { bucket: source, key, ...idOf(version) }, { signal })
    await lockVersion(to, { bucket: target, key, version: newest.version }, lock, { signal })
  }
  await state.copied(stateKey, { etag: content?.etag ?? '', target: newest.version })
  tally.kept += 1
  onKept(content?.bytes ?? 0)
  return true
}

async function newestAt(
  endpoint: Endpoint,
  {
    bucket,
    key,
    signal,
  }: { readonly bucket: string; readonly key: string; readonly signal: AbortSignal },
): Promise<ListedVersion | undefined> {
  for await (const version of listVersions(endpoint, bucket, { prefix: key, signal })) {
    return version.key === key ? version : undefined // the key itself sorts before all that begin with it
  }
  return undefined
}

/** True when the next version may come: this one is gone, or never will be had. What the target refuses may be mended there. */
async function setAside(
  { from, pair, state, tally }: KeyWork,
  { key, version }: ListedVersion,
  fault: Fault,
): Promise<boolean> {
  const reason = tellFault(fault)
  if (fault.detail['endpoint'] === from.url) {
    if (fault.kind === 'not-found') {
      tally.vanished += 1
      return true
    }
    if (fault.kind === 'denied' || fault.kind === 'invalid' || fault.kind === 'unsupported') {
      await state.leaveOut({ pair, key, version }, reason)
      return true
    }
  }
  tally.heldCount += 1
  if (tally.held.length < heldMax) tally.held.push({ key, reason })
  return false
}
