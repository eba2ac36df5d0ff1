/** The 35 features by which stores that speak S3 are compared. A row is there when its operations are served and a test of it is. */
import { isServed } from './operations.ts'
import type { Proof } from './proofs.ts'

export interface Feature {
  readonly name: string
  readonly operations?: readonly string[]
  /** Matches `FILE: TITLE` of the tests that show it. */
  readonly shownBy: RegExp
  /** What there is to know, or what is missing. */
  readonly remark?: string
  readonly isPartial?: true
}

/** In the order in which they are commonly told. */
export const features: readonly Feature[] = [
  { name: 'SigV4 header', shownBy: /sigv4\.test\.ts: what a client signs is believed/ },
  { name: 'SigV4 presigned query', shownBy: /door\.test\.ts: presigned URLs read and write/ },
  {
    name: 'SigV2',
    shownBy: /the old presigned URLs|both ways to sign a policy/,
    isPartial: true,
    remark: 'presigned URLs and forms; not in headers',
  },
  { name: 'aws-chunked, signed', shownBy: /signed chunks are taken|documented signed upload/ },
  { name: 'aws-chunked, unsigned with trailer', shownBy: /unsigned upload with a trailer/ },
  { name: 'Virtual-host style', shownBy: /virtual-hosts\.test\.ts|virtual-host style name/ },
  {
    name: 'Multipart, with UploadPartCopy',
    operations: [
      'CreateMultipartUpload',
      'UploadPart',
      'UploadPartCopy',
      'CompleteMultipartUpload',
    ],
    shownBy: /an upload in parts becomes|parts are copied by range/,
  },
  { name: 'CopyObject', operations: ['CopyObject'], shownBy: /copies keep or replace/ },
  { name: 'Ranges, conditional GET', shownBy: /aws-sdk\.test\.ts: (ranges|conditional reads)/ },
  { name: 'PUT with `If-None-Match: *`', shownBy: /of many conditional creations one wins/ },
  {
    name: 'PUT, Complete and Delete with `If-Match`',
    shownBy: /conditional writes and deletes|conditional delete/,
  },
  { name: 'CRC32, CRC32C, SHA-1, SHA-256', shownBy: /composite checksum|the checksum \$/ },
  {
    name: 'CRC64NVME; SHA-512, MD5, XXH64, XXH3, XXH128',
    shownBy: /the checksum \$|checksum of its upload|by an algorithm of 2026/,
  },
  {
    name: 'Versioning',
    operations: ['PutBucketVersioning', 'ListObjectVersions'],
    shownBy: /s3\/versions\.test\.ts: versions/,
  },
  {
    name: 'Object lock: retention, legal hold',
    operations: ['PutObjectLockConfiguration', 'PutObjectRetention', 'PutObjectLegalHold'],
    shownBy: /object lock, from its settings/,
  },
  { name: 'Object tags', operations: ['PutObjectTagging'], shownBy: /tags of objects/ },
  { name: 'Bucket tags', operations: ['PutBucketTagging'], shownBy: /tags of objects and buckets/ },
  {
    name: 'Lifecycle',
    operations: ['PutBucketLifecycleConfiguration'],
    shownBy: /lifecycle\.test\.ts/,
  },
  { name: 'CORS per bucket', operations: ['PutBucketCors'], shownBy: /a browser is told what/ },
  {
    name: 'Bucket policy',
    operations: ['PutBucketPolicy'],
    shownBy: /access\.test\.ts: (a policy|conditions)/,
  },
  {
    name: 'ACLs',
    operations: ['PutBucketAcl', 'PutObjectAcl'],
    shownBy: /grants by id and by address/,
  },
  {
    name: 'Public access block',
    operations: ['PutPublicAccessBlock'],
    shownBy: /the public access block shuts/,
  },
  { name: 'SSE-C', shownBy: /SSE-C|(customer|client)(’|')?s?(’|')? (own )?key/i },
  { name: 'SSE-S3, bucket encryption', operations: ['PutBucketEncryption'], shownBy: /encrypt/i },
  { name: 'SSE-KMS', operations: ['PutBucketEncryption'], shownBy: /KMS|named key/i },
  { name: 'POST with forms and policies', shownBy: /post-object\.test\.ts: both ways/ },
  { name: 'Website', operations: ['PutBucketWebsite'], shownBy: /website\.test\.ts/ },
  {
    name: 'Notifications',
    operations: ['PutBucketNotificationConfiguration'],
    shownBy: /notifications\.test\.ts|brokers\.test\.ts/,
    remark: 'webhooks, NATS, Redis',
  },
  {
    name: 'Replication',
    operations: ['PutBucketReplication'],
    shownBy: /replicat/i,
  },
  {
    name: 'Select',
    operations: ['SelectObjectContent'],
    shownBy: /select\.test\.ts/,
    remark: 'CSV and JSON, not Parquet',
  },
  {
    name: 'DeleteObjects',
    operations: ['DeleteObjects'],
    shownBy: /many keys are deleted at once/,
  },
  {
    name: 'GetObjectAttributes',
    operations: ['GetObjectAttributes'],
    shownBy: /what an object is made of/,
  },
  { name: 'Bucket logging', operations: ['PutBucketLogging'], shownBy: /logging\.test\.ts/ },
  {
    name: 'Ownership controls',
    operations: ['PutBucketOwnershipControls'],
    shownBy: /what others write is theirs/,
  },
  { name: 'STS and IAM API', shownBy: /iam\.test\.ts/ },
]

/** Tests of the feature, when it is there. */
export function shown({ operations = [], shownBy }: Feature, proofs: readonly Proof[]) {
  if (!operations.every(isServed)) return []
  return proofs.filter(({ file, title }) => shownBy.test(`${file}: ${title}`))
}
