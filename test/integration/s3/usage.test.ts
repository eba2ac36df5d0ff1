/** Ceph's questions about how much there is and may be, asked as its clients do. */
import { deepEqual, equal } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { bucketsMax } from '#api/s3/limits'
import type { MadeKey } from '#identity/principal'
import { parseBucketName, parseObjectKey } from '#object/names'
import { bodyOf } from '../../object-bytes.ts'
import { type S3Server, startS3Server } from './s3-server.ts'
import { presign } from './signer.ts'

let server: S3Server
let alice: MadeKey
let bob: MadeKey

before(async () => {
  server = await startS3Server()
  for (const handle of ['alice', 'bob'])
    await server.accounts.createPrincipal({ handle, displayName: handle })
  alice = await server.accounts.createKey('alice')
  bob = await server.accounts.createKey('bob')
})
after(() => server[Symbol.asyncDispose]())

async function ask(method: string, target: string, by: MadeKey): Promise<Response> {
  const host = `127.0.0.1:${server.port}`
  const headers = { host }
  const url = presign({ method, target, headers, expiresSeconds: 60, ...by })
  return await fetch(`http://${host}${url}`, { method })
}

async function put(bucket: string, key: string, text: string): Promise<void> {
  const { signal } = new AbortController()
  const options = { body: bodyOf(text), metadata: { user: {} }, signal }
  await server.objects.put(parseBucketName(bucket), parseObjectKey(key), options)
}

async function usageOf(by: MadeKey): Promise<Readonly<Record<string, string>>> {
  const answer = await ask('GET', '/?usage', by)
  equal(answer.status, 200)
  const text = await answer.text()
  const [, summary = ''] = /<Usage><Summary>(.*)<\/Summary><\/Usage>$/.exec(text) ?? []
  return Object.fromEntries(
    [...summary.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
}

async function statsOf(target: string, by: MadeKey): Promise<Readonly<Record<string, string>>> {
  const { headers } = await ask('HEAD', target, by)
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-rgw-')))
}

test('whoever asks learns what all their buckets hold, and may', async () => {
  const id = alice.principal
  const limits = {
    QuotaMaxBytes: '-1',
    QuotaMaxBuckets: '1000',
    QuotaMaxObjCount: '-1',
    QuotaMaxBytesPerBucket: '-1',
    QuotaMaxObjCountPerBucket: '-1',
  }
  deepEqual(await usageOf(alice), { ...limits, TotalBytes: '0', TotalEntries: '0' })
  for (const name of ['alice-one', 'alice-two']) {
    await server.objects.createBucket(parseBucketName(name), { owner: id })
    await put(name, 'key', name)
  }
  await server.objects.setOwnerQuota(id, { bytes: 1_000 })
  const now = { ...limits, QuotaMaxBytes: '1000', TotalBytes: '18', TotalEntries: '2' }
  deepEqual(await usageOf(alice), now)
  deepEqual((await usageOf(bob))['TotalBytes'], '0')
  equal((await fetch(`${server.s3Url}/?usage`)).status, 403)
})

test('HEAD of a bucket tells what it holds on request, and the owner’s limits to the owner', async () => {
  const bucket = parseBucketName('alice-open')
  await server.objects.createBucket(bucket, { owner: alice.principal })
  await server.objects.configure(bucket, 'quota', { objects: 5 })
  await server.objects.configure(bucket, 'grants', [
    { to: { id: alice.principal }, permission: 'FULL_CONTROL' },
    { to: { group: 'AllUsers' }, permission: 'READ' },
  ])
  await put('alice-open', 'a', 'four')
  await put('alice-open', 'b', 'five!')
  const ofBucket = {
    'x-rgw-object-count': '2',
    'x-rgw-bytes-used': '9',
    'x-rgw-quota-bucket-size': '-1',
    'x-rgw-quota-bucket-objects': '5',
  }
  deepEqual(await statsOf('/alice-open?read-stats=true', bob), ofBucket)
  deepEqual(await statsOf('/alice-open?read-stats=true', alice), {
    ...ofBucket,
    'x-rgw-quota-user-size': '1000',
    'x-rgw-quota-user-objects': '-1',
    'x-rgw-quota-max-buckets': '1000',
  })
  deepEqual(await statsOf('/alice-open', alice), {})
})

test('one user has so many buckets, and no more', async () => {
  const had = (await server.objects.bucketUsage()).length
  for (let number = had; number < bucketsMax; number += 1)
    await server.objects.createBucket(parseBucketName(`alice-${number}`), {
      owner: alice.principal,
    })
  const refused = await ask('PUT', '/one-too-many', alice)
  equal(refused.status, 400)
  equal(/<Code>(\w+)<\/Code>/.exec(await refused.text())?.[1], 'TooManyBuckets')
  equal((await ask('PUT', '/of-bob', bob)).status, 200)
  await server.objects.deleteBucket(parseBucketName('alice-999'))
  equal((await ask('PUT', '/one-too-many', alice)).status, 200)
})
