/** Versions, locks, tags and CORS as clients see them: headers, documents and status codes. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { openSuite } from './s3-suite.ts'

const Bucket = 'versioned'
const { server, client, put } = await openSuite(Bucket)

const textOf = async (Key: string, VersionId?: string) =>
  (await client.send(new GetObjectCommand({ Bucket, Key, VersionId }))).Body?.transformToString()

test('versions are told by name, and a marker says that something is gone', async () => {
  const unversioned = await put('a', 'one')
  equal(unversioned.VersionId, undefined)
  equal((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined)
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  equal((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Enabled')
  const second = await put('a', 'two')
  match(second.VersionId ?? '', /^[0-9a-f]{16}$/)
  const deleted = await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  ok(deleted.DeleteMarker === true && deleted.VersionId !== undefined)
  await rejects(textOf('a'), refused(404, 'NoSuchKey'))
  await rejects(textOf('a', deleted.VersionId), refused(405, 'MethodNotAllowed'))
  deepEqual([await textOf('a', second.VersionId), await textOf('a', 'null')], ['two', 'one'])
  const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }))
  deepEqual(
    [DeleteMarkers?.map(({ IsLatest }) => IsLatest), Versions?.map(({ VersionId }) => VersionId)],
    [[true], [second.VersionId, 'null']],
  )
  const Objects = [
    { Key: 'a', VersionId: deleted.VersionId },
    { Key: 'a', VersionId: 'null' },
  ]
  const many = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  deepEqual(
    many.Deleted?.map(({ DeleteMarker, DeleteMarkerVersionId }) => [
      DeleteMarker,
      DeleteMarkerVersionId,
    ]),
    [
      [true, deleted.VersionId],
      [undefined, undefined],
    ],
  )
  equal(await textOf('a'), 'two')
  const CopySource = `${Bucket}/a?versionId=${second.VersionId}`
  const copied = await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
  equal(copied.CopySourceVersionId, second.VersionId)
})

test('tags of objects and buckets', async () => {
  await put('tagged', 'x', { Tagging: 'b=2&a=1%2B1' })
  const tags = async () =>
    (await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))).TagSet?.map(
      ({ Key, Value }) => `${Key}=${Value}`,
    )
  deepEqual(await tags(), ['a=1+1', 'b=2'])
  const head = new HeadObjectCommand({ Bucket, Key: 'tagged' })
  equal((await client.send(head)).TagCount, 2)
  const Tagging = { TagSet: [{ Key: 'c', Value: '' }] }
  await client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging }))
  deepEqual(await tags(), ['c='])
  await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }))
  deepEqual(await tags(), [])
  await client.send(new PutBucketTaggingCommand({ Bucket, Tagging }))
  deepEqual((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, Tagging.TagSet)
})

test('object lock, from its settings to the refusal', async () => {
  const vault = { Bucket: 'vault', Key: 'deed' }
  await client.send(
    new CreateBucketCommand({ Bucket: vault.Bucket, ObjectLockEnabledForBucket: true }),
  )
  const ObjectLockConfiguration = {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } },
  } as const
  const { Bucket } = vault
  await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }))
  const settings = await client.send(new GetObjectLockConfigurationCommand({ Bucket }))
  deepEqual(settings.ObjectLockConfiguration, ObjectLockConfiguration)
  const { VersionId } = await client.send(new PutObjectCommand({ ...vault, Body: 'text' }))
  const head = await client.send(new HeadObjectCommand(vault))
  equal(head.ObjectLockMode, 'GOVERNANCE')
  const removal = new DeleteObjectCommand({ ...vault, VersionId })
  await rejects(client.send(removal), refused(403, 'AccessDenied'))
  const RetainUntilDate = new Date(Date.now() + 9 * 86_400_000)
  const Retention = { Mode: 'GOVERNANCE', RetainUntilDate } as const
  await client.send(new PutObjectRetentionCommand({ ...vault, Retention }))
  deepEqual((await client.send(new GetObjectRetentionCommand(vault))).Retention, Retention)
  await client.send(new PutObjectLegalHoldCommand({ ...vault, LegalHold: { Status: 'ON' } }))
  equal((await client.send(new GetObjectLegalHoldCommand(vault))).LegalHold?.Status, 'ON')
  const bypass = { ...vault, VersionId, BypassGovernanceRetention: true }
  await rejects(client.send(new DeleteObjectCommand(bypass)), refused(403, 'AccessDenied'))
  await client.send(new PutObjectLegalHoldCommand({ ...vault, LegalHold: { Status: 'OFF' } }))
  await client.send(new DeleteObjectCommand(bypass))
})

test('what an object is made of, on request', async () => {
  const { VersionId } = await put('whole', 'text', { ChecksumAlgorithm: 'SHA256' })
  const found = await client.send(
    new GetObjectAttributesCommand({
      Bucket,
      Key: 'whole',
      ObjectAttributes: ['ETag', 'ObjectSize', 'Checksum', 'ObjectParts', 'StorageClass'],
    }),
  )
  deepEqual([found.VersionId, found.ObjectSize, found.StorageClass], [VersionId, 4, 'STANDARD'])
  match(found.Checksum?.ChecksumSHA256 ?? '', /^.{43}=$/)
  equal(found.ObjectParts, undefined)
})

test('a browser is told what the rules of the bucket say', async () => {
  const ask = (method: string, headers: Record<string, string>) =>
    fetch(`${server.s3Url}/${Bucket}/a`, { method, headers })
  const preflight = { origin: 'https://a.example', 'access-control-request-method': 'PUT' }
  equal((await ask('OPTIONS', preflight)).status, 403)
  equal((await ask('OPTIONS', { origin: 'https://a.example' })).status, 400)
  const CORSRules = [
    {
      AllowedOrigins: ['https://*.example'],
      AllowedMethods: ['PUT', 'GET'],
      AllowedHeaders: ['x-amz-*'],
      ExposeHeaders: ['ETag'],
      MaxAgeSeconds: 600,
    },
  ]
  const CORSConfiguration = { CORSRules }
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))
  const granted = await ask('OPTIONS', {
    ...preflight,
    'access-control-request-headers': 'X-Amz-Date, x-amz-acl',
  })
  equal(granted.status, 200)
  deepEqual(
    ['origin', 'methods', 'headers'].map((name) =>
      granted.headers.get(`access-control-allow-${name}`),
    ),
    ['https://a.example', 'PUT, GET', 'x-amz-date, x-amz-acl'],
  )
  equal(granted.headers.get('access-control-max-age'), '600')
  const unknownHeader = { ...preflight, 'access-control-request-headers': 'x-custom' }
  equal((await ask('OPTIONS', unknownHeader)).status, 403)
  equal((await ask('OPTIONS', { ...preflight, origin: 'https://a.test' })).status, 403)
  const plain = await ask('GET', { origin: 'https://a.example' })
  equal(plain.status, 403, 'leave of the browser is no leave of the owner')
  equal(plain.headers.get('access-control-allow-origin'), 'https://a.example')
  equal((await ask('GET', {})).headers.get('access-control-allow-origin'), null)
})
