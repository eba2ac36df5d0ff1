/** Server-side encryption as clients see it: under their own keys, under named ones, and what buckets do by default. With the AWS SDK. */
import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { before, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type ServerSideEncryption,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { openSuite } from './s3-suite.ts'

const Bucket = 'sealed'
const { server, client } = await openSuite(Bucket)
before(async () => {
  await server.namedKeys.create('first')
  await server.namedKeys.create('second')
})

/** Of HEAD, whose answers say no more. */
function hasStatus(status: number) {
  return (error: { readonly $metadata: { readonly httpStatusCode?: number } }) =>
    error.$metadata.httpStatusCode === status
}

/** What the SDK sends of a customer's key. */
function customer(key: Buffer) {
  return {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: md5Of(key),
  }
}

function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64')
}

/** The same, of what is copied. */
function source(key: Buffer) {
  return {
    CopySourceSSECustomerAlgorithm: 'AES256',
    CopySourceSSECustomerKey: key.toString('base64'),
    CopySourceSSECustomerKeyMD5: md5Of(key),
  }
}

const key = randomBytes(32)
const otherKey = randomBytes(32)
const partBytes = 5 * 1024 * 1024

function bytesOf(name: string, length: number): Buffer {
  return Buffer.alloc(length, `${name}, `)
}

async function get(Key: string, more: Partial<GetObjectCommandInput> = {}) {
  const { Body, ...answer } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  return { ...answer, bytes: Buffer.from((await Body?.transformToByteArray()) ?? []) }
}

for (const size of [0, 1, 5_000, 300_000])
  test(`${size} bytes under a key of the client's are read with that key alone`, async () => {
    const Key = `customer/${size}`
    const Body = bytesOf(Key, size)
    const put = { Bucket, Key, Body, ...customer(key) }
    const written = await client.send(new PutObjectCommand(put))
    const told = ['AES256', md5Of(key)]
    deepEqual([written.SSECustomerAlgorithm, written.SSECustomerKeyMD5], told)
    const read = await get(Key, customer(key))
    deepEqual([read.SSECustomerAlgorithm, read.SSECustomerKeyMD5], told)
    deepEqual(read.bytes, Body)
    if (size > 10) {
      const range = await get(Key, { ...customer(key), Range: 'bytes=3-9' })
      deepEqual(range.bytes, Body.subarray(3, 10))
    }
    await rejects(get(Key), refused(400, 'InvalidRequest'))
    await rejects(get(Key, customer(otherKey)), refused(400, 'InvalidRequest'))
    const head = (more: object) => client.send(new HeadObjectCommand({ Bucket, Key, ...more }))
    equal((await head(customer(key))).ContentLength, size)
    await rejects(head({}), hasStatus(400))
    await rejects(head(customer(otherKey)), hasStatus(400))
    const attributes = { Bucket, Key, ObjectAttributes: ['ObjectSize' as const] }
    const asked = { ...attributes, ...customer(key) }
    equal((await client.send(new GetObjectAttributesCommand(asked))).ObjectSize, size)
    const unasked = client.send(new GetObjectAttributesCommand(attributes))
    await rejects(unasked, refused(400, 'InvalidRequest'))
  })

test('what is not locked is not read with a key', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'open', Body: 'x' }))
  await rejects(get('open', customer(key)), refused(400, 'InvalidRequest'))
})

const malformed: readonly (readonly [what: string, headers: object, name: string])[] = [
  [
    'another algorithm',
    { ...customer(key), SSECustomerAlgorithm: 'AES128' },
    'InvalidEncryptionAlgorithmError',
  ],
  ['a key that is too short', customer(randomBytes(16)), 'InvalidArgument'],
  [
    'a named method as well',
    { ...customer(key), ServerSideEncryption: 'AES256' },
    'InvalidArgument',
  ],
  ['no method of that name', { ServerSideEncryption: 'aes:kms' }, 'InvalidArgument'],
  ['a named key without its method', { SSEKMSKeyId: 'first' }, 'InvalidArgument'],
  [
    'a named key with another method',
    { ServerSideEncryption: 'AES256', SSEKMSKeyId: 'first' },
    'InvalidArgument',
  ],
  [
    'a key that is not there',
    { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'none' },
    'KMS.NotFoundException',
  ],
  [
    'no key where none is the default',
    { ServerSideEncryption: 'aws:kms' },
    'KMS.NotFoundException',
  ],
  [
    'a context that is no JSON',
    { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'first', SSEKMSEncryptionContext: 'e30' },
    'InvalidArgument',
  ],
]
for (const [what, headers, name] of malformed)
  test(`a write is refused that brings ${what}`, async () => {
    const put = { Bucket, Key: 'refused', Body: 'x', ...headers }
    await rejects(client.send(new PutObjectCommand(put)), refused(400, name))
  })

test('a copy is locked as it is asked for, and its source needs its key', async () => {
  const Body = bytesOf('copied', 200_000)
  const CopySource = `${Bucket}/copy/source`
  await client.send(new PutObjectCommand({ Bucket, Key: 'copy/source', Body, ...customer(key) }))
  const copy = (Key: string, more: object) =>
    client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }))
  await rejects(copy('copy/none', customer(otherKey)), refused(400, 'InvalidRequest'))
  await rejects(copy('copy/none', source(otherKey)), refused(400, 'InvalidRequest'))
  await copy('copy/open', source(key))
  deepEqual((await get('copy/open')).bytes, Body)
  await copy('copy/same', { ...source(key), ...customer(key) })
  deepEqual((await get('copy/same', customer(key))).bytes, Body)
  await copy('copy/other', { ...source(key), ...customer(otherKey) })
  deepEqual((await get('copy/other', customer(otherKey))).bytes, Body)
  await rejects(get('copy/other', customer(key)), refused(400, 'InvalidRequest'))
  const named = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: 'first' }
  const { ServerSideEncryption, SSEKMSKeyId } = await copy('copy/named', {
    ...source(key),
    ...named,
  })
  deepEqual({ ServerSideEncryption, SSEKMSKeyId }, named)
  deepEqual((await get('copy/named')).bytes, Body)
})

test('an object changes its key by being copied onto itself', async () => {
  const Key = 'onto-itself'
  const CopySource = `${Bucket}/${Key}`
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'spores', ...customer(key) }))
  const turned = { Bucket, Key, CopySource, ...source(key), ...customer(otherKey) }
  await client.send(new CopyObjectCommand(turned))
  equal((await get(Key, customer(otherKey))).bytes.toString(), 'spores')
})

test('an upload takes parts under its own key only, of whatever source', async () => {
  const Key = 'upload'
  const begin = { Bucket, Key, ...customer(key) }
  const begun = await client.send(new CreateMultipartUploadCommand(begin))
  equal(begun.SSECustomerKeyMD5, md5Of(key))
  const { UploadId } = begun
  const first = bytesOf('first', partBytes)
  const part = (PartNumber: number, Body: Buffer, more: object) =>
    client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ...more }))
  await rejects(part(1, first, {}), refused(400, 'InvalidRequest'))
  await rejects(part(1, first, customer(otherKey)), refused(400, 'InvalidRequest'))
  const one = await part(1, first, customer(key))
  equal(one.SSECustomerKeyMD5, md5Of(key))
  const second = bytesOf('second', partBytes + 1)
  await client.send(
    new PutObjectCommand({ Bucket, Key: 'part', Body: second, ...customer(otherKey) }),
  )
  const copy = {
    Bucket,
    Key,
    UploadId,
    PartNumber: 2,
    CopySource: `${Bucket}/part`,
    CopySourceRange: `bytes=1-${partBytes}`,
  }
  const copyPart = (more: object) => client.send(new UploadPartCopyCommand({ ...copy, ...more }))
  await rejects(copyPart({ ...source(otherKey) }), refused(400, 'InvalidRequest'))
  await rejects(copyPart({ ...customer(key) }), refused(400, 'InvalidRequest'))
  const two = await copyPart({ ...source(otherKey), ...customer(key) })
  const last = await part(3, Buffer.from('end'), customer(key))
  const etags = [one.ETag, two.CopyPartResult?.ETag, last.ETag]
  const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
  const complete = (more: object) =>
    client.send(
      new CompleteMultipartUploadCommand({
        Bucket,
        Key,
        UploadId,
        MultipartUpload: { Parts },
        ...more,
      }),
    )
  await rejects(complete(customer(otherKey)), refused(400, 'InvalidRequest'))
  await complete(customer(key))
  const whole = Buffer.concat([first, second.subarray(1), Buffer.from('end')])
  deepEqual((await get(Key, customer(key))).bytes, whole)
  const Range = `bytes=${partBytes - 2}-${partBytes + 1}`
  deepEqual(
    (await get(Key, { ...customer(key), Range })).bytes,
    whole.subarray(partBytes - 2, partBytes + 2),
  )
  const named = await get(Key, { ...customer(key), PartNumber: 3 })
  equal(named.bytes.toString(), 'end')
})

test('what a bucket does by default is set, told and taken away', async () => {
  const name = { Bucket: 'by-default' }
  await client.send(new CreateBucketCommand(name))
  const told = async () => {
    const answer = await client.send(new GetBucketEncryptionCommand(name))
    return answer.ServerSideEncryptionConfiguration?.Rules
  }
  const none = refused(404, 'ServerSideEncryptionConfigurationNotFoundError')
  await rejects(told(), none)
  const set = async (SSEAlgorithm: ServerSideEncryption, more: object = {}) => {
    const rule = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm, ...more } }
    const ServerSideEncryptionConfiguration = { Rules: [rule] }
    const setting = { ...name, ServerSideEncryptionConfiguration }
    await client.send(new PutBucketEncryptionCommand(setting))
  }
  const put = async (Key: string, more: object = {}) => {
    const written = await client.send(new PutObjectCommand({ ...name, Key, Body: Key, ...more }))
    const read = await client.send(new GetObjectCommand({ ...name, Key }))
    equal(await read.Body?.transformToString(), Key)
    equal(read.ServerSideEncryption, written.ServerSideEncryption)
    equal(read.SSEKMSKeyId, written.SSEKMSKeyId)
    return [read.ServerSideEncryption, read.SSEKMSKeyId]
  }
  deepEqual(await put('before'), [undefined, undefined])
  await set('AES256')
  const aes = { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }
  deepEqual(await told(), [{ ...aes, BucketKeyEnabled: false }])
  deepEqual(await put('sealed'), ['AES256', undefined])
  await set('aws:kms', { KMSMasterKeyID: 'second' })
  deepEqual(await put('named'), ['aws:kms', 'second'])
  deepEqual(await put('asked', { ServerSideEncryption: 'AES256' }), ['AES256', undefined])
  await client.send(new DeleteBucketEncryptionCommand(name))
  await rejects(told(), none)
  deepEqual(await put('after'), [undefined, undefined])
  await rejects(set('AES256', { KMSMasterKeyID: 'first' }), refused(400, 'InvalidArgument'))
  await rejects(set('rot13' as ServerSideEncryption), refused(400, 'MalformedXML'))
})

test('a key is refused whose MD5 is wrong or missing, and an MD5 without a key', async () => {
  const prefix = 'x-amz-server-side-encryption-customer-'
  const { SSECustomerKey, SSECustomerKeyMD5 } = customer(key)
  const whole: Record<string, string> = {
    [`${prefix}algorithm`]: 'AES256',
    [`${prefix}key`]: SSECustomerKey,
    [`${prefix}key-md5`]: SSECustomerKeyMD5,
  }
  const put = async (headers: Record<string, string>) => {
    const url = `http://127.0.0.1:${server.localPort}/s3/${Bucket}/raw`
    const answer = await fetch(url, { method: 'PUT', body: 'x', headers })
    return [answer.status, /<Code>(\w+)/.exec(await answer.text())?.[1]]
  }
  const refusal = [400, 'InvalidArgument']
  deepEqual(await put({ ...whole, [`${prefix}key-md5`]: md5Of(otherKey) }), refusal)
  for (const header of Object.keys(whole)) {
    const { [header]: _, ...rest } = whole
    deepEqual(await put(rest), refusal, header)
  }
  deepEqual(await put(whole), [200, undefined])
})

test('methods are for writing: a read that names one is refused', async () => {
  await client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: 'x' }))
  const url = `http://127.0.0.1:${server.localPort}/s3/${Bucket}/plain`
  const answer = await fetch(url, { headers: { 'x-amz-server-side-encryption': 'AES256' } })
  equal(answer.status, 400)
})

test('a named key seals, and opens while it is enabled', async () => {
  const Key = 'named'
  const named = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: 'second' }
  const context = Buffer.from(JSON.stringify({ team: 'spores' })).toString('base64')
  const put = {
    Bucket,
    Key,
    Body: 'sealed',
    ...named,
    SSEKMSEncryptionContext: context,
    BucketKeyEnabled: true,
  }
  const written = await client.send(new PutObjectCommand(put))
  equal(written.BucketKeyEnabled, true)
  notEqual(written.ETag, `"${createHash('md5').update('sealed').digest('hex')}"`)
  await server.namedKeys.rotate('second')
  const newer = { ...put, Key: 'named anew' }
  await client.send(new PutObjectCommand(newer))
  for (const one of [Key, newer.Key]) equal((await get(one)).bytes.toString(), 'sealed')
  await server.namedKeys.setState('second', 'disabled')
  for (const one of [Key, newer.Key]) await rejects(get(one), refused(400, 'KMS.DisabledException'))
  await rejects(client.send(new PutObjectCommand(put)), refused(400, 'KMS.DisabledException'))
  const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
  equal(head.SSEKMSKeyId, 'second', 'what is known of it needs no key')
  await server.namedKeys.setState('second', 'enabled')
  equal((await get(Key)).bytes.toString(), 'sealed')
})

test('parts of an upload under a named key, copies of it, and former versions of objects', async () => {
  const kept = { Bucket: 'named-versions' }
  await client.send(new CreateBucketCommand(kept))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await client.send(new PutBucketVersioningCommand({ ...kept, VersioningConfiguration }))
  const named = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: 'first' }
  const Key = 'k'
  const { UploadId, ServerSideEncryption } = await client.send(
    new CreateMultipartUploadCommand({ ...kept, Key, ...named }),
  )
  equal(ServerSideEncryption, 'aws:kms')
  const Body = bytesOf('part', 100_000)
  const part = { ...kept, Key, UploadId, PartNumber: 1, Body }
  const { ETag } = await client.send(new UploadPartCommand(part))
  const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] }
  const complete = { ...kept, Key, UploadId, MultipartUpload }
  const { VersionId } = await client.send(new CompleteMultipartUploadCommand(complete))
  await client.send(new PutObjectCommand({ ...kept, Key, Body: 'newer', ...customer(key) }))
  const former = await client.send(new GetObjectCommand({ ...kept, Key, VersionId }))
  equal(former.SSEKMSKeyId, 'first')
  deepEqual(Buffer.from((await former.Body?.transformToByteArray()) ?? []), Body)
  const newest = await client.send(new GetObjectCommand({ ...kept, Key, ...customer(key) }))
  equal(await newest.Body?.transformToString(), 'newer')
})
