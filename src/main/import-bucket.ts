/** One bucket of an import: made ready at the target, its keys copied side by side, its settings last, so that none of them acts on half a bucket. */
import { Fault } from '#fault/fault'
import { tellFault } from '#main/explain-endpoint'
import type { ImportConfig } from '#main/import.config'
import { importKey, type KeyWork, type Tally } from '#main/import-key'
import type { LeftOut } from '#main/import-state'
import { type HistoryOptions, histories } from '#main/import-versions'
import type { BucketSetting } from '#s3/bucket-settings'
import { ensureBucket } from '#s3/buckets'
import { carrySetting, isLockable, makeLockable } from '#s3/carry-setting'
import { setVersioning, versioningOf } from '#s3/versions'
import { inLanes } from '#stream/lanes'

export interface BucketWork
  extends Omit<KeyWork, 'pair' | 'tally' | 'keepsVersions' | 'isResumed'> {
  readonly config: ImportConfig
  readonly onKey: () => void
}

export interface BucketReport extends Readonly<Tally> {
  readonly source: string
  readonly target: string
  /** What became of each setting that was asked for and is there. */
  readonly settings: Readonly<Partial<Record<BucketSetting, string>>>
  /** Versions that cannot be had, some of them with the reason. */
  readonly leftOut: readonly LeftOut[]
}

/** Reasons in the report of a bucket; the state has all. */
const leftOutMax = 1_000

export async function importBucket(work: BucketWork): Promise<BucketReport> {
  const { from, source, to, target, config, state, onKey, signal } = work
  const versioning = await versioningOf(from, source, { signal })
  const keepsVersions = versioning !== 'never' && !config.latestOnly
  const pair = await state.pairOf(source, target)
  const isResumed = !(await ensureBucket(to, target, { signal }))
  const lockable = await isLockable(from, source, { signal })
  if (keepsVersions || lockable) await setVersioning(to, target, 'enabled', { signal })
  if (lockable && !(await isLockable(to, target, { signal }))) {
    await makeLockable(to, target, { signal })
  }
  const tally: Tally = {
    versions: 0,
    markers: 0,
    bytes: 0,
    kept: 0,
    unproven: 0,
    vanished: 0,
    held: [],
    heldCount: 0,
  }
  const { prefix, latestOnly, lanes } = config
  const wanted: HistoryOptions = { prefix, latestOnly, versioning, signal }
  const keyWork = { ...work, pair, tally, keepsVersions, isResumed }
  await inLanes(histories(from, source, wanted), lanes, async (history) => {
    await importKey(keyWork, history)
    onKey()
  })
  const settings = await carrySettings(work)
  if (keepsVersions && versioning === 'suspended' && !lockable) {
    await setVersioning(to, target, 'suspended', { signal })
  }
  return { source, target, ...tally, settings, leftOut: await state.leftOut(pair, leftOutMax) }
}

async function carrySettings({
  config,
  signal,
  ...carriage
}: BucketWork): Promise<BucketReport['settings']> {
  const outcomes: Partial<Record<BucketSetting, string>> = {}
  for (const setting of config.settings) {
    try {
      const isThere = await carrySetting(setting, carriage, { signal })
      if (isThere) outcomes[setting] = carried
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof Fault) || error.kind === 'unavailable') throw error
      outcomes[setting] = tellFault(error)
    }
  }
  return outcomes
}

/** What the report says of a setting that is at the target; anything else is the reason why not. */
export const carried = 'copied'
