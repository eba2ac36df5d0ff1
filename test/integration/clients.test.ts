/** Clients people have, with the settings they come with, against the real program: what they bring back is what they took there, byte for byte. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { CopyDestinationOptions, CopySourceOptions, Client as Minio } from 'minio'
import { plantTree, readTree } from '../file-tree.ts'
import { versionOfPackage } from '../package-version.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { openClientSuite, clientTree as tree } from './client-suite.ts'
import { presign } from './s3/signer.ts'

const suite = openClientSuite()

/** minio-js sends what is longer in parts of this length. */
const minioPartBytes = 64 * 2 ** 20

test('the AWS SDK for JavaScript: buffers, streams, uploads, ranges, copies, deletes', async (context) => {
  context.diagnostic(`@aws-sdk/client-s3 ${versionOfPackage('@aws-sdk/client-s3')}`)
  const Bucket = 'from-the-sdk'
  const { s3Url: endpoint, accessKeyId, secretAccessKey } = suite.store
  const credentials = { accessKeyId, secretAccessKey }
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
  context.after(() => client.destroy())
  await client.send(new CreateBucketCommand({ Bucket }))
  const local = await suite.folderOf('sdk')
  await plantTree(local, tree)

  const keys = Object.keys(tree)
  await Promise.all(
    keys.map(async (Key, index) => {
      const path = join(local, Key)
      const Body = index % 2 === 0 ? createReadStream(path) : await readFile(path)
      await client.send(new PutObjectCommand({ Bucket, Key, Body }))
    }),
  )
  using bucket = bucketOf(suite.store, Bucket)
  for (const key of keys) ok((await bucket.get(key)).equals(await readFile(join(local, key))), key)
  const large = bytesOf('large.bin', tree['large.bin'])
  const range = { first: 2_999_999, last: 4_000_001 }
  ok((await bucket.get('large.bin', range)).equals(large.subarray(range.first, range.last + 1)))

  const Key = 'uploaded'
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const pieces = [large, large.subarray(0, 5_500_000), Buffer.from('end')]
  const Parts = await Promise.all(
    pieces.map(async (Body, index) => {
      const PartNumber = index + 1
      const part = { Bucket, Key, UploadId, PartNumber, Body }
      return { PartNumber, ...(await client.send(new UploadPartCommand(part))) }
    }),
  )
  const completed = { Bucket, Key, UploadId, MultipartUpload: { Parts } }
  await client.send(new CompleteMultipartUploadCommand(completed))
  const copied = { Bucket, Key: 'copied', CopySource: `${Bucket}/${Key}` }
  await client.send(new CopyObjectCommand(copied))
  ok((await bucket.get('copied')).equals(Buffer.concat(pieces)))

  const listed = (await bucket.list()).map(({ key }) => key)
  deepEqual(listed, [...keys, Key, 'copied'].sort(byBytes))
  const Objects = listed.map((name) => ({ Key: name }))
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  deepEqual(await bucket.list(), [])
})

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

test('minio-js: files, an upload in parts, listing, copy, deletes', async (context) => {
  context.diagnostic(`minio ${versionOfPackage('minio')}`)
  const Bucket = 'from-minio-js'
  const { s3Url, accessKeyId: accessKey, secretAccessKey: secretKey } = suite.store
  const { hostname: endPoint, port } = new URL(s3Url)
  const client = new Minio({ endPoint, port: Number(port), useSSL: false, accessKey, secretKey })
  await client.makeBucket(Bucket)
  const local = await suite.folderOf('minio-js')
  await plantTree(local, tree)
  const keys = Object.keys(tree)
  for (const key of keys) await client.fPutObject(Bucket, `tree/${key}`, join(local, key))
  const back = await suite.folderOf('minio-js-back')
  for (const key of keys) await client.fGetObject(Bucket, `tree/${key}`, join(back, key))
  deepEqual(await readTree(back), await readTree(local))

  const big = bytesOf('in parts', minioPartBytes + 6_000_000)
  await writeFile(suite.pathOf('minio-js big'), big)
  await client.fPutObject(Bucket, 'in parts', suite.pathOf('minio-js big'))
  const source = new CopySourceOptions({ Bucket, Object: 'in parts' })
  await client.copyObject(source, new CopyDestinationOptions({ Bucket, Object: 'copy ☂' }))
  await client.fGetObject(Bucket, 'copy ☂', suite.pathOf('minio-js copy'))
  ok((await readFile(suite.pathOf('minio-js copy'))).equals(big))
  match((await client.statObject(Bucket, 'in parts')).etag, /-\d$/)
  const url = await client.presignedGetObject(Bucket, 'tree/small.bin')
  ok(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(bytesOf('small.bin', 3_000)))

  const listed = await Array.fromAsync(client.listObjectsV2(Bucket, '', true), ({ name }) => name)
  const names = [...keys.map((key) => `tree/${key}`), 'in parts', 'copy ☂']
  deepEqual(listed, names.sort(byBytes))
  await client.removeObjects(Bucket, listed)
  await client.removeBucket(Bucket)
  equal(await client.bucketExists(Bucket), false)
})

test('buckets as host names, and presigned URLs without any client', async () => {
  const { s3Url, accessKeyId, secretAccessKey } = suite.store
  const { port } = new URL(s3Url)
  const lookup: LookupFunction = (_name, _options, found) =>
    found(null, [{ address: '127.0.0.1', family: 4 }])
  const client = new S3Client({
    endpoint: `http://localhost:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    requestHandler: { httpAgent: new Agent({ lookup }) },
  })
  const Bucket = 'as-a-host'
  const Key = 'a key/with ☂'
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new PutObjectCommand({ Bucket, Key, Body: 'addressed by host' }))
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  equal(await Body?.transformToString(), 'addressed by host')
  client.destroy()

  const target = `/${Bucket}/presigned`
  const signing = {
    target,
    headers: { host: `127.0.0.1:${port}` },
    expiresSeconds: 60,
    accessKeyId,
    secret: secretAccessKey,
  }
  const urlOf = (method: string): string => s3Url + presign({ ...signing, method })
  equal((await fetch(urlOf('PUT'), { method: 'PUT', body: 'by URL alone' })).status, 200)
  equal(await (await fetch(urlOf('GET'))).text(), 'by URL alone')
  equal((await fetch(urlOf('GET'), { method: 'DELETE' })).status, 403, 'only what was signed')
})

test('aws: cp, sync, ls, presign and rm; an upload in parts', async (context) => {
  const aws = suite.clientFor(context, 'aws')
  if (aws === undefined) return
  const local = await suite.folderOf('aws')
  const back = await suite.folderOf('aws-back')
  await plantTree(local, tree)
  const big = bytesOf('big', 20_000_000)
  await writeFile(suite.pathOf('big'), big)

  await aws('s3', 'mb', 's3://from-aws')
  await aws('s3', 'sync', local, 's3://from-aws/tree')
  await aws('s3', 'cp', suite.pathOf('big'), 's3://from-aws/big')
  match(await aws('s3', 'ls', 's3://from-aws'), / PRE tree\/\n.* 20000000 big\n/s)
  const listing = await aws('s3', 'ls', '--recursive', 's3://from-aws/tree')
  equal(listing.trim().split('\n').length, Object.keys(tree).length)
  await aws('s3', 'sync', 's3://from-aws/tree', back)
  deepEqual(await readTree(back), await readTree(local))
  await aws('s3', 'cp', 's3://from-aws/big', 's3://from-aws/big copy')
  await aws('s3', 'cp', 's3://from-aws/big copy', suite.pathOf('big back'))
  ok((await readFile(suite.pathOf('big back'))).equals(big))
  const url = await aws('s3', 'presign', 's3://from-aws/tree/small.bin')
  const presigned = Buffer.from(await (await fetch(url.trim())).arrayBuffer())
  ok(presigned.equals(bytesOf('small.bin', 3_000)))
  await aws('s3', 'rb', '--force', 's3://from-aws')
  ok(!(await aws('s3', 'ls')).includes('from-aws'))
})

test('rclone: copy, check, sync, cat, a stream in parts, purge', async (context) => {
  const rclone = suite.clientFor(context, 'rclone')
  if (rclone === undefined) return
  const local = await suite.folderOf('rclone')
  const back = await suite.folderOf('rclone-back')
  await plantTree(local, tree)

  await rclone('mkdir', 'store:from-rclone')
  await rclone('copy', local, 'store:from-rclone/tree')
  await rclone('check', '--download', local, 'store:from-rclone/tree')
  await rm(join(local, 'large.bin'))
  await plantTree(local, { 'added.bin': 6_100_000, 'small.bin': 3_001 })
  await rclone('sync', local, 'store:from-rclone/tree')
  await rclone('copy', 'store:from-rclone/tree', back)
  deepEqual(await readTree(back), await readTree(local))
  // Beyond the cutoff it uploads in parts, as it does by default from 200 MiB on.
  const inParts = ['--s3-upload-cutoff', '5M', '--s3-chunk-size', '5M']
  await rclone('copyto', ...inParts, join(local, 'added.bin'), 'store:from-rclone/in parts')
  await rclone('check', '--download', join(local, 'added.bin'), 'store:from-rclone/tree')
  const listing = await rclone('lsf', '-R', '--files-only', 'store:from-rclone')
  equal(listing.trim().split('\n').length, Object.keys(tree).length + 1)
  await rclone('copyto', 'store:from-rclone/in parts', join(back, 'in parts'))
  ok((await readFile(join(back, 'in parts'))).equals(bytesOf('added.bin', 6_100_000)))
  await rclone('delete', 'store:from-rclone/tree/photos')
  await rclone('purge', 'store:from-rclone')
  ok(!(await rclone('lsd', 'store:')).includes('from-rclone'))
})

test('s3cmd: put and get in parts, sync, ls, cp, del', async (context) => {
  const s3cmd = suite.clientFor(context, 's3cmd')
  if (s3cmd === undefined) return
  const local = await suite.folderOf('s3cmd')
  const back = await suite.folderOf('s3cmd-back')
  await plantTree(local, tree)
  const big = bytesOf('in parts', 12_000_000)
  await writeFile(suite.pathOf('in parts'), big)

  await s3cmd('mb', 's3://from-s3cmd')
  const parts = '--multipart-chunk-size-mb=5'
  await s3cmd('put', parts, suite.pathOf('in parts'), 's3://from-s3cmd/in parts')
  await s3cmd('get', 's3://from-s3cmd/in parts', suite.pathOf('in parts back'))
  ok((await readFile(suite.pathOf('in parts back'))).equals(big))
  await s3cmd('sync', `${local}/`, 's3://from-s3cmd/tree/')
  await s3cmd('sync', 's3://from-s3cmd/tree/', `${back}/`)
  deepEqual(await readTree(back), await readTree(local))
  await s3cmd('cp', 's3://from-s3cmd/tree/small.bin', 's3://from-s3cmd/copy.bin')
  match(await s3cmd('ls', 's3://from-s3cmd'), / 3000 +s3:\/\/from-s3cmd\/copy\.bin/)
  match(await s3cmd('info', 's3://from-s3cmd/copy.bin'), /File size: 3000/)
  await s3cmd('del', '--recursive', '--force', 's3://from-s3cmd')
  await s3cmd('rb', 's3://from-s3cmd')
  ok(!(await s3cmd('ls')).includes('from-s3cmd'))
})
