/** The versions of a bucket as an import needs them: key by key, each key's oldest first. */
import type { Endpoint } from '#s3/endpoint'
import { listObjects } from '#s3/list'
import { type KeptVersions, type ListedVersion, listVersions } from '#s3/versions'

/** A key with what there is of it, oldest first. Held in memory as a whole: one key's versions, not one bucket's. */
export interface KeyHistory {
  readonly key: string
  readonly versions: readonly ListedVersion[]
}

export interface HistoryOptions {
  readonly prefix: string
  readonly versioning: KeptVersions
  readonly latestOnly: boolean
  readonly signal: AbortSignal
}

export async function* histories(
  endpoint: Endpoint,
  bucket: string,
  options: HistoryOptions,
): AsyncGenerator<KeyHistory, void, undefined> {
  let key: string | undefined
  let versions: ListedVersion[] = []
  for await (const one of listed(endpoint, bucket, options)) {
    if (key !== undefined && one.key !== key) {
      yield { key, versions: versions.reverse() }
      versions = []
    }
    key = one.key
    versions.push(one)
  }
  if (key !== undefined) yield { key, versions: versions.reverse() }
}

/** What is current, as a listing of versions would tell it. */
async function* listed(
  endpoint: Endpoint,
  bucket: string,
  { prefix, versioning, latestOnly, signal }: HistoryOptions,
): AsyncGenerator<ListedVersion> {
  if (versioning !== 'never' && !latestOnly) {
    yield* listVersions(endpoint, bucket, { prefix, signal })
    return
  }
  for await (const { key, bytes, etag, modifiedAt } of listObjects(endpoint, bucket, {
    prefix,
    signal,
  })) {
    yield { key, version: currentVersion, modifiedAt, content: { bytes, etag } }
  }
}

/** In place of an id, for whatever is current. */
export const currentVersion = ''
