/** Several principals at one door: each has what it made, and nothing of the others'. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  PutObjectCommand,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import type { NewPrincipal } from '#identity/accounts'
import { clientOf, refused } from '../../sdk.ts'
import { clientWith, newcomer } from './client-key.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

let server: S3Server
let root: S3Client
let alice: S3Client
let bob: S3Client
const clients: S3Client[] = []

function kept(client: S3Client): S3Client {
  clients.push(client)
  return client
}

async function join(handle: string, more: Partial<NewPrincipal> = {}): Promise<S3Client> {
  const displayName = `${handle} of the test`
  return kept(await newcomer(server, { handle, displayName, ...more }))
}

before(async () => {
  server = await startS3Server()
  root = kept(clientOf(server))
  alice = await join('alice')
  bob = await join('bob')
  await alice.send(new CreateBucketCommand({ Bucket: 'of-alice' }))
  await alice.send(new PutObjectCommand({ Bucket: 'of-alice', Key: 'a', Body: 'hers' }))
})
after(async () => {
  for (const client of clients) client.destroy()
  await server[Symbol.asyncDispose]()
})

test('whoever makes a bucket owns it, and sees their own only', async () => {
  await bob.send(new CreateBucketCommand({ Bucket: 'of-bob' }))
  const listed = await alice.send(new ListBucketsCommand({}))
  deepEqual(
    listed.Buckets?.map(({ Name }) => Name),
    ['of-alice'],
  )
  equal(listed.Owner?.DisplayName, 'alice of the test')
  const { Contents } = await alice.send(new ListObjectsCommand({ Bucket: 'of-alice' }))
  equal(Contents?.[0]?.Owner?.ID, (await server.accounts.principal('alice')).id)
})

test('a name is taken for all; its owner may ask for it again', async () => {
  const Bucket = 'of-alice'
  const taken = bob.send(new CreateBucketCommand({ Bucket }))
  await rejects(taken, refused(409, 'BucketAlreadyExists'))
  await alice.send(new CreateBucketCommand({ Bucket }))
})

const Bucket = 'of-alice'
const forbidden: Readonly<Record<string, (client: S3Client) => Promise<unknown>>> = {
  HeadBucket: (client) => client.send(new HeadBucketCommand({ Bucket })),
  GetBucketLocation: (client) => client.send(new GetBucketLocationCommand({ Bucket })),
  ListObjects: (client) => client.send(new ListObjectsCommand({ Bucket })),
  ListMultipartUploads: (client) => client.send(new ListMultipartUploadsCommand({ Bucket })),
  GetObject: (client) => client.send(new GetObjectCommand({ Bucket, Key: 'a' })),
  PutObject: (client) => client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'x' })),
  DeleteObject: (client) => client.send(new DeleteObjectCommand({ Bucket, Key: 'a' })),
  DeleteBucket: (client) => client.send(new DeleteBucketCommand({ Bucket })),
}
for (const [name, ask] of Object.entries(forbidden))
  test(`${name} in another's bucket is refused`, () =>
    rejects(ask(bob), (error: unknown) => {
      equal((error as S3ServiceException).$metadata.httpStatusCode, 403)
      return true
    }))

test('nothing is copied out of another bucket, and nothing into it', async () => {
  const out = { Bucket: 'of-bob', Key: 'stolen', CopySource: 'of-alice/a' }
  await bob.send(new CreateBucketCommand({ Bucket: 'of-bob' }))
  await rejects(bob.send(new CopyObjectCommand(out)), refused(403, 'AccessDenied'))
  await bob.send(new PutObjectCommand({ Bucket: 'of-bob', Key: 'own', Body: 'his' }))
  const into = { Bucket: 'of-alice', Key: 'gift', CopySource: 'of-bob/own' }
  await rejects(bob.send(new CopyObjectCommand(into)), refused(403, 'AccessDenied'))
})

test('root may do everything, in everything', async () => {
  const { Body } = await root.send(new GetObjectCommand({ Bucket, Key: 'a' }))
  equal(await Body?.transformToString(), 'hers')
  const { Contents } = await root.send(new ListObjectsCommand({ Bucket: 'of-bob' }))
  equal(Contents?.length, 1)
})

test('a key that was disabled or removed is refused with the next request', async () => {
  const carol = await join('carol')
  await carol.send(new ListBucketsCommand({}))
  const [key] = await server.accounts.listKeys('carol')
  await server.accounts.setKeyState(key?.accessKeyId ?? '', 'disabled')
  await rejects(carol.send(new ListBucketsCommand({})), refused(403, 'InvalidAccessKeyId'))
  await server.accounts.setKeyState(key?.accessKeyId ?? '', 'active')
  await carol.send(new ListBucketsCommand({}))
  await server.accounts.removePrincipal('carol')
  await rejects(carol.send(new ListBucketsCommand({})), refused(403, 'InvalidAccessKeyId'))
})

test('a key is good until it expires', async () => {
  await server.accounts.createPrincipal({ handle: 'dave' })
  const past = await server.accounts.createKey('dave', { expiresAt: Date.now() - 1 })
  const expired = kept(clientWith(server, past))
  await rejects(expired.send(new ListBucketsCommand({})), refused(403, 'InvalidAccessKeyId'))
  const future = await server.accounts.createKey('dave', { expiresAt: Date.now() + 3_600_000 })
  const good = kept(clientWith(server, future))
  await good.send(new ListBucketsCommand({}))
})

test('a bucket that was removed and made by somebody else is theirs', async () => {
  await alice.send(new CreateBucketCommand({ Bucket: 'passed-on' }))
  await rejects(bob.send(new HeadBucketCommand({ Bucket: 'passed-on' })))
  await alice.send(new DeleteBucketCommand({ Bucket: 'passed-on' }))
  await bob.send(new CreateBucketCommand({ Bucket: 'passed-on' }))
  await bob.send(new PutObjectCommand({ Bucket: 'passed-on', Key: 'k', Body: 'v' }))
  await rejects(
    alice.send(new ListObjectsCommand({ Bucket: 'passed-on' })),
    refused(403, 'AccessDenied'),
  )
})

test('a bucket is found by its own tenant, or none, before its name, and by no other', async () => {
  const carol = await join('carol', { tenant: 'east' })
  await carol.send(new CreateBucketCommand({ Bucket: 'of-carol' }))
  await carol.send(new PutObjectCommand({ Bucket: 'of-carol', Key: 'a', Body: 'hers' }))
  const list = (client: S3Client, Bucket: string) => client.send(new ListObjectsCommand({ Bucket }))
  for (const name of ['of-carol', 'east:of-carol'])
    equal((await list(root, name)).Contents?.[0]?.Key, 'a')
  equal((await list(root, ':of-alice')).Contents?.[0]?.Key, 'a')
  for (const name of ['west:of-carol', ':of-carol', 'east:of-alice', 'east:nowhere'])
    await rejects(list(root, name), refused(404, 'NoSuchBucket'))
  await rejects(list(alice, 'east:of-carol'), refused(403, 'AccessDenied'))
  const copy = (CopySource: string) =>
    root.send(new CopyObjectCommand({ Bucket: 'of-alice', Key: 'copied', CopySource }))
  await copy('east:of-carol/a')
  await rejects(copy('west:of-carol/a'), refused(404, 'NoSuchBucket'))
})

test('buckets are made for one’s own tenant only', async () => {
  const dave = await join('dave-of-the-north', { tenant: 'north' })
  const make = (client: S3Client, Bucket: string) =>
    client.send(new CreateBucketCommand({ Bucket }))
  await make(dave, 'north:of-dave')
  await rejects(make(dave, 'south:of-dave-too'), refused(403, 'AccessDenied'))
  await rejects(make(dave, ':of-dave-too'), refused(403, 'AccessDenied'))
  await make(alice, ':of-alice-too')
  const { Buckets } = await dave.send(new ListBucketsCommand({}))
  deepEqual(
    Buckets?.map(({ Name }) => Name),
    ['of-dave'],
  )
})

test('a list of buckets comes in pages, of those that begin with a prefix', async () => {
  const erin = await join('erin')
  const names = ['erin-a', 'erin-b', 'erin-c', 'other-of-erin']
  for (const Bucket of names) await erin.send(new CreateBucketCommand({ Bucket }))
  const told: (string | undefined)[][] = []
  let ContinuationToken: string | undefined
  do {
    const page = await erin.send(
      new ListBucketsCommand({ MaxBuckets: 2, Prefix: 'erin-', ContinuationToken }),
    )
    told.push(page.Buckets?.map(({ Name }) => Name) ?? [])
    ContinuationToken = page.ContinuationToken
  } while (ContinuationToken !== undefined)
  deepEqual(told, [['erin-a', 'erin-b'], ['erin-c']])
})
