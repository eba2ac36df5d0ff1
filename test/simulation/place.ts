/** The few keys that all clients share, and what the refusal of a call says about one. */
import type { BucketName, ObjectKey, WriteCondition } from '#object/model'
import { parseBucketName, parseObjectKey } from '#object/names'
import * as cell from './cell.ts'
import type { Claim, History } from './history.ts'

export interface Place {
  readonly bucket: BucketName
  readonly key: ObjectKey
  /** What the checker calls it. */
  readonly cell: string
}

/** Never deleted. */
export const steadyBucket = parseBucketName('steady')
/** Created and deleted by clients; holds one key. */
export const fleetingBucket = parseBucketName('fleeting')

const keyNames = ['a', 'b', 'dir/c', 'dir/d', 'dir/sub/e', 'ö/f', 'counter'] as const

export const steadyPlaces: readonly Place[] = keyNames.map((name) => placeOf(steadyBucket, name))
export const counterPlace = placeOf(steadyBucket, 'counter')
export const fleetingPlace = placeOf(fleetingBucket, 'only')
export const places: readonly Place[] = [...steadyPlaces, fleetingPlace]

function placeOf(bucket: BucketName, name: string): Place {
  return { bucket, key: parseObjectKey(name), cell: `${bucket}/${name}` }
}

/** The condition in S3's words. */
export function conditionOf({ ifMatch, isNew }: cell.LabelCondition): {
  condition?: WriteCondition
} {
  if (isNew === true) return { condition: { ifNoneMatch: '*' } }
  return ifMatch === undefined ? {} : { condition: { ifMatch: [ifMatch] } }
}

export function printCondition({ ifMatch, isNew }: cell.LabelCondition): string {
  if (isNew === true) return ' if new'
  return ifMatch === undefined ? '' : ` if ${ifMatch}`
}

export function claim(place: Place, step: cell.Step | undefined): readonly Claim[] {
  return step === undefined ? [] : [{ cell: place.cell, step }]
}

/** Perhaps it has happened. */
export function guess(place: Place, step: cell.Step): readonly Claim[] {
  return [{ cell: place.cell, step, isCertain: false }]
}

/** What the refusal of a call on a place says about the place. */
export function refusalOf(
  history: History,
  code: string,
  condition: cell.LabelCondition,
): cell.Step | undefined {
  switch (code) {
    case 'object/no-such-bucket':
      return cell.seesNoBucket
    case 'object/no-such-key':
      return cell.seesNothing
    case 'object/precondition-failed':
      return cell.refuses(condition, history.etagOf)
    case 'object/bucket-exists':
      return cell.findsBucket
    case 'object/bucket-not-empty':
      return cell.seesSomething
  }
  return undefined
}
