/** What AWS answers, as others have recorded it, where we once answered otherwise. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import {
  type BucketLifecycleConfiguration,
  type CommonPrefix,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketAclCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { refused } from '../../sdk.ts'
import { textIn } from './document.ts'
import { openSuite } from './s3-suite.ts'
import { presign, sha256, sign } from './signer.ts'

const Bucket = 'recorded'
const { server, client, put } = await openSuite(Bucket)

async function read(Key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return (await Body?.transformToString()) ?? ''
}

/** A key's URL for PUT, with these parameters signed; `headers` are those that are named as signed, too. */
function urlToPut(
  key: string,
  query: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  const target = presign({
    method: 'PUT',
    target: `/${Bucket}/${key}${query === '' ? '' : `?${query}`}`,
    headers: { host: `127.0.0.1:${server.port}`, ...headers },
    alsoSigned: Object.keys(headers),
    expiresSeconds: 60,
  })
  return `http://127.0.0.1:${server.port}${target}`
}

async function putTo(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await fetch(url, { method: 'PUT', body, headers })
  const code = /<Code>(.*)<.Code>/.exec(await answer.text())?.[1]
  return code === undefined ? String(answer.status) : `${answer.status} ${code}`
}

/** One request with these headers, whatever SDKs think of it. */
async function ask(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }> {
  const signed = sign({
    method,
    target,
    headers: { host: `127.0.0.1:${server.port}`, ...headers },
    contentHash: sha256(body),
  })
  const { host: _, ...sent } = signed.headers
  const answer = await fetch(`http://127.0.0.1:${server.port}${target}`, {
    method,
    headers: sent,
    ...(body === '' ? {} : { body }),
  })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

test('a URL that the SDK for JavaScript presigns states the checksum of no body: it does not count', async () => {
  const url = urlToPut(
    'by-url',
    'x-amz-checksum-crc32=AAAAAA%3D%3D&x-amz-sdk-checksum-algorithm=CRC32',
  )
  equal(await putTo(url, 'hello'), '200')
  equal(await read('by-url'), 'hello')
  equal(
    await putTo(url.replace('crc32=AAAAAA', 'crc32=BBBBBB'), 'hello'),
    '403 SignatureDoesNotMatch',
  )
  equal(await putTo(urlToPut('by-url', 'x-amz-sdk-checksum-algorithm=SHA256'), 'hello'), '200')
})

test('a header that is signed may stand in the URL, and may be sent as well', async () => {
  const named = { 'x-amz-meta-color': 'red' }
  const url = urlToPut('moved', 'x-amz-meta-color=red', named)
  equal(await putTo(url, 'hello'), '200')
  const { Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key: 'moved' }))
  deepEqual(Metadata, { color: 'red' })
  equal(await putTo(url, 'hello', named), '200')
  equal(await putTo(url, 'hello', { 'x-amz-meta-color': 'blue' }), '403 SignatureDoesNotMatch')
  equal(await putTo(urlToPut('moved', '', named), 'hello'), '403 SignatureDoesNotMatch')
})

test('conditions in a presigned URL count, and cannot be taken back by whoever has it', async () => {
  const url = urlToPut('once', 'If-None-Match=%2A')
  equal(await putTo(url, 'first'), '200')
  equal(await putTo(url, 'second'), '412 PreconditionFailed')
  equal(await putTo(url, 'second', { 'if-none-match': '"another"' }), '412 PreconditionFailed')
  const other = urlToPut('once', 'If-Match=d41d8cd98f00b204e9800998ecf8427e')
  equal(await putTo(other, 'second'), '412 PreconditionFailed')
  equal(await read('once'), 'first')
})

test('with a presigned URL the hash of the body may be sent unsigned, and nothing else of x-amz', async () => {
  const url = urlToPut('hash', '')
  equal(await putTo(url, 'hello', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), '200')
  equal(await putTo(url, 'hello', { 'x-amz-user-agent': 'test' }), '403 AccessDenied')
  const signed = urlToPut('hash', '', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })
  equal(await putTo(signed, 'hello', { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), '200')
  equal(await putTo(signed, 'hello'), '403 SignatureDoesNotMatch')
})

test('a plus in a copy source is a space, %2B a plus', async () => {
  await put('a b', 'space')
  await put('a+b', 'plus')
  for (const [CopySource, expected] of [
    [`${Bucket}/a+b`, 'space'],
    [`${Bucket}/a%20b`, 'space'],
    [`${Bucket}/a%2Bb`, 'plus'],
  ] as const) {
    await client.send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource }))
    equal(await read('copied'), expected)
  }
})

test('If-Modified-Since that has not come does not count', async () => {
  await put('dated', 'content')
  const IfModifiedSince = new Date(Date.now() + 3_600_000)
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket, Key: 'dated', IfModifiedSince }),
  )
  equal(await Body?.transformToString(), 'content')
  const copy = { Bucket, Key: 'of dated', CopySource: `${Bucket}/dated` }
  await client.send(new CopyObjectCommand({ ...copy, CopySourceIfModifiedSince: IfModifiedSince }))
  equal(await read('of dated'), 'content')
})

test('an object can be copied onto itself where its encryption may change by that', async () => {
  const own = 'recorded-encryption'
  await client.send(new CreateBucketCommand({ Bucket: own }))
  await client.send(new PutObjectCommand({ Bucket: own, Key: 'key', Body: 'content' }))
  const copy = new CopyObjectCommand({ Bucket: own, Key: 'key', CopySource: `${own}/key` })
  await rejects(client.send(copy), refused(400, 'InvalidRequest'))
  const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const } }]
  const ServerSideEncryptionConfiguration = { Rules }
  await client.send(
    new PutBucketEncryptionCommand({ Bucket: own, ServerSideEncryptionConfiguration }),
  )
  await client.send(copy)
})

test('tags have letters, digits and + - = . _ : / @, in headers and in documents', async () => {
  for (const Tagging of ['key1=val1,key2=val2', 'a=1&a=2', 'a%3B=1'])
    await rejects(put('tagged', '', { Tagging }), refused(400, 'InvalidArgument'))
  await put('tagged', '', { Tagging: 'stra%C3%9Fe+1=a/b:c@d.e-f_g%2B%3D' })
  const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))
  deepEqual(TagSet, [{ Key: 'straße 1', Value: 'a/b:c@d.e-f_g+=' }])
  const Tagging = { TagSet: [{ Key: 'Key1,Key2', Value: '' }] }
  await rejects(
    client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging })),
    refused(400, 'InvalidTag'),
  )
  await rejects(
    client.send(new PutBucketTaggingCommand({ Bucket, Tagging })),
    refused(400, 'InvalidTag'),
  )
  const without = '<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>'
  const answer = await ask('PUT', `/${Bucket}/tagged?tagging=`, {}, without)
  deepEqual([answer.status, textIn(answer.text, 'Code')], [400, 'MalformedXML'])
})

test('an empty set of tags is none', async () => {
  await client.send(
    new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } }),
  )
  await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [] } }))
  await rejects(client.send(new GetBucketTaggingCommand({ Bucket })), refused(404, 'NoSuchTagSet'))
  equal((await ask('PUT', `/${Bucket}?tagging=`, {}, '<Tagging/>')).status, 204)
})

test('a marker within a common prefix stands for all of it', async () => {
  const own = 'recorded-markers'
  await client.send(new CreateBucketCommand({ Bucket: own }))
  for (const Key of ['f/a/1', 'f/a/2', 'f/b', 'f/c/1']) {
    await client.send(new PutObjectCommand({ Bucket: own, Key, Body: '' }))
    await client.send(new CreateMultipartUploadCommand({ Bucket: own, Key }))
  }
  const common = { Bucket: own, Prefix: 'f/', Delimiter: '/' }
  const told = ({ CommonPrefixes = [] }: { CommonPrefixes?: CommonPrefix[] | undefined }) =>
    CommonPrefixes.map(({ Prefix }) => Prefix).join()
  const objects = await client.send(new ListObjectsCommand({ ...common, Marker: 'f/a/1' }))
  equal(told(objects), 'f/c/')
  const versions = await client.send(
    new ListObjectVersionsCommand({ ...common, KeyMarker: 'f/a/1' }),
  )
  equal(told(versions), 'f/c/')
  const uploads = await client.send(
    new ListMultipartUploadsCommand({ ...common, KeyMarker: 'f/a/1' }),
  )
  equal(told(uploads), 'f/c/')
  deepEqual(
    uploads.Uploads?.map(({ Key }) => Key),
    ['f/b'],
  )
})

test('which version is the latest is asked of what is there, not of the page before', async () => {
  const own = 'recorded-latest'
  await client.send(new CreateBucketCommand({ Bucket: own }))
  await client.send(
    new PutBucketVersioningCommand({ Bucket: own, VersioningConfiguration: { Status: 'Enabled' } }),
  )
  for (const Body of ['1', '2', '3', '4'])
    await client.send(new PutObjectCommand({ Bucket: own, Key: 'key', Body }))
  const page = await client.send(new ListObjectVersionsCommand({ Bucket: own, MaxKeys: 2 }))
  const next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
  const second = async (): Promise<readonly (boolean | undefined)[]> => {
    const { Versions = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: own, ...next }),
    )
    return Versions.map(({ IsLatest }) => IsLatest)
  }
  deepEqual(await second(), [false, false])
  for (const { VersionId } of page.Versions ?? [])
    await client.send(new DeleteObjectCommand({ Bucket: own, Key: 'key', VersionId }))
  deepEqual(await second(), [true, false])
  const alone = new ListObjectVersionsCommand({ Bucket: own, VersionIdMarker: 'null' })
  await rejects(client.send(alone), refused(400, 'InvalidArgument'))
})

test('an empty part-number-marker is none', async () => {
  const upload = { Bucket, Key: 'parts' }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload))
  await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'part' }))
  const { text } = await ask('GET', `/${Bucket}/parts?part-number-marker=&uploadId=${UploadId}`)
  deepEqual([textIn(text, 'PartNumberMarker'), textIn(text, 'PartNumber')], ['0', '1'])
})

test('what lifecycle rules say of small objects is kept and told', async () => {
  const LifecycleConfiguration: BucketLifecycleConfiguration = {
    Rules: [{ ID: 'r', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
  }
  const rules = { Bucket, LifecycleConfiguration }
  const get = new GetBucketLifecycleConfigurationCommand({ Bucket })
  for (const said of ['all_storage_classes_128K', 'varies_by_storage_class', undefined] as const) {
    const put = new PutBucketLifecycleConfigurationCommand({
      ...rules,
      ...(said === undefined ? {} : { TransitionDefaultMinimumObjectSize: said }),
    })
    equal((await client.send(put)).TransitionDefaultMinimumObjectSize, said)
    equal((await client.send(get)).TransitionDefaultMinimumObjectSize, said)
  }
  const wrong = new PutBucketLifecycleConfigurationCommand({
    ...rules,
    TransitionDefaultMinimumObjectSize: 'small' as 'varies_by_storage_class',
  })
  await rejects(client.send(wrong), refused(400, 'InvalidRequest'))
})

test('a bucket made again is not said to have what it has not', async () => {
  await client.send(new CreateBucketCommand({ Bucket }))
  const owned = refused(409, 'BucketAlreadyOwnedByYou')
  const lock = new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true })
  await rejects(client.send(lock), owned)
  const tags = { CreateBucketConfiguration: { Tags: [{ Key: 'a', Value: '1' }] } }
  await rejects(client.send(new CreateBucketCommand({ Bucket, ...tags })), owned)
  const locked = { Bucket: 'recorded-lock', ObjectLockEnabledForBucket: true }
  await client.send(new CreateBucketCommand(locked))
  await client.send(new CreateBucketCommand(locked))
})

test('who is unknown is not told who owns what he lists', async () => {
  await put('public', '')
  await client.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' }))
  for (const query of ['', '?list-type=2&fetch-owner=true']) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/${Bucket}${query}`)
    const text = await answer.text()
    match(text, /<Key>public<.Key>/)
    equal(text.includes('<Owner>'), false)
  }
  match((await ask('GET', `/${Bucket}`)).text, /<Owner>/)
})
