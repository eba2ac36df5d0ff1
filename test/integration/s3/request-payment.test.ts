/** Buckets whose requesters pay, and settings that clients look for and no bucket has. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketRequestPaymentCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
  ListObjectsV2Command,
  type Payer,
  PutBucketAccelerateConfigurationCommand,
  PutBucketAclCommand,
  PutBucketRequestPaymentCommand,
  PutObjectCommand,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { newcomer } from './client-key.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

let server: S3Server
let alice: S3Client
let bob: S3Client

before(async () => {
  server = await startS3Server()
  alice = await newcomer(server, { handle: 'alice' })
  bob = await newcomer(server, { handle: 'bob' })
})
after(async () => {
  alice.destroy()
  bob.destroy()
  await server[Symbol.asyncDispose]()
})

const failsWith = (name: string) => (error: S3ServiceException) => error.name === name
const Key = 'a'
const RequestPayer = 'requester'

async function setPayer(Bucket: string, Payer: Payer): Promise<void> {
  const RequestPaymentConfiguration = { Payer }
  await alice.send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration }))
}

/** Alice's, and everybody's to read. */
async function openBucket(Bucket: string): Promise<void> {
  await alice.send(new CreateBucketCommand({ Bucket }))
  await alice.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
  await alice.send(new PutObjectCommand({ Bucket, Key, Body: 'a', ACL: 'public-read' }))
}

test('the owner pays, unless they say that requesters do', async () => {
  const Bucket = 'paid'
  await openBucket(Bucket)
  const payer = async (): Promise<unknown> =>
    (await alice.send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer
  equal(await payer(), 'BucketOwner')
  await setPayer(Bucket, 'Requester')
  equal(await payer(), 'Requester')
  await rejects(setPayer(Bucket, 'Somebody' as Payer), failsWith('MalformedXML'))
  await rejects(
    bob.send(
      new PutBucketRequestPaymentCommand({
        Bucket,
        RequestPaymentConfiguration: { Payer: 'BucketOwner' },
      }),
    ),
    failsWith('AccessDenied'),
  )
  await setPayer(Bucket, 'BucketOwner')
  equal(await payer(), 'BucketOwner')
})

test('who does not say that they pay is kept out, and who does is told', async () => {
  const Bucket = 'charged'
  await openBucket(Bucket)
  const url = `${server.s3Url}/${Bucket}/${Key}`
  equal((await fetch(url)).status, 200)
  await setPayer(Bucket, 'Requester')
  equal((await fetch(url)).status, 403, 'nobody knows who would pay')
  equal((await fetch(url, { headers: { 'x-amz-request-payer': RequestPayer } })).status, 403)
  await rejects(bob.send(new GetObjectCommand({ Bucket, Key })), failsWith('AccessDenied'))
  await rejects(bob.send(new ListObjectsV2Command({ Bucket })), failsWith('AccessDenied'))
  const own = 'bobs'
  await bob.send(new CreateBucketCommand({ Bucket: own }))
  const CopySource = `${Bucket}/${Key}`
  const copy = { Bucket: own, Key, CopySource }
  await rejects(bob.send(new CopyObjectCommand(copy)), failsWith('AccessDenied'))
  await bob.send(new CopyObjectCommand({ ...copy, RequestPayer }))
  const asked = { Bucket, Key, RequestPayer } as const
  equal((await bob.send(new HeadObjectCommand(asked))).RequestCharged, 'requester')
  const got = await bob.send(new GetObjectCommand(asked))
  deepEqual([got.RequestCharged, await got.Body?.transformToString()], ['requester', 'a'])
  const listed = await bob.send(new ListObjectsV2Command({ Bucket, RequestPayer }))
  deepEqual([listed.RequestCharged, listed.KeyCount], ['requester', 1])
  const { RequestCharged } = await alice.send(new GetObjectCommand({ Bucket, Key }))
  equal(RequestCharged, undefined, 'the owner is not charged')
})

test('what no bucket has is told as S3 tells of a bucket with none', async () => {
  const Bucket = 'plain'
  await alice.send(new CreateBucketCommand({ Bucket }))
  const asked = { Bucket }
  equal((await alice.send(new GetBucketAccelerateConfigurationCommand(asked))).Status, undefined)
  const lists = await Promise.all([
    alice.send(new ListBucketAnalyticsConfigurationsCommand(asked)),
    alice.send(new ListBucketIntelligentTieringConfigurationsCommand(asked)),
    alice.send(new ListBucketInventoryConfigurationsCommand(asked)),
    alice.send(new ListBucketMetricsConfigurationsCommand(asked)),
  ])
  deepEqual(
    lists.map(({ $metadata, ...rest }) => rest),
    lists.map(() => ({ IsTruncated: false })),
  )
  await rejects(
    bob.send(new ListBucketMetricsConfigurationsCommand(asked)),
    failsWith('AccessDenied'),
  )
  await rejects(
    alice.send(
      new PutBucketAccelerateConfigurationCommand({
        Bucket,
        AccelerateConfiguration: { Status: 'Enabled' },
      }),
    ),
    failsWith('NotImplemented'),
  )
})
