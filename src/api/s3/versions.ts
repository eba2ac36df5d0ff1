import { s3Fault } from '#api/s3/faults'

/** Buckets have no versions yet: `null` names the only one there is. */
export function refuseOtherVersions(versionId: string | undefined): void {
  if (versionId === undefined || versionId === 'null') return
  throw s3Fault('s3/invalid-argument', {
    argument: 'versionId',
    reason: 'Invalid version id specified',
  })
}
