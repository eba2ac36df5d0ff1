/** Which operations S3 has, which of them are served here, and what there is to say of those that are not, or not in full. */
import * as sdk from '@aws-sdk/client-s3'
import { bucketRoutes, objectRoutes, serviceRoutes } from '#api/s3/routes'

/** AWS's own list, as its SDK has it. */
export const operationsOfAws: readonly string[] = Object.keys(sdk)
  .flatMap((name) => /^(\w+)Command$/.exec(name)?.[1] ?? [])
  .sort()

/** What is no command of the SDK, but S3 all the same. */
export const operationsBeside = ['PostObject', 'Preflight'] as const

const routes = [...serviceRoutes, ...bucketRoutes, ...objectRoutes]

/** The door answers these before it looks into its table. */
const outsideTheTable: readonly string[] = ['CreateBucket', ...operationsBeside]

export function isServed(operation: string): boolean {
  return outsideTheTable.includes(operation) || routes.some(({ name }) => name === operation)
}

/** It tells that there is nothing, and nothing can be set. */
export function isEmpty(operation: string): boolean {
  return routes.some(({ name, isEmpty = false }) => isEmpty && name === operation)
}

/** What is missing of an operation that is served. */
export const shortcomings: Readonly<Record<string, string>> = {
  RestoreObject:
    'no class is out of reach, so it answers `InvalidObjectState`: [storage classes](../operate/storage-classes.md)',
  SelectObjectContent: 'CSV and JSON, not Parquet',
}

export type Refusal = keyof typeof refusals

/** Why operations are not offered; the page has a line for each. */
export const refusals = {
  'AWS’s analytics':
    'Reports of storage classes, access and inventory are products of AWS around S3, with their own formats and delivery. Lists of their configurations are empty; nothing can be set. Figures of a store are in its [metrics](../operate/metrics.md).',
  'AWS’s tables and annotations':
    'Metadata tables, annotations and attribute-based access lean on other services of AWS (S3 Tables, Glue) and have no meaning without them.',
  'directory buckets':
    'S3 Express: another kind of bucket, bound to a zone of AWS, with sessions of its own and renaming.',
  'Object Lambda':
    'Functions of AWS between reader and object. The service is closed to new users.',
  acceleration:
    'It moves requests through AWS’s edge network. The answer is that it was never switched on.',
} as const

const refused: readonly (readonly [RegExp, Refusal])[] = [
  [/Analytics|Inventory(Configuration)?s?$|Metrics|IntelligentTiering/, 'AWS’s analytics'],
  [
    /Metadata(Table)?Configuration$|BucketMetadata|Annotation|Abac$/,
    'AWS’s tables and annotations',
  ],
  [/^(CreateSession|ListDirectoryBuckets|RenameObject)$/, 'directory buckets'],
  [/^WriteGetObjectResponse$/, 'Object Lambda'],
  [/Accelerate/, 'acceleration'],
]

/** Why an operation is not offered for good; `undefined` when it only has not come yet. */
export function refusalOf(operation: string): Refusal | undefined {
  return refused.find(([pattern]) => pattern.test(operation))?.[1]
}
