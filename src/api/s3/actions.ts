/** What policies call each operation. https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html */
import { strict as assert } from 'node:assert'

/** By operation; where a version is named, the second one counts. `undefined`: the operation asks by itself, key by key. */
const actions: Readonly<Record<string, readonly [action: string | undefined, ofVersion?: string]>> =
  {
    AbortMultipartUpload: ['s3:AbortMultipartUpload'],
    CompleteMultipartUpload: ['s3:PutObject'],
    CopyObject: ['s3:PutObject'],
    CreateMultipartUpload: ['s3:PutObject'],
    DeleteBucket: ['s3:DeleteBucket'],
    DeleteBucketCors: ['s3:PutBucketCORS'],
    DeleteBucketLifecycle: ['s3:PutLifecycleConfiguration'],
    DeleteBucketOwnershipControls: ['s3:PutBucketOwnershipControls'],
    DeleteBucketPolicy: ['s3:DeleteBucketPolicy'],
    DeleteBucketTagging: ['s3:PutBucketTagging'],
    DeleteBucketWebsite: ['s3:DeleteBucketWebsite'],
    DeleteObject: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
    DeleteObjects: [undefined],
    DeleteObjectTagging: ['s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'],
    DeletePublicAccessBlock: ['s3:PutBucketPublicAccessBlock'],
    GetBucketAcl: ['s3:GetBucketAcl'],
    GetBucketCors: ['s3:GetBucketCORS'],
    GetBucketLifecycleConfiguration: ['s3:GetLifecycleConfiguration'],
    GetBucketLocation: ['s3:GetBucketLocation'],
    GetBucketNotificationConfiguration: ['s3:GetBucketNotification'],
    GetBucketOwnershipControls: ['s3:GetBucketOwnershipControls'],
    GetBucketPolicy: ['s3:GetBucketPolicy'],
    GetBucketPolicyStatus: ['s3:GetBucketPolicyStatus'],
    GetBucketTagging: ['s3:GetBucketTagging'],
    GetBucketVersioning: ['s3:GetBucketVersioning'],
    GetBucketWebsite: ['s3:GetBucketWebsite'],
    GetObject: ['s3:GetObject', 's3:GetObjectVersion'],
    GetObjectAttributes: ['s3:GetObject', 's3:GetObjectVersion'],
    GetObjectAcl: ['s3:GetObjectAcl', 's3:GetObjectVersionAcl'],
    GetObjectLegalHold: ['s3:GetObjectLegalHold'],
    GetObjectLockConfiguration: ['s3:GetBucketObjectLockConfiguration'],
    GetObjectRetention: ['s3:GetObjectRetention'],
    GetObjectTagging: ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'],
    GetPublicAccessBlock: ['s3:GetBucketPublicAccessBlock'],
    HeadBucket: ['s3:ListBucket'],
    HeadObject: ['s3:GetObject', 's3:GetObjectVersion'],
    ListMultipartUploads: ['s3:ListBucketMultipartUploads'],
    ListObjects: ['s3:ListBucket'],
    ListObjectsV2: ['s3:ListBucket'],
    ListObjectVersions: ['s3:ListBucketVersions'],
    ListParts: ['s3:ListMultipartUploadParts'],
    PutBucketAcl: ['s3:PutBucketAcl'],
    PutBucketCors: ['s3:PutBucketCORS'],
    PutBucketLifecycleConfiguration: ['s3:PutLifecycleConfiguration'],
    PutBucketNotificationConfiguration: ['s3:PutBucketNotification'],
    PutBucketOwnershipControls: ['s3:PutBucketOwnershipControls'],
    PutBucketPolicy: ['s3:PutBucketPolicy'],
    PutBucketTagging: ['s3:PutBucketTagging'],
    PutBucketVersioning: ['s3:PutBucketVersioning'],
    PutBucketWebsite: ['s3:PutBucketWebsite'],
    PutObject: ['s3:PutObject'],
    PutObjectAcl: ['s3:PutObjectAcl', 's3:PutObjectVersionAcl'],
    PutObjectLegalHold: ['s3:PutObjectLegalHold'],
    PutObjectLockConfiguration: ['s3:PutBucketObjectLockConfiguration'],
    PutObjectRetention: ['s3:PutObjectRetention'],
    PutObjectTagging: ['s3:PutObjectTagging', 's3:PutObjectVersionTagging'],
    PutPublicAccessBlock: ['s3:PutBucketPublicAccessBlock'],
    RestoreObject: ['s3:RestoreObject'],
    SelectObjectContent: ['s3:GetObject', 's3:GetObjectVersion'],
    UploadPart: ['s3:PutObject'],
    UploadPartCopy: ['s3:PutObject'],
  }

export function actionOf(
  operation: string,
  { isOfVersion = false }: { readonly isOfVersion?: boolean } = {},
): string | undefined {
  const found = Object.hasOwn(actions, operation) ? actions[operation] : undefined
  assert(found !== undefined, `no action for ${operation}`)
  const [action, ofVersion = action] = found
  return isOfVersion ? ofVersion : action
}
