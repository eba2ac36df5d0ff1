/** Version ids on the wire. */
import type { Call } from '#api/s3/call'
import { invalidArgument } from '#api/s3/faults'
import type { VersionId } from '#object/model'
import { parseVersionId } from '#object/names'

/** The version a request names; `undefined` for the current one. `object/invalid-version-id` */
export function versionOf({ query }: Pick<Call, 'query'>): VersionId | undefined {
  const text = query.get('versionId')
  if (text === '') {
    throw invalidArgument('versionId', 'Version id cannot be the empty string')
  }
  return text === undefined ? undefined : parseVersionId(text)
}

/** Nothing of buckets that never kept versions. */
export function versionHeaders({
  versionId,
}: {
  readonly versionId?: VersionId
}): Record<string, string> {
  return versionId === undefined ? {} : { 'x-amz-version-id': versionId }
}

/** Of what was copied from. */
export function sourceVersionHeaders({
  sourceVersionId,
}: {
  readonly sourceVersionId?: VersionId
}): Record<string, string> {
  return sourceVersionId === undefined ? {} : { 'x-amz-copy-source-version-id': sourceVersionId }
}
