/** Lifecycle rules and storage classes as clients meet them: what is taken, refused and told, with the AWS SDK. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BucketLifecycleConfiguration,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type LifecycleRule,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  RestoreObjectCommand,
  type StorageClass,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { openSuite } from './s3-suite.ts'

const Bucket = 'ageing'
const dayMs = 86_400_000
const { client } = await openSuite(Bucket)

const setRules = (...Rules: LifecycleRule[]) =>
  client.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  )

const rulesNow = async (): Promise<BucketLifecycleConfiguration['Rules']> =>
  (await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules

const enabled = { Status: 'Enabled', Filter: { Prefix: '' } } as const

test('rules come back as they were given, and go as a whole', async () => {
  const none = refused(404, 'NoSuchLifecycleConfiguration')
  await rejects(rulesNow, none)
  const rules: LifecycleRule[] = [
    { ID: 'older form', Status: 'Disabled', Prefix: 'a/', Expiration: { Days: 3 } },
    {
      ID: 'everything',
      Status: 'Enabled',
      Filter: {
        And: {
          Prefix: 'b/<&>',
          Tags: [{ Key: 'k', Value: 'v' }],
          ObjectSizeGreaterThan: 10,
          ObjectSizeLessThan: 20,
        },
      },
      Transitions: [{ Days: 0, StorageClass: 'REDUCED_REDUNDANCY' as 'GLACIER' }],
      Expiration: { Date: new Date('2031-02-03T00:00:00Z') },
      NoncurrentVersionTransitions: [
        { NoncurrentDays: 4, StorageClass: 'REDUCED_REDUNDANCY' as 'GLACIER' },
      ],
      NoncurrentVersionExpiration: { NoncurrentDays: 5, NewerNoncurrentVersions: 6 },
    },
    {
      ...enabled,
      ID: 'marker',
      Expiration: { ExpiredObjectDeleteMarker: true },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
    },
  ]
  await setRules(...rules)
  deepEqual(await rulesNow(), rules)
  await client.send(new DeleteBucketLifecycleCommand({ Bucket }))
  await rejects(rulesNow, none)
  await client.send(new DeleteBucketLifecycleCommand({ Bucket }))
})

test('what no rule may say is refused, with the word S3 has for it, and changes nothing', async () => {
  await setRules({ ...enabled, ID: 'stays', Expiration: { Days: 1 } })
  const expires = { ...enabled, Expiration: { Days: 2 } }
  const odd = 'STRANGE' as 'GLACIER'
  const reduced = 'REDUCED_REDUNDANCY' as 'GLACIER'
  const tagged = { Tag: { Key: 'k', Value: 'v' } }
  const refusals: readonly (readonly [code: string, ...rules: LifecycleRule[]])[] = [
    ['MalformedXML'],
    ['MalformedXML', { ...expires, Status: 'enabled' as 'Enabled' }],
    ['MalformedXML', { ...expires, Prefix: 'both' }],
    ['MalformedXML', { Status: 'Enabled', Expiration: { Days: 1 } }],
    ['MalformedXML', { ...enabled, Expiration: {} }],
    ['MalformedXML', { ...enabled, Expiration: { Days: 1, Date: new Date(0) } }],
    ['MalformedXML', { ...enabled, Expiration: { Days: 1, ExpiredObjectDeleteMarker: true } }],
    ['InvalidArgument', { ...enabled, Expiration: { Days: 0 } }],
    ['InvalidArgument', { ...enabled, Expiration: { Days: -1 } }],
    ['InvalidArgument', { ...enabled, Expiration: { Date: new Date('2031-02-03T04:05:06Z') } }],
    ['InvalidArgument', { ...expires, ID: 'x'.repeat(256) }],
    ['InvalidArgument', { ...expires, ID: 'same' }, { ...expires, ID: 'same' }],
    ['InvalidArgument', { ...expires, Transitions: [{ Days: 2, StorageClass: reduced }] }],
    ['InvalidRequest', enabled],
    ['InvalidRequest', { ...expires, Filter: { And: { Tags: [tagged.Tag, tagged.Tag] } } }],
    [
      'InvalidRequest',
      {
        ...enabled,
        Filter: tagged,
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      },
    ],
    [
      'InvalidRequest',
      { ...enabled, Filter: tagged, Expiration: { ExpiredObjectDeleteMarker: true } },
    ],
    ['InvalidStorageClass', { ...enabled, Transitions: [{ Days: 1, StorageClass: odd }] }],
  ]
  for (const [code, ...rules] of refusals) await rejects(setRules(...rules), refused(400, code))
  deepEqual(
    (await rulesNow())?.map(({ ID }) => ID),
    ['stays'],
  )
})

/** Milliseconds until the expiry that was told, and by which rule. */
function expiryOf(told: string | undefined): readonly [inMs: number, rule: string] {
  const [, date = '', rule = ''] = /^expiry-date="(.*)", rule-id="(.*)"$/.exec(told ?? '') ?? []
  return [Date.parse(date) - Date.now(), decodeURIComponent(rule)]
}

test('whoever writes or reads an object is told when it expires: at a midnight, and by which rule', async () => {
  await setRules(
    { ...enabled, ID: 'späte Tage', Expiration: { Days: 10 } },
    { ID: 'tmp', Status: 'Enabled', Filter: { Prefix: 'tmp/' }, Expiration: { Days: 2 } },
    { ID: 'off', Status: 'Disabled', Prefix: 'tmp/', Expiration: { Days: 1 } },
    { ...enabled, ID: 'uploads', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 3 } },
  )
  const assertTold = (told: string | undefined, days: number, wanted: string): void => {
    const [inMs, rule] = expiryOf(told)
    equal(rule, wanted)
    ok(inMs > (days - 0.01) * dayMs && inMs <= (days + 1) * dayMs, told ?? 'nothing was told')
    match(told ?? '', / 00:00:00 GMT"/)
  }
  const Key = 'tmp/a'
  const written = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  assertTold(written.Expiration, 2, 'tmp')
  assertTold((await client.send(new HeadObjectCommand({ Bucket, Key }))).Expiration, 2, 'tmp')
  assertTold((await client.send(new GetObjectCommand({ Bucket, Key }))).Expiration, 2, 'tmp')
  const copied = await client.send(
    new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/${Key}` }),
  )
  assertTold(copied.Expiration, 10, 'späte Tage')
  const begun = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'c' }))
  equal(begun.AbortRuleId, 'uploads')
  ok((begun.AbortDate?.getTime() ?? 0) > Date.now() + 2.99 * dayMs)
  const upload = { Bucket, Key: 'c', UploadId: begun.UploadId }
  const { ETag } = await client.send(
    new UploadPartCommand({ ...upload, PartNumber: 1, Body: 'part' }),
  )
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  const completed = await client.send(
    new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }),
  )
  assertTold(completed.Expiration, 10, 'späte Tage')
  await client.send(new DeleteBucketLifecycleCommand({ Bucket }))
  equal((await client.send(new HeadObjectCommand({ Bucket, Key }))).Expiration, undefined)
})

/** As HEAD, GET's attributes and the listing tell it. */
async function classesOf(Key: string): Promise<readonly (string | undefined)[]> {
  const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
  const ObjectAttributes = ['StorageClass' as const]
  const attributes = await client.send(
    new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes }),
  )
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: Key }))
  return [head.StorageClass, attributes.StorageClass, Contents[0]?.StorageClass]
}

test('an object has the class it was written with; copies and uploads have the one they ask for', async () => {
  const put = (Key: string, StorageClass?: StorageClass) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: Key, StorageClass }))
  const standard = [undefined, 'STANDARD', 'STANDARD']
  const reduced = Array.from({ length: 3 }, () => 'REDUCED_REDUNDANCY')
  await put('class-none')
  deepEqual(await classesOf('class-none'), standard)
  await put('class-standard', 'STANDARD')
  deepEqual(await classesOf('class-standard'), standard)
  await put('class-reduced', 'REDUCED_REDUNDANCY')
  deepEqual(await classesOf('class-reduced'), reduced)
  const copy = (Key: string, from: string, how: object) =>
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${from}`, ...how }))
  await copy('class-copy', 'class-reduced', {})
  deepEqual(await classesOf('class-copy'), standard)
  await copy('class-none', 'class-none', { StorageClass: 'REDUCED_REDUNDANCY' })
  deepEqual(await classesOf('class-none'), reduced)
  const back = await client.send(new GetObjectCommand({ Bucket, Key: 'class-none' }))
  equal(await back.Body?.transformToString(), 'class-none')
  const upload = await client.send(
    new CreateMultipartUploadCommand({
      Bucket,
      Key: 'class-upload',
      StorageClass: 'REDUCED_REDUNDANCY',
    }),
  )
  const address = { Bucket, Key: 'class-upload', UploadId: upload.UploadId }
  const { ETag } = await client.send(
    new UploadPartCommand({ ...address, PartNumber: 1, Body: 'part' }),
  )
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...address, MultipartUpload }))
  deepEqual(await classesOf('class-upload'), reduced)
})

test('a class that is not offered is refused, and nothing is there to restore', async () => {
  const Key = 'never'
  const StorageClass = 'GLACIER'
  const unknown = refused(400, 'InvalidStorageClass')
  await rejects(
    client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', StorageClass })),
    unknown,
  )
  await rejects(
    client.send(new CreateMultipartUploadCommand({ Bucket, Key, StorageClass })),
    unknown,
  )
  const RestoreRequest = { Days: 1 }
  await rejects(
    client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest })),
    refused(404, 'NoSuchKey'),
  )
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  await rejects(
    client.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest })),
    refused(403, 'InvalidObjectState'),
  )
})
