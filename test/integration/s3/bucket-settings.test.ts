/** Settings of a bucket that are one document each: given, shown as they were given, and gone when they are deleted. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import {
  DeleteBucketCorsCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketTaggingCommand,
  DeletePublicAccessBlockCommand,
  GetBucketCorsCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketTaggingCommand,
  GetPublicAccessBlockCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  RestoreObjectCommand,
} from '@aws-sdk/client-s3'
import { openSuite } from './s3-suite.ts'

const Bucket = 'settings'
const { client } = await openSuite(Bucket)

test('CORS', async () => {
  const CORSRules = [
    { ID: 'one', AllowedMethods: ['GET', 'PUT'], AllowedOrigins: ['https://*.example.org'] },
    {
      AllowedMethods: ['HEAD'],
      AllowedOrigins: ['*'],
      AllowedHeaders: ['x-*'],
      ExposeHeaders: ['etag'],
      MaxAgeSeconds: 3,
    },
  ]
  await isOneDocument({
    put: () => client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } })),
    get: async () => (await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules,
    remove: () => client.send(new DeleteBucketCorsCommand({ Bucket })),
    given: CORSRules,
    absence: 'NoSuchCORSConfiguration',
  })
})

test('lifecycle', async () => {
  const Rules = [
    {
      ID: 'old',
      Status: 'Enabled',
      Filter: { Prefix: 'log/' },
      Expiration: { Days: 30 },
      NoncurrentVersionExpiration: { NoncurrentDays: 3 },
    },
    {
      ID: 'broken off',
      Status: 'Disabled',
      Filter: { Prefix: '' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ] as const
  const LifecycleConfiguration = { Rules: [...Rules] }
  await isOneDocument({
    put: () =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration })),
    get: async () =>
      (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules,
    remove: () => client.send(new DeleteBucketLifecycleCommand({ Bucket })),
    given: [...Rules],
    absence: 'NoSuchLifecycleConfiguration',
  })
})

test('ownership controls', async () => {
  const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] }
  await isOneDocument({
    put: () => client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls })),
    get: async () =>
      (await client.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls,
    remove: () => client.send(new DeleteBucketOwnershipControlsCommand({ Bucket })),
    given: OwnershipControls,
    absence: 'OwnershipControlsNotFoundError',
  })
})

test('tags', async () => {
  const TagSet = [
    { Key: 'cost centre', Value: '12/ü' },
    { Key: 'empty', Value: '' },
  ]
  await isOneDocument({
    put: () => client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } })),
    get: async () => (await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet,
    remove: () => client.send(new DeleteBucketTaggingCommand({ Bucket })),
    given: TagSet,
    absence: 'NoSuchTagSet',
  })
})

test('the public access block', async () => {
  const PublicAccessBlockConfiguration = {
    BlockPublicAcls: true,
    IgnorePublicAcls: false,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: false,
  }
  await isOneDocument({
    put: () =>
      client.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration })),
    get: async () =>
      (await client.send(new GetPublicAccessBlockCommand({ Bucket })))
        .PublicAccessBlockConfiguration,
    remove: () => client.send(new DeletePublicAccessBlockCommand({ Bucket })),
    given: PublicAccessBlockConfiguration,
    absence: 'NoSuchPublicAccessBlockConfiguration',
  })
})

test('nothing is archived, so there is nothing to restore', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'here', Body: 'x' }))
  const restore = (Key: string) =>
    client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest: { Days: 1 } }))
  await rejects(restore('here'), { name: 'InvalidObjectState' })
  await rejects(restore('elsewhere'), { name: 'NoSuchKey' })
})

async function isOneDocument({
  put,
  get,
  remove,
  given,
  absence,
}: {
  readonly put: () => Promise<unknown>
  readonly get: () => Promise<unknown>
  readonly remove: () => Promise<{ readonly $metadata: { readonly httpStatusCode?: number } }>
  readonly given: unknown
  readonly absence: string
}): Promise<void> {
  await rejects(get(), { name: absence })
  await put()
  deepEqual(await get(), given)
  equal((await remove()).$metadata.httpStatusCode, 204)
  await rejects(get(), { name: absence })
  equal((await remove()).$metadata.httpStatusCode, 204, 'what is not there can be deleted')
}
