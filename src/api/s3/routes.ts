/** Which operation a request is: by what it addresses, its method, its sub-resources and one header. */
import { abortMultipartUpload } from '#api/s3/abort-multipart-upload'
import { getBucketAcl, putBucketAcl } from '#api/s3/bucket-acl'
import { deleteBucketCors, getBucketCors, putBucketCors } from '#api/s3/bucket-cors'
import {
  deleteBucketEncryption,
  getBucketEncryption,
  putBucketEncryption,
} from '#api/s3/bucket-encryption'
import {
  deleteBucketLifecycle,
  getBucketLifecycle,
  putBucketLifecycle,
} from '#api/s3/bucket-lifecycle'
import { getBucketLogging, putBucketLogging } from '#api/s3/bucket-logging'
import { getBucketNotification, putBucketNotification } from '#api/s3/bucket-notification'
import {
  deleteBucketPolicy,
  getBucketPolicy,
  getBucketPolicyStatus,
  putBucketPolicy,
} from '#api/s3/bucket-policy'
import {
  deleteBucketReplication,
  getBucketReplication,
  putBucketReplication,
} from '#api/s3/bucket-replication'
import { getBucketRequestPayment, putBucketRequestPayment } from '#api/s3/bucket-request-payment'
import { deleteBucketTagging, getBucketTagging, putBucketTagging } from '#api/s3/bucket-tagging'
import { deleteBucketWebsite, getBucketWebsite, putBucketWebsite } from '#api/s3/bucket-website'
import type { BucketCall, Call, ObjectCall, Operation } from '#api/s3/call'
import { completeMultipartUpload } from '#api/s3/complete-multipart-upload'
import { copyObject } from '#api/s3/copy-object'
import { createMultipartUpload } from '#api/s3/create-multipart-upload'
import { deleteBucket } from '#api/s3/delete-bucket'
import { deleteObject } from '#api/s3/delete-object'
import { deleteObjects } from '#api/s3/delete-objects'
import { s3Fault } from '#api/s3/faults'
import { getBucketLocation } from '#api/s3/get-bucket-location'
import { getBucketVersioning } from '#api/s3/get-bucket-versioning'
import { getObject } from '#api/s3/get-object'
import { getObjectAttributes } from '#api/s3/get-object-attributes'
import { getObjectTorrent } from '#api/s3/get-object-torrent'
import { headBucket } from '#api/s3/head-bucket'
import { headObject } from '#api/s3/head-object'
import { listBuckets } from '#api/s3/list-buckets'
import { listMultipartUploads } from '#api/s3/list-multipart-uploads'
import { listObjectVersions } from '#api/s3/list-object-versions'
import { listObjects } from '#api/s3/list-objects'
import { listObjectsV2 } from '#api/s3/list-objects-v2'
import { listParts } from '#api/s3/list-parts'
import { getObjectAcl, putObjectAcl } from '#api/s3/object-acl'
import { getObjectLegalHold, putObjectLegalHold } from '#api/s3/object-legal-hold'
import {
  getObjectLockConfiguration,
  putObjectLockConfiguration,
} from '#api/s3/object-lock-configuration'
import { getObjectRetention, putObjectRetention } from '#api/s3/object-retention'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from '#api/s3/object-tagging'
import {
  deleteOwnershipControls,
  getOwnershipControls,
  putOwnershipControls,
} from '#api/s3/ownership-controls'
import {
  deletePublicAccessBlock,
  getPublicAccessBlock,
  putPublicAccessBlock,
} from '#api/s3/public-access-block'
import { putBucketVersioning } from '#api/s3/put-bucket-versioning'
import { putObject } from '#api/s3/put-object'
import { restoreObject } from '#api/s3/restore-object'
import {
  getBucketAccelerateConfiguration,
  listAnalyticsConfigurations,
  listIntelligentTieringConfigurations,
  listInventoryConfigurations,
  listMetricsConfigurations,
} from '#api/s3/unused-configurations'
import { uploadPart } from '#api/s3/upload-part'
import { uploadPartCopy } from '#api/s3/upload-part-copy'
import { getUsage } from '#api/s3/usage'

interface Route<C extends Call> {
  readonly name: string
  readonly method: string
  /** Sub-resources that must be there, and no others. */
  readonly subresources?: readonly string[]
  readonly header?: string
  /** It asks `admit` by itself, with the object it tells of. */
  readonly admits?: true
  /** It tells that there is nothing; nothing can be set. */
  readonly isEmpty?: true
  readonly operation: Operation<C>
}

export const serviceRoutes: readonly Route<Call>[] = [
  { name: 'ListBuckets', method: 'GET', operation: listBuckets },
  { name: 'GetUsage', method: 'GET', subresources: ['usage'], operation: getUsage },
]

const listType = 'list-type'
export const bucketRoutes: readonly Route<BucketCall>[] = [
  { name: 'ListObjectsV2', method: 'GET', subresources: [listType], operation: listObjectsV2 },
  { name: 'ListObjects', method: 'GET', operation: listObjects },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    subresources: ['location'],
    operation: getBucketLocation,
  },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    subresources: ['versioning'],
    operation: getBucketVersioning,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    subresources: ['uploads'],
    operation: listMultipartUploads,
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    subresources: ['versions'],
    operation: listObjectVersions,
  },
  {
    name: 'PutBucketVersioning',
    method: 'PUT',
    subresources: ['versioning'],
    operation: putBucketVersioning,
  },
  {
    name: 'GetBucketTagging',
    method: 'GET',
    subresources: ['tagging'],
    operation: getBucketTagging,
  },
  {
    name: 'PutBucketTagging',
    method: 'PUT',
    subresources: ['tagging'],
    operation: putBucketTagging,
  },
  {
    name: 'DeleteBucketTagging',
    method: 'DELETE',
    subresources: ['tagging'],
    operation: deleteBucketTagging,
  },
  { name: 'GetBucketAcl', method: 'GET', subresources: ['acl'], operation: getBucketAcl },
  { name: 'PutBucketAcl', method: 'PUT', subresources: ['acl'], operation: putBucketAcl },
  { name: 'GetBucketPolicy', method: 'GET', subresources: ['policy'], operation: getBucketPolicy },
  { name: 'PutBucketPolicy', method: 'PUT', subresources: ['policy'], operation: putBucketPolicy },
  {
    name: 'DeleteBucketPolicy',
    method: 'DELETE',
    subresources: ['policy'],
    operation: deleteBucketPolicy,
  },
  {
    name: 'GetBucketPolicyStatus',
    method: 'GET',
    subresources: ['policyStatus'],
    operation: getBucketPolicyStatus,
  },
  {
    name: 'GetPublicAccessBlock',
    method: 'GET',
    subresources: ['publicAccessBlock'],
    operation: getPublicAccessBlock,
  },
  {
    name: 'PutPublicAccessBlock',
    method: 'PUT',
    subresources: ['publicAccessBlock'],
    operation: putPublicAccessBlock,
  },
  {
    name: 'DeletePublicAccessBlock',
    method: 'DELETE',
    subresources: ['publicAccessBlock'],
    operation: deletePublicAccessBlock,
  },
  {
    name: 'GetBucketOwnershipControls',
    method: 'GET',
    subresources: ['ownershipControls'],
    operation: getOwnershipControls,
  },
  {
    name: 'PutBucketOwnershipControls',
    method: 'PUT',
    subresources: ['ownershipControls'],
    operation: putOwnershipControls,
  },
  {
    name: 'DeleteBucketOwnershipControls',
    method: 'DELETE',
    subresources: ['ownershipControls'],
    operation: deleteOwnershipControls,
  },
  { name: 'GetBucketCors', method: 'GET', subresources: ['cors'], operation: getBucketCors },
  { name: 'PutBucketCors', method: 'PUT', subresources: ['cors'], operation: putBucketCors },
  {
    name: 'DeleteBucketCors',
    method: 'DELETE',
    subresources: ['cors'],
    operation: deleteBucketCors,
  },
  {
    name: 'GetBucketEncryption',
    method: 'GET',
    subresources: ['encryption'],
    operation: getBucketEncryption,
  },
  {
    name: 'PutBucketEncryption',
    method: 'PUT',
    subresources: ['encryption'],
    operation: putBucketEncryption,
  },
  {
    name: 'DeleteBucketEncryption',
    method: 'DELETE',
    subresources: ['encryption'],
    operation: deleteBucketEncryption,
  },
  {
    name: 'GetBucketLogging',
    method: 'GET',
    subresources: ['logging'],
    operation: getBucketLogging,
  },
  {
    name: 'PutBucketLogging',
    method: 'PUT',
    subresources: ['logging'],
    operation: putBucketLogging,
  },
  {
    name: 'GetBucketRequestPayment',
    method: 'GET',
    subresources: ['requestPayment'],
    operation: getBucketRequestPayment,
  },
  {
    name: 'PutBucketRequestPayment',
    method: 'PUT',
    subresources: ['requestPayment'],
    operation: putBucketRequestPayment,
  },
  {
    name: 'GetBucketAccelerateConfiguration',
    method: 'GET',
    subresources: ['accelerate'],
    isEmpty: true,
    operation: getBucketAccelerateConfiguration,
  },
  {
    name: 'ListBucketAnalyticsConfigurations',
    method: 'GET',
    subresources: ['analytics'],
    isEmpty: true,
    operation: listAnalyticsConfigurations,
  },
  {
    name: 'ListBucketIntelligentTieringConfigurations',
    method: 'GET',
    subresources: ['intelligent-tiering'],
    isEmpty: true,
    operation: listIntelligentTieringConfigurations,
  },
  {
    name: 'ListBucketInventoryConfigurations',
    method: 'GET',
    subresources: ['inventory'],
    isEmpty: true,
    operation: listInventoryConfigurations,
  },
  {
    name: 'ListBucketMetricsConfigurations',
    method: 'GET',
    subresources: ['metrics'],
    isEmpty: true,
    operation: listMetricsConfigurations,
  },
  {
    name: 'GetBucketWebsite',
    method: 'GET',
    subresources: ['website'],
    operation: getBucketWebsite,
  },
  {
    name: 'PutBucketWebsite',
    method: 'PUT',
    subresources: ['website'],
    operation: putBucketWebsite,
  },
  {
    name: 'DeleteBucketWebsite',
    method: 'DELETE',
    subresources: ['website'],
    operation: deleteBucketWebsite,
  },
  {
    name: 'GetBucketLifecycleConfiguration',
    method: 'GET',
    subresources: ['lifecycle'],
    operation: getBucketLifecycle,
  },
  {
    name: 'PutBucketLifecycleConfiguration',
    method: 'PUT',
    subresources: ['lifecycle'],
    operation: putBucketLifecycle,
  },
  {
    name: 'DeleteBucketLifecycle',
    method: 'DELETE',
    subresources: ['lifecycle'],
    operation: deleteBucketLifecycle,
  },
  {
    name: 'GetBucketNotificationConfiguration',
    method: 'GET',
    subresources: ['notification'],
    operation: getBucketNotification,
  },
  {
    name: 'PutBucketNotificationConfiguration',
    method: 'PUT',
    subresources: ['notification'],
    operation: putBucketNotification,
  },
  {
    name: 'GetBucketReplication',
    method: 'GET',
    subresources: ['replication'],
    operation: getBucketReplication,
  },
  {
    name: 'PutBucketReplication',
    method: 'PUT',
    subresources: ['replication'],
    operation: putBucketReplication,
  },
  {
    name: 'DeleteBucketReplication',
    method: 'DELETE',
    subresources: ['replication'],
    operation: deleteBucketReplication,
  },
  {
    name: 'GetObjectLockConfiguration',
    method: 'GET',
    subresources: ['object-lock'],
    operation: getObjectLockConfiguration,
  },
  {
    name: 'PutObjectLockConfiguration',
    method: 'PUT',
    subresources: ['object-lock'],
    operation: putObjectLockConfiguration,
  },
  { name: 'HeadBucket', method: 'HEAD', operation: headBucket },
  { name: 'DeleteBucket', method: 'DELETE', operation: deleteBucket },
  { name: 'DeleteObjects', method: 'POST', subresources: ['delete'], operation: deleteObjects },
]

const part = ['partNumber', 'uploadId']
const copySource = 'x-amz-copy-source'
export const objectRoutes: readonly Route<ObjectCall>[] = [
  { name: 'GetObject', method: 'GET', admits: true, operation: getObject },
  { name: 'HeadObject', method: 'HEAD', admits: true, operation: headObject },
  {
    name: 'GetObject',
    method: 'GET',
    subresources: ['partNumber'],
    admits: true,
    operation: getObject,
  },
  {
    name: 'HeadObject',
    method: 'HEAD',
    subresources: ['partNumber'],
    admits: true,
    operation: headObject,
  },
  { name: 'CopyObject', method: 'PUT', header: copySource, operation: copyObject },
  { name: 'PutObject', method: 'PUT', operation: putObject },
  { name: 'DeleteObject', method: 'DELETE', operation: deleteObject },
  {
    name: 'GetObjectAttributes',
    method: 'GET',
    subresources: ['attributes'],
    admits: true,
    operation: getObjectAttributes,
  },
  {
    name: 'GetObjectAcl',
    method: 'GET',
    subresources: ['acl'],
    admits: true,
    operation: getObjectAcl,
  },
  {
    name: 'PutObjectAcl',
    method: 'PUT',
    subresources: ['acl'],
    admits: true,
    operation: putObjectAcl,
  },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    subresources: ['tagging'],
    operation: getObjectTagging,
  },
  {
    name: 'PutObjectTagging',
    method: 'PUT',
    subresources: ['tagging'],
    operation: putObjectTagging,
  },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    subresources: ['tagging'],
    operation: deleteObjectTagging,
  },
  {
    name: 'GetObjectRetention',
    method: 'GET',
    subresources: ['retention'],
    operation: getObjectRetention,
  },
  {
    name: 'PutObjectRetention',
    method: 'PUT',
    subresources: ['retention'],
    operation: putObjectRetention,
  },
  {
    name: 'GetObjectLegalHold',
    method: 'GET',
    subresources: ['legal-hold'],
    operation: getObjectLegalHold,
  },
  {
    name: 'PutObjectLegalHold',
    method: 'PUT',
    subresources: ['legal-hold'],
    operation: putObjectLegalHold,
  },
  {
    name: 'GetObjectTorrent',
    method: 'GET',
    subresources: ['torrent'],
    isEmpty: true,
    operation: getObjectTorrent,
  },
  { name: 'RestoreObject', method: 'POST', subresources: ['restore'], operation: restoreObject },
  {
    name: 'SelectObjectContent',
    method: 'POST',
    subresources: ['select'],
    operation: async (call) =>
      await (await import('#api/s3/select-object-content')).selectObjectContent(call),
  },
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    subresources: part,
    header: copySource,
    operation: uploadPartCopy,
  },
  { name: 'UploadPart', method: 'PUT', subresources: part, operation: uploadPart },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    subresources: ['uploads'],
    operation: createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    subresources: ['uploadId'],
    operation: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    subresources: ['uploadId'],
    operation: abortMultipartUpload,
  },
  { name: 'ListParts', method: 'GET', subresources: ['uploadId'], operation: listParts },
]

/** Query parameters that make a request another operation; all others only modify it. */
const subresources = new Set(
  (
    'abac accelerate acl analytics annotation append attributes cors delete encryption intelligent-tiering inventory legal-hold ' +
    'lifecycle list-type location logging metadataAnnotationTable metadataConfiguration metadataInventoryTable ' +
    'metadataJournalTable metadataTable metrics notification object-lock ownershipControls partNumber policy policyStatus ' +
    'publicAccessBlock renameObject replication requestPayment restore retention select session tagging torrent uploadId ' +
    'uploads versioning versions website'
  ).split(' '),
)

/** Whether a request to a bucket's name is to make it: the only one that does not need it to be there. */
export function isCreation({ method, query }: { readonly method: string } & Pick<Call, 'query'>) {
  return method === 'PUT' && isPlain(query)
}

/** Whether a request to a bucket's name is a browser's form: the only one whose proof is in its body. */
export function isForm({ method, query }: { readonly method: string } & Pick<Call, 'query'>) {
  return method === 'POST' && isPlain(query)
}

function isPlain(query: Call['query']): boolean {
  return ![...query.keys()].some((name) => subresources.has(name))
}

/**
 * Operations of directory buckets and of Object Lambda that look like a listing of ours, and like a form for a bucket. Neither is offered, and the second
 * is signed for a service that is not S3. `s3/not-implemented`
 */
export function refuseOtherServices({ query, headers }: Pick<Call, 'query' | 'headers'>): void {
  if (query.get('x-id') === 'ListDirectoryBuckets' || headers['x-amz-request-route'] !== undefined)
    throw s3Fault('s3/not-implemented')
}

/**
 * The route of a request. `s3/not-implemented` for sub-resources of S3 that are not offered, `s3/method-not-allowed` for a method
 * that the addressed thing does not have.
 */
export function findRoute<C extends Call>(
  routes: readonly Route<C>[],
  { method, query, headers }: { readonly method: string } & Pick<Call, 'query' | 'headers'>,
): Route<C> {
  // What others may add to any request is only another operation where there is one.
  const isOwn = (name: string) => routes.some((route) => route.subresources?.includes(name))
  const asked = [...query.keys()].filter((name) => subresources.has(name) || isOwn(name))
  const found = routes.find(
    (route) =>
      route.method === method &&
      isSame(route.subresources ?? [], asked) &&
      (route.header === undefined || headers[route.header] !== undefined),
  )
  if (found !== undefined) return found
  const isOffered = routes.some(
    ({ subresources = [], isEmpty = false }) => !isEmpty && isSame(subresources, asked),
  )
  if (isOffered && (method !== 'POST' || asked.length > 0)) throw s3Fault('s3/method-not-allowed')
  throw s3Fault('s3/not-implemented', { subresource: asked.join(' ').slice(0, 80) })
}

function isSame(wanted: readonly string[], asked: readonly string[]): boolean {
  return wanted.length === asked.length && wanted.every((name) => asked.includes(name))
}
