/** Who may do what: grants, policies, ownership and the public access block, asked for by the owner, by another, and by somebody unknown. */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketPolicyStatusCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { clientOf, refused, unsigned } from '../../sdk.ts'
import { newcomer } from './client-key.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

let server: S3Server
let alice: S3Client
let bob: S3Client
let nobody: S3Client
let bobId = ''
let made = 0

before(async () => {
  server = await startS3Server()
  alice = await newcomer(server, { handle: 'alice', email: 'alice@example.org' })
  bob = await newcomer(server, { handle: 'bob', email: 'bob@example.org' })
  bobId = (await server.accounts.principal('bob')).id
  nobody = clientOf(server, unsigned)
})
after(async () => {
  for (const client of [alice, bob, nobody]) client.destroy()
  await server[Symbol.asyncDispose]()
})

/** A bucket of alice's with an object `a` in it. */
async function newBucket(more: object = {}): Promise<string> {
  made += 1
  const Bucket = `access-${made}`
  await alice.send(new CreateBucketCommand({ Bucket, ...more }))
  await alice.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'hers', Tagging: 'open=yes' }))
  return Bucket
}

const status = async (asked: Promise<{ $metadata: { httpStatusCode?: number } }>) => {
  try {
    return (await asked).$metadata.httpStatusCode
  } catch (error) {
    return (error as S3ServiceException).$metadata.httpStatusCode
  }
}

/** What each may do, in one line: get, list, put, delete, read the ACL. */
async function rights(client: S3Client, Bucket: string, Key = 'a'): Promise<string> {
  const outcomes = [
    await status(client.send(new GetObjectCommand({ Bucket, Key }))),
    await status(client.send(new ListObjectsCommand({ Bucket }))),
    await status(client.send(new PutObjectCommand({ Bucket, Key: 'tried', Body: 'x' }))),
    await status(client.send(new DeleteObjectCommand({ Bucket, Key: 'tried' }))),
    await status(client.send(new GetObjectAclCommand({ Bucket, Key }))),
  ]
  return outcomes.join(' ')
}
const all = '200 200 200 204 200'
const none = '403 403 403 403 403'

const canned: readonly (readonly [
  acl: 'private' | 'public-read' | 'public-read-write' | 'authenticated-read',
  bob: string,
  nobody: string,
])[] = [
  ['private', none, none],
  ['public-read', '403 200 403 403 403', '403 200 403 403 403'],
  ['public-read-write', '403 200 200 204 403', '403 200 200 204 403'],
  ['authenticated-read', '403 200 403 403 403', none],
]
for (const [ACL, ofBob, ofNobody] of canned)
  test(`a bucket that is ${ACL}`, async () => {
    const Bucket = await newBucket({ ACL })
    equal(await rights(alice, Bucket), all)
    equal(await rights(bob, Bucket), ofBob)
    equal(await rights(nobody, Bucket), ofNobody)
  })

test('an object may be open in a bucket that is not', async () => {
  const Bucket = await newBucket()
  await alice.send(new PutObjectAclCommand({ Bucket, Key: 'a', ACL: 'public-read' }))
  equal(await rights(bob, Bucket), '200 403 403 403 403')
  equal(await rights(nobody, Bucket), '200 403 403 403 403')
  const missing = nobody.send(new GetObjectCommand({ Bucket, Key: 'missing' }))
  await rejects(missing, refused(403, 'AccessDenied')) // who may not list is not told what there is
})

test('grants by id and by address, one permission at a time', async () => {
  const Bucket = await newBucket()
  await alice.send(new PutBucketAclCommand({ Bucket, GrantRead: `id="${bobId}"` }))
  equal(await rights(bob, Bucket), '403 200 403 403 403')
  const GrantWrite = 'emailAddress="bob@example.org"'
  await alice.send(new PutBucketAclCommand({ Bucket, GrantWrite }))
  equal(await rights(bob, Bucket), '403 403 200 204 403')
  await alice.send(new PutBucketAclCommand({ Bucket, GrantReadACP: `id="${bobId}"` }))
  const { Grants, Owner } = await bob.send(new GetBucketAclCommand({ Bucket }))
  equal(Owner?.DisplayName, 'alice')
  deepEqual(
    Grants?.map(({ Grantee, Permission }) => [Grantee?.Type, Grantee?.ID, Permission]),
    [['CanonicalUser', bobId, 'READ_ACP']],
  )
  equal(await status(bob.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))), 403)
})

test('what others write is theirs, unless the bucket says otherwise', async () => {
  const Bucket = await newBucket({ ACL: 'public-read-write' })
  await bob.send(new PutObjectCommand({ Bucket, Key: 'his', Body: 'his' }))
  equal(await status(alice.send(new GetObjectCommand({ Bucket, Key: 'his' }))), 403)
  equal(await status(bob.send(new GetObjectCommand({ Bucket, Key: 'his' }))), 200)
  const { Contents } = await alice.send(new ListObjectsCommand({ Bucket }))
  deepEqual(
    Contents?.map(({ Key, Owner }) => [Key, Owner?.DisplayName]),
    [
      ['a', 'alice'],
      ['his', 'bob'],
    ],
  )
  const ACL = 'bucket-owner-full-control'
  await bob.send(new PutObjectCommand({ Bucket, Key: 'shared', Body: 'his', ACL }))
  equal(await status(alice.send(new GetObjectCommand({ Bucket, Key: 'shared' }))), 200)
  await alice.send(new DeleteObjectCommand({ Bucket, Key: 'his' }))
  const rule = (ObjectOwnership: 'BucketOwnerPreferred' | 'BucketOwnerEnforced') =>
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership }] },
    })
  await alice.send(rule('BucketOwnerPreferred'))
  await bob.send(new PutObjectCommand({ Bucket, Key: 'given', Body: 'his', ACL }))
  equal(await status(bob.send(new GetObjectCommand({ Bucket, Key: 'given' }))), 403)
  const inTheWay = alice.send(rule('BucketOwnerEnforced'))
  await rejects(inTheWay, refused(400, 'InvalidBucketAclWithObjectOwnership'))
  await alice.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }))
  await alice.send(rule('BucketOwnerEnforced'))
  equal(await status(alice.send(new GetObjectCommand({ Bucket, Key: 'shared' }))), 200)
  const asked = alice.send(new PutObjectAclCommand({ Bucket, Key: 'a', ACL: 'public-read' }))
  await rejects(asked, refused(400, 'AccessControlListNotSupported'))
})

const policyOf = (Bucket: string, ...statements: readonly object[]) =>
  new PutBucketPolicyCommand({
    Bucket,
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  })
const allow = (Bucket: string, Action: unknown, more: object = {}) => ({
  Effect: 'Allow',
  Principal: '*',
  Action,
  Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
  ...more,
})

test('a policy gives, to some or to everybody, and takes from the owner too', async () => {
  const Bucket = await newBucket()
  await alice.send(policyOf(Bucket, allow(Bucket, 's3:GetObject')))
  equal(await rights(bob, Bucket), '200 403 403 403 403')
  equal(await rights(nobody, Bucket), '200 403 403 403 403')
  const Principal = { AWS: `arn:aws:iam::${bobId}:root` }
  await alice.send(policyOf(Bucket, allow(Bucket, 's3:*', { Principal })))
  equal(await rights(bob, Bucket), all)
  equal(await rights(nobody, Bucket), none)
  const deny = allow(Bucket, 's3:GetObject', { Effect: 'Deny' })
  await alice.send(policyOf(Bucket, allow(Bucket, 's3:*'), deny))
  equal(await rights(alice, Bucket), '403 200 200 204 200')
  await alice.send(new DeleteBucketPolicyCommand({ Bucket }))
  equal(await rights(alice, Bucket), all)
  equal(await rights(bob, Bucket), none)
})

test('conditions ask about the request, and about the object', async () => {
  const Bucket = await newBucket()
  const prefix = { Condition: { StringEquals: { 's3:prefix': 'open/' } } }
  const tag = { Condition: { StringEquals: { 's3:ExistingObjectTag/open': 'yes' } } }
  await alice.send(
    policyOf(Bucket, allow(Bucket, 's3:ListBucket', prefix), allow(Bucket, 's3:GetObject', tag)),
  )
  const list = (Prefix: string) => status(bob.send(new ListObjectsV2Command({ Bucket, Prefix })))
  deepEqual([await list('open/'), await list('closed/')], [200, 403])
  equal(await status(bob.send(new GetObjectCommand({ Bucket, Key: 'a' }))), 200)
  equal(await status(bob.send(new HeadObjectCommand({ Bucket, Key: 'a' }))), 200)
  await alice.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'hers' }))
  equal(await status(bob.send(new GetObjectCommand({ Bucket, Key: 'b' }))), 403)
  equal(await status(bob.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))), 403)
  equal(await status(alice.send(new GetObjectCommand({ Bucket, Key: 'b' }))), 200)
})

test('of many keys to delete, each is asked for', async () => {
  const Bucket = await newBucket()
  await alice.send(new PutObjectCommand({ Bucket, Key: 'tmp/x', Body: 'hers' }))
  const Resource = `arn:aws:s3:::${Bucket}/tmp/*`
  await alice.send(policyOf(Bucket, allow(Bucket, 's3:DeleteObject', { Resource })))
  const Delete = { Objects: [{ Key: 'a' }, { Key: 'tmp/x' }] }
  const { Deleted, Errors } = await bob.send(new DeleteObjectsCommand({ Bucket, Delete }))
  deepEqual(
    [Deleted?.map(({ Key }) => Key), Errors?.map(({ Key, Code }) => [Key, Code])],
    [['tmp/x'], [['a', 'AccessDenied']]],
  )
})

test('a copy needs leave to read its source', async () => {
  const Bucket = await newBucket()
  await bob.send(new CreateBucketCommand({ Bucket: 'of-bob' }))
  const copy = new CopyObjectCommand({ Bucket: 'of-bob', Key: 'c', CopySource: `${Bucket}/a` })
  await rejects(bob.send(copy), refused(403, 'AccessDenied'))
  await alice.send(new PutObjectAclCommand({ Bucket, Key: 'a', GrantRead: `id="${bobId}"` }))
  await bob.send(copy)
  equal(await status(bob.send(new GetObjectCommand({ Bucket: 'of-bob', Key: 'c' }))), 200)
})

test('the public access block shuts what grants and policies open', async () => {
  const Bucket = await newBucket({ ACL: 'public-read' })
  const block = (more: object) =>
    new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: more })
  const isOpen = async () =>
    (await alice.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic
  equal(await isOpen(), true)
  await alice.send(block({ IgnorePublicAcls: true }))
  equal(await rights(nobody, Bucket), none)
  await alice.send(block({ BlockPublicAcls: true }))
  const opened = alice.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read-write' }))
  await rejects(opened, refused(403, 'AccessDenied'))
  const object = { Bucket, Key: 'b', Body: 'x', ACL: 'public-read' } as const
  await rejects(alice.send(new PutObjectCommand(object)), refused(403, 'AccessDenied'))
  await alice.send(block({ BlockPublicPolicy: true }))
  const policy = policyOf(Bucket, allow(Bucket, 's3:GetObject'))
  await rejects(alice.send(policy), refused(403, 'AccessDenied'))
  await alice.send(block({}))
  await alice.send(policy)
  equal(await status(nobody.send(new GetObjectCommand({ Bucket, Key: 'a' }))), 200)
  await alice.send(block({ RestrictPublicBuckets: true }))
  equal(await status(nobody.send(new GetObjectCommand({ Bucket, Key: 'a' }))), 403)
  equal(await status(alice.send(new GetObjectCommand({ Bucket, Key: 'a' }))), 200)
})
