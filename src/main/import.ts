/** `mycelium import`: the buckets of any S3 endpoint, with their versions, into a store that is up. What is done is remembered, so that it can be gone on with. */
import { newProgress, showProgress } from '#cli/progress'
import type { Terminal } from '#cli/terminal'
import { printSeconds } from '#cli/units'
import { readCredentials } from '#identity/credentials-file'
import { credentialsProfile } from '#main/credentials'
import { dataDirectory } from '#main/data-directory'
import { mainFault } from '#main/faults'
import type { BucketPair, ImportConfig } from '#main/import.config'
import { type BucketReport, carried, importBucket } from '#main/import-bucket'
import { type ImportState, openImportState } from '#main/import-state'
import { histories } from '#main/import-versions'
import type { ProgramOptions } from '#main/offline'
import { readPrivately } from '#main/private-file'
import { printBytes } from '#main/units'
import { listBuckets } from '#s3/buckets'
import { type Endpoint, openEndpoint } from '#s3/endpoint'
import { versioningOf } from '#s3/versions'
import { silentTelemetry } from '#telemetry/telemetry'
import type { World } from '#world/world'

export interface ImportOptions extends ProgramOptions<ImportConfig> {
  readonly terminal: Terminal
}

/** What is at the source now. */
interface Survey {
  readonly pair: BucketPair
  keys: number
  versions: number
  markers: number
  bytes: number
}

interface Report {
  readonly from: string
  readonly to: string
  readonly isDryRun: boolean
  readonly found: readonly Survey[]
  readonly copied: readonly BucketReport[]
  readonly seconds: number
}

/** `main/import-incomplete` when something did not come: all else is copied. Faults of room `s3` when an endpoint does not do its part at all. */
export async function importBuckets(options: ImportOptions): Promise<void> {
  try {
    await importAll(options)
  } catch (error) {
    if (options.stop.aborted) throw mainFault('main/import-interrupted', {}, error)
    throw error
  } finally {
    options.terminal.draw('')
  }
}

async function importAll(options: ImportOptions): Promise<void> {
  const { config, world, print, stop: signal } = options
  const startedAt = world.monotonic()
  using from = openSource(config, world)
  using to = await openTarget(config, world)
  const pairs = config.buckets ?? (await allBuckets(from, signal))
  const found = await survey(options, from, pairs)
  const copied = config.dryRun ? [] : await copyAll(options, { from, to, found })
  const seconds = (world.monotonic() - startedAt) / 1_000
  const report = { from: from.url, to: to.url, isDryRun: config.dryRun, found, copied, seconds }
  print(config.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report))
  const problems = copied.reduce((sum, bucket) => sum + problemsOf(bucket), 0)
  if (problems > 0) throw mainFault('main/import-incomplete', { problems })
}

function openSource(config: ImportConfig, world: World): Endpoint {
  const { from, region, accessKeyId, secretAccessKey, sessionToken } = config
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined
      ? undefined
      : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  return openEndpoint({ url: withoutSlash(from), region, credentials, world })
}

/** The one that is named, or the store of the data directory. `main/no-store`, `main/admin-unreachable`. */
async function openTarget(config: ImportConfig, world: World): Promise<Endpoint> {
  const { to, toAccessKeyId, toSecretAccessKey, data } = config
  const region = 'us-east-1'
  if (to !== undefined && toAccessKeyId !== undefined && toSecretAccessKey !== undefined) {
    const credentials = { accessKeyId: toAccessKeyId, secretAccessKey: toSecretAccessKey }
    return openEndpoint({ url: withoutSlash(to), region, credentials, world })
  }
  const { root, credentials: path, adminEndpoint } = dataDirectory(data)
  const file = await readPrivately(path)
  const keys = file && readCredentials(new TextDecoder().decode(file), credentialsProfile)
  if (!keys) throw mainFault('main/no-store', { path: root })
  const told = await readPrivately(adminEndpoint)
  if (!told) throw mainFault('main/admin-unreachable', { endpoint: 'any address', data: root })
  const credentials = { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secret }
  const url = `${new TextDecoder().decode(told)}/s3`
  return openEndpoint({ url, region, credentials, world })
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

async function allBuckets(from: Endpoint, signal: AbortSignal): Promise<readonly BucketPair[]> {
  const names = await listBuckets(from, { signal })
  return names.map((name) => ({ source: name, target: name }))
}

async function survey(
  { config, terminal, stop: signal }: ImportOptions,
  from: Endpoint,
  pairs: readonly BucketPair[],
): Promise<readonly Survey[]> {
  const { prefix, latestOnly } = config
  const all: Survey[] = []
  for (const pair of pairs) {
    const one: Survey = { pair, keys: 0, versions: 0, markers: 0, bytes: 0 }
    all.push(one)
    const versioning = await versioningOf(from, pair.source, { signal })
    const wanted = { prefix, latestOnly, versioning, signal }
    for await (const { versions } of histories(from, pair.source, wanted)) {
      one.keys += 1
      for (const { content } of versions) {
        if (content === undefined) one.markers += 1
        else one.versions += 1
        one.bytes += content?.bytes ?? 0
      }
      if (one.keys % 1_000 === 0) terminal.draw(`Looking at ${pair.source}: ${one.keys} keys`)
    }
  }
  return all
}

async function copyAll(
  { config, world, terminal, stop: signal }: ImportOptions,
  {
    from,
    to,
    found,
  }: { readonly from: Endpoint; readonly to: Endpoint; readonly found: readonly Survey[] },
): Promise<readonly BucketReport[]> {
  await using state: ImportState = await openImportState(config.state, {
    from: from.url,
    to: to.url,
    telemetry: silentTelemetry,
  })
  const progress = newProgress('Importing', {
    bytesTotal: found.reduce((sum, { bytes }) => sum + bytes, 0),
    filesTotal: found.reduce((sum, { keys }) => sum + keys, 0),
  })
  const onMoved = (bytes: number): void => {
    progress.bytesMoved += bytes
  }
  const onKept = (bytes: number): void => {
    progress.bytesKept += bytes
  }
  const onKey = (): void => {
    progress.filesDone += 1
  }
  const reports: BucketReport[] = []
  await showProgress({ terminal, world, isJson: config.json }, progress, async () => {
    for (const { pair } of found) {
      const work = { from, to, ...pair, config, state, onMoved, onKept, onKey, signal }
      reports.push(await importBucket(work))
    }
  })
  return reports
}

function problemsOf({ heldCount, leftOut, settings }: BucketReport): number {
  const refused = Object.values(settings).filter((outcome) => outcome !== carried)
  return heldCount + leftOut.length + refused.length
}

/** Reasons shown to people; `--json` has more. */
const shownMax = 20

function printReport({ from, to, isDryRun, found, copied, seconds }: Report): string {
  const lines = [`From ${from} to ${to}${isDryRun ? ' (nothing was copied)' : ''}:`]
  for (const { pair, keys, versions, markers, bytes } of found) {
    const { source, target } = pair
    const name = source === target ? source : `${source} as ${target}`
    lines.push(
      `  ${name}: ${keys} keys, ${versions} versions of ${printBytes(bytes)}, ${markers} delete markers`,
    )
    const report = copied.find((one) => one.target === target)
    if (report !== undefined) lines.push(...tellBucket(report))
  }
  if (!isDryRun) lines.push(`It took ${printSeconds(seconds)}.`)
  return `${lines.join('\n')}\n`
}

function tellBucket(report: BucketReport): readonly string[] {
  const { versions, markers, bytes, kept, unproven, vanished, settings, leftOut, held, heldCount } =
    report
  const carriedNames = Object.entries(settings).flatMap(([name, outcome]) =>
    outcome === carried ? [name] : [],
  )
  const troubles = [
    ...Object.entries(settings).flatMap(([name, outcome]) =>
      outcome === carried ? [] : [`setting ${name}: ${outcome}`],
    ),
    ...leftOut.map(
      ({ key, version, reason }) => `left out: ${key} (version ${version || 'current'}): ${reason}`,
    ),
    ...held.map(({ key, reason }) => `to be tried again: ${key}: ${reason}`),
  ]
  const more = troubles.length + heldCount - held.length - shownMax
  return [
    `    copied ${versions} versions of ${printBytes(bytes)} and ${markers} delete markers; ${kept} were there already`,
    ...(carriedNames.length === 0 ? [] : [`    settings: ${carriedNames.join(', ')}`]),
    ...(unproven === 0
      ? []
      : [
          `    ${unproven} were compared by their length alone: the source keeps no digest of them`,
        ]),
    ...(vanished === 0 ? [] : [`    ${vanished} were deleted there meanwhile`]),
    ...troubles.slice(0, shownMax).map((trouble) => `    ${trouble}`),
    ...(more <= 0 ? [] : [`    and ${more} more: see --json`]),
  ]
}
