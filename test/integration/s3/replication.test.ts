/** Replication: into another bucket of the same store, and into another store over HTTP. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketReplicationCommand,
  DeleteObjectCommand,
  GetBucketReplicationCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type ReplicationRule,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { silentTelemetry } from '#telemetry/telemetry'
import { clientOf, refused } from '../../sdk.ts'
import { until } from '../../until.ts'
import { newcomer } from './client-key.ts'
import { dispatcherOf } from './dispatcher.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3-server.ts'

interface Attempt {
  readonly target: string
  readonly outcome: string
}

const dayMs = 86_400_000
let here: S3Server
let there: S3Server
let client: S3Client
let other: S3Client
const stop = new AbortController()
const running: Promise<void>[] = []
/** What each attempt came to, by target. */
const attempts: Attempt[] = []
const telemetry = { ...silentTelemetry, delivered: (event: Attempt) => attempts.push(event) }

before(async () => {
  here = await startS3Server()
  there = await startS3Server()
  client = clientOf(here)
  other = clientOf(there)
  for (const server of [here, there])
    running.push(dispatcherOf(server, { telemetry }).run(stop.signal))
})
after(async () => {
  stop.abort()
  await Promise.all(running)
  client.destroy()
  other.destroy()
  await here[Symbol.asyncDispose]()
  await there[Symbol.asyncDispose]()
})

async function versioned(one: S3Client, Bucket: string): Promise<void> {
  await one.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await one.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
}

const ruleTo = (Bucket: string, more: Partial<ReplicationRule> = {}): ReplicationRule => ({
  ...{ ID: `to ${Bucket}`, Priority: 1, Filter: { Prefix: '' }, Status: 'Enabled' },
  DeleteMarkerReplication: { Status: 'Enabled' },
  Destination: { Bucket },
  ...more,
})
const replicate = (Bucket: string, ...Rules: ReplicationRule[]) =>
  replicateAs(client, Bucket, ...Rules)
const replicateAs = (one: S3Client, Bucket: string, ...Rules: ReplicationRule[]) =>
  one.send(
    new PutBucketReplicationCommand({
      Bucket,
      ReplicationConfiguration: { Role: 'arn:aws:iam::1:role/r', Rules },
    }),
  )
const local = (bucket: string): string => `arn:aws:s3:::${bucket}`
const put = (Bucket: string, Key: string, Body: string | Uint8Array = Key) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }))
const head = (one: S3Client, Bucket: string, Key: string, VersionId?: string) =>
  one.send(
    new HeadObjectCommand({ Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }),
  )
const statusOf = async (one: S3Client, Bucket: string, Key: string): Promise<string | undefined> =>
  (await head(one, Bucket, Key).catch(() => undefined))?.ReplicationStatus
const becomes = (Bucket: string, Key: string, wanted: string) =>
  until(
    () => statusOf(client, Bucket, Key),
    (status) => status === wanted,
  )
/** All versions, by key. */
async function history(one: S3Client, Bucket: string): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await one.send(
    new ListObjectVersionsCommand({ Bucket }),
  )
  const objects = Versions.map(({ Key, ETag }) => `${Key} ${ETag}`)
  return [...objects, ...DeleteMarkers.map(({ Key }) => `${Key} gone`)].sort()
}
async function addEndpoint(
  server: S3Server,
  name: string,
  { to: { s3Url: url }, bucket }: { readonly to: S3Server; readonly bucket: string },
  its = secret,
): Promise<string> {
  const place = { kind: 's3', url, region: 'us-east-1', bucket, accessKeyId } as const
  await server.store.targets.add(name, { place, secret: its })
  return `arn:mycelium:s3:::${name}`
}

test('rules are given back as they were given, until they are removed', async () => {
  await versioned(client, 'rules')
  await versioned(client, 'rules-copy')
  const get = () => client.send(new GetBucketReplicationCommand({ Bucket: 'rules' }))
  await rejects(get(), refused(404, 'ReplicationConfigurationNotFoundError'))
  const Rules: ReplicationRule[] = [
    ruleTo(local('rules-copy'), { Filter: { Prefix: 'a/' } }),
    {
      ID: 'tags',
      Priority: 2,
      Filter: { And: { Prefix: 'b/', Tags: [{ Key: 'colour', Value: 'red' }] } },
      Status: 'Disabled',
      DeleteMarkerReplication: { Status: 'Disabled' },
      Destination: { Bucket: local('rules-copy'), StorageClass: 'STANDARD' },
    },
  ]
  await replicate('rules', ...Rules)
  deepEqual((await get()).ReplicationConfiguration, { Role: 'arn:aws:iam::1:role/r', Rules })
  const VersioningConfiguration = { Status: 'Suspended' } as const
  const suspend = () =>
    client.send(new PutBucketVersioningCommand({ Bucket: 'rules', VersioningConfiguration }))
  await rejects(suspend(), refused(409, 'InvalidBucketState'))
  await client.send(new DeleteBucketReplicationCommand({ Bucket: 'rules' }))
  await rejects(get(), refused(404, 'ReplicationConfigurationNotFoundError'))
  await suspend()
})

const wrong: readonly (readonly [string, ReplicationRule[], number, string])[] = [
  ['a bucket that is not there', [ruleTo(local('nowhere'))], 400, 'InvalidRequest'],
  ['a bucket without versions', [ruleTo(local('plain'))], 400, 'InvalidRequest'],
  ['the bucket itself', [ruleTo(local('refusing'))], 400, 'InvalidRequest'],
  ['a target that is not there', [ruleTo('arn:mycelium:s3:::nobody')], 400, 'InvalidArgument'],
  ['what is no ARN', [ruleTo('refusing')], 400, 'InvalidArgument'],
  [
    'objects that are there already',
    [ruleTo(local('taking'), { ExistingObjectReplication: { Status: 'Enabled' } })],
    501,
    'NotImplemented',
  ],
  [
    'markers by tag',
    [ruleTo(local('taking'), { Filter: { Tag: { Key: 'k', Value: 'v' } } })],
    400,
    'InvalidRequest',
  ],
  [
    'one priority twice',
    [ruleTo(local('taking')), ruleTo(local('taking'), { ID: 'again' })],
    400,
    'InvalidRequest',
  ],
]
for (const [what, rules, status, code] of wrong)
  test(`refused: ${what}`, async () => {
    for (const name of ['refusing', 'taking']) await versioned(client, name).catch(() => {}) // of the row before
    await client.send(new CreateBucketCommand({ Bucket: 'plain' })).catch(() => {}) // likewise
    await rejects(replicate('refusing', ...rules), refused(status, code))
    await rejects(replicate('plain', ruleTo(local('taking'))), refused(400, 'InvalidRequest'))
  })

test('into another bucket of the store: what rules ask for, with all that belongs to it', async () => {
  await versioned(client, 'source')
  await versioned(client, 'copies')
  await versioned(client, 'reds')
  await put('source', 'in/before')
  await replicate(
    'source',
    ruleTo(local('copies'), { Filter: { Prefix: 'in/' } }),
    ruleTo(local('reds'), {
      Priority: 2,
      Filter: { Tag: { Key: 'colour', Value: 'red' } },
      DeleteMarkerReplication: { Status: 'Disabled' },
    }),
  )
  const Key = 'in/ü'
  const written = await client.send(
    new PutObjectCommand({
      ...{ Bucket: 'source', Key, Body: 'hello', ContentType: 'text/x', Tagging: 'colour=red' },
      ...{ Metadata: { who: 'me' }, ChecksumAlgorithm: 'SHA256' },
    }),
  )
  await put('source', 'out/1')
  await put('source', 'in/2')
  await becomes('source', Key, 'COMPLETED')
  await becomes('source', 'in/2', 'COMPLETED')
  for (const Bucket of ['copies', 'reds']) {
    const copy = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    equal(await copy.Body?.transformToString(), 'hello')
    deepEqual(
      [copy.ETag, copy.ContentType, copy.Metadata, copy.ReplicationStatus, copy.ChecksumSHA256],
      [written.ETag, 'text/x', { who: 'me' }, 'REPLICA', written.ChecksumSHA256],
    )
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }))
    deepEqual(TagSet, [{ Key: 'colour', Value: 'red' }])
  }
  equal(await statusOf(client, 'source', 'out/1'), undefined)
  equal(await statusOf(client, 'source', 'in/before'), undefined)

  await client.send(new DeleteObjectCommand({ Bucket: 'source', Key }))
  await until(
    () => history(client, 'copies'),
    (versions) => versions.includes(`${Key} gone`),
  )
  await client.send(
    new DeleteObjectCommand({ Bucket: 'source', Key, VersionId: written.VersionId }),
  )
  await put('source', 'in/3')
  await becomes('source', 'in/3', 'COMPLETED')
  equal((await history(client, 'copies')).length, 4, 'removing a version takes no copy away')
  deepEqual(await history(client, 'reds'), [`${Key} ${written.ETag}`])
})

test('into another store and back, once each: parts, checksums, tags, markers', async () => {
  const Bucket = 'both'
  await versioned(client, Bucket)
  await versioned(other, Bucket)
  const to = await addEndpoint(here, 'there', { to: there, bucket: Bucket })
  const back = await addEndpoint(there, 'here', { to: here, bucket: Bucket })
  await replicate(Bucket, ruleTo(to))
  await replicateAs(other, Bucket, ruleTo(back))

  const Metadata = { who: 'mich\u00e8le' }
  const small = await client.send(
    new PutObjectCommand({
      ...{ Bucket, Key: 'small', Body: 'hello', Metadata, Tagging: 'a=b%3Dc' },
      ...{ CacheControl: 'no-cache', ChecksumAlgorithm: 'CRC32C' },
    }),
  )
  const Key = 'large'
  const parts = [6, 5, 8, 5, 0.1].map((mebibytes) => randomBytes(mebibytes * 2 ** 20))
  const upload = { Bucket, Key, ChecksumAlgorithm: 'CRC32' } as const
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload))
  const sent = await Promise.all(
    parts.map(async (Body, index) => {
      const part = { Bucket, Key, UploadId, PartNumber: index + 1 }
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand({ ...part, Body }))
      return { PartNumber: index + 1, ETag, ChecksumCRC32 }
    }),
  )
  const MultipartUpload = { Parts: sent }
  const large = await client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }),
  )
  await put(Bucket, 'empty', '')
  for (const key of ['small', Key, 'empty']) await becomes(Bucket, key, 'COMPLETED')
  deepEqual(
    attempts.filter(({ target, outcome }) => target === 'there' && outcome !== 'delivered'),
    [],
    'each piece arrives as it was sent',
  )

  const read = async (key: string) => {
    const input = { Bucket, Key: key, ChecksumMode: 'ENABLED' } as const
    const answer = await other.send(new GetObjectCommand(input))
    return { ...answer, bytes: Buffer.from((await answer.Body?.transformToByteArray()) ?? []) }
  }
  const copy = await read('small')
  equal(copy.bytes.toString(), 'hello')
  deepEqual(
    [copy.ETag, copy.CacheControl, copy.ReplicationStatus, copy.ChecksumCRC32C, copy.TagCount],
    [small.ETag, 'no-cache', 'REPLICA', small.ChecksumCRC32C, 1],
  )
  const mine = await head(client, Bucket, 'small')
  deepEqual(copy.Metadata, mine.Metadata)
  const whole = await read(Key)
  equal(Buffer.compare(whole.bytes, Buffer.concat(parts)), 0)
  deepEqual(
    [whole.ETag, whole.ChecksumCRC32, whole.ReplicationStatus],
    [large.ETag, large.ChecksumCRC32, 'REPLICA'],
  )
  equal((await read('empty')).bytes.length, 0)

  await other.send(new PutObjectCommand({ Bucket, Key: 'small', Body: 'back' }))
  const isBack = async (): Promise<boolean> =>
    (await statusOf(client, Bucket, 'small')) === 'REPLICA'
  await until(isBack, (is) => is)
  await other.send(new DeleteObjectCommand({ Bucket, Key: 'empty' }))
  await until(
    () => history(client, Bucket),
    (versions) => versions.includes('empty gone'),
  )
  await put(Bucket, 'last')
  await becomes(Bucket, 'last', 'COMPLETED')
  deepEqual(await history(client, Bucket), await history(other, Bucket))
  equal((await history(client, Bucket)).length, 6, 'nothing goes round')
})

test('a lock goes along, into a bucket that has locks and into no other', async () => {
  const locked = { ObjectLockEnabledForBucket: true } as const
  const Bucket = 'locked'
  for (const one of [client, other]) await one.send(new CreateBucketCommand({ Bucket, ...locked }))
  await versioned(other, 'lockless')
  const kept = await addEndpoint(here, 'kept', { to: there, bucket: Bucket })
  await replicate(Bucket, ruleTo(kept))
  const lock = {
    ObjectLockMode: 'GOVERNANCE',
    ObjectLockRetainUntilDate: new Date(Math.ceil((Date.now() + dayMs) / 1000) * 1000),
    ObjectLockLegalHoldStatus: 'ON',
  } as const
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'k', ...lock }))
  await becomes(Bucket, 'k', 'COMPLETED')
  const copy = await head(other, Bucket, 'k')
  deepEqual(
    [copy.ObjectLockMode, copy.ObjectLockRetainUntilDate, copy.ObjectLockLegalHoldStatus],
    Object.values(lock),
  )
  await replicate(
    Bucket,
    ruleTo(await addEndpoint(here, 'bare', { to: there, bucket: 'lockless' })),
  )
  await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'k', ...lock }))
  await until(
    () => here.store.targets.backlog('bare'),
    ({ waiting }) => waiting === 1,
  )
  await client.send(new PutObjectCommand({ Bucket, Key: 'free', Body: 'free' }))
  await becomes(Bucket, 'free', 'COMPLETED')
  equal(await statusOf(client, Bucket, 'k'), 'PENDING')
  deepEqual(
    (await history(other, 'lockless')).map((line) => line.split(' ')[0]),
    ['free'],
  )
  await here.store.targets.remove('bare')
})

test('what cannot be copied fails in the end, and is copied once it can', async () => {
  const Bucket = 'patient'
  await versioned(client, Bucket)
  const to = await addEndpoint(here, 'absent', { to: there, bucket: 'not-yet' })
  await replicate(Bucket, ruleTo(to))
  await put(Bucket, 'key')
  equal(await statusOf(client, Bucket, 'key'), 'PENDING')
  await until(
    () => dispatcherOf(here).state('absent'),
    ({ waiting }) => waiting === 1,
  )
  stop.abort()
  await Promise.all(running)
  const impatient = new AbortController()
  const giving = dispatcherOf(here, { telemetry, giveUpMs: 1 })
  const gives = giving.run(impatient.signal)
  await becomes(Bucket, 'key', 'FAILED')
  match((await giving.state('absent')).trouble ?? '', /no such bucket|does not exist/)
  await versioned(other, 'not-yet')
  await here.store.targets.resume('absent')
  await becomes(Bucket, 'key', 'COMPLETED')
  equal(await statusOf(other, 'not-yet', 'key'), 'REPLICA')

  const wrongKey = await addEndpoint(
    here,
    'stranger',
    { to: there, bucket: 'not-yet' },
    'wrong-one',
  )
  await rejects(giving.try('stranger', impatient), { code: 'delivery/unreachable' })
  await versioned(client, 'removed')
  await replicate('removed', ruleTo(wrongKey))
  await put('removed', 'key')
  await here.store.targets.remove('stranger')
  equal(await statusOf(client, 'removed', 'key'), 'FAILED')
  impatient.abort()
  await gives
})

test('nobody copies into a bucket that does not let them', async (context) => {
  const alice = await newcomer(here, { handle: 'alice', displayName: 'Alice' })
  context.after(() => alice.destroy())
  await versioned(alice, 'hers')
  await versioned(client, 'guarded')
  const setUp = () => replicateAs(alice, 'hers', ruleTo(local('guarded')))
  await rejects(setUp(), refused(403, 'AccessDenied'))
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam:::user/alice' },
        Action: ['s3:ReplicateObject', 's3:ReplicateDelete'],
        Resource: 'arn:aws:s3:::guarded/*',
      },
    ],
  })
  const letThem = () => client.send(new PutBucketPolicyCommand({ Bucket: 'guarded', Policy }))
  await letThem()
  await setUp()
  await client.send(new DeleteBucketPolicyCommand({ Bucket: 'guarded' }))
  const again = new AbortController()
  const dispatcher = dispatcherOf(here, { telemetry })
  const runs = dispatcher.run(again.signal)
  await alice.send(new PutObjectCommand({ Bucket: 'hers', Key: 'k', Body: 'hers' }))
  const { trouble } = await until(
    () => dispatcher.state(':store'),
    (state) => state.trouble !== undefined,
  )
  match(trouble ?? '', /may not replicate into guarded/)
  equal(await statusOf(alice, 'hers', 'k'), 'PENDING')
  await letThem()
  await until(
    () => statusOf(alice, 'hers', 'k'),
    (status) => status === 'COMPLETED',
  )
  equal((await head(client, 'guarded', 'k')).ReplicationStatus, 'REPLICA')
  again.abort()
  await runs

  const marked = (header: string) => {
    const command = new PutObjectCommand({ Bucket: 'hers', Key: 'marked', Body: 'x' })
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> } // the SDK's own
        headers[header] = 'x'
        return next(args)
      },
      { step: 'build' },
    )
    return command
  }
  const bob = await newcomer(here, { handle: 'bob', displayName: 'Bob' })
  context.after(() => bob.destroy())
  const Open = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        ...{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam:::user/bob' } },
        ...{ Action: 's3:PutObject', Resource: 'arn:aws:s3:::hers/*' },
      },
    ],
  })
  await alice.send(new PutBucketPolicyCommand({ Bucket: 'hers', Policy: Open }))
  await rejects(bob.send(marked('x-mycelium-replica')), refused(403, 'AccessDenied'))
  ok((await bob.send(marked('x-nothing'))).ETag)
  ok((await alice.send(marked('x-mycelium-replica'))).ETag)
  equal(await statusOf(alice, 'hers', 'marked'), 'REPLICA')
})
