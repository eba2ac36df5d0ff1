/** 5 GiB in parts, streamed there and back through the AWS SDK, while the store's memory stays what it is. */
import { equal, ok } from 'node:assert/strict'
import { readFile, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { startStore } from '../harness.ts'
import { firstDifference, largeBytes, mebibyte, streamOf } from '../large-object.ts'
import { bucketOf, type TestBucket } from '../s3-bucket.ts'

const partBytes = 64 * mebibyte
const parts = largeBytes / partBytes
const lanes = 4
/** A small part of the object: what does not stream cannot hide in it. */
const storeMemoryMax = 1024 * mebibyte
const diskNeeded = 2 * largeBytes

async function freeBytes(): Promise<number> {
  const { bavail, bsize } = await statfs(tmpdir())
  return bavail * bsize
}

async function upload({ client, name: Bucket }: TestBucket, Key: string): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const numbers = Array.from({ length: parts }, (_, index) => index + 1).values()
  const done: CompletedPart[] = []
  const lane = async (): Promise<void> => {
    for (const PartNumber of numbers) {
      const Body = streamOf(Key, { offset: (PartNumber - 1) * partBytes, bytes: partBytes })
      const part = { Bucket, Key, UploadId, PartNumber, Body, ContentLength: partBytes }
      const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part))
      done.push({ PartNumber, ETag, ChecksumCRC32 })
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  done.sort((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0))
  const MultipartUpload = { Parts: done }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
}

async function peakMemoryOf(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}

test('5 GiB go there and come back, byte for byte', async (context) => {
  if ((await freeBytes()) < diskNeeded)
    return context.skip(`needs ${diskNeeded / mebibyte} MiB of free disk space`)
  await using store = await startStore({ flags: ['--log', 'warn'] })
  using bucket = bucketOf(store, 'large')
  const { client, name: Bucket } = bucket
  const Key = 'five gibibytes'
  await bucket.create()
  await upload(bucket, Key)
  const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }))
  equal(ContentLength, largeBytes)
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  ok(Body !== undefined)
  equal(await firstDifference(Body as AsyncIterable<Uint8Array>, Key, largeBytes), undefined) // on Node it is a stream
  if (process.platform !== 'linux') return // where else a process is asked for its memory, this does not know
  const peak = await peakMemoryOf(store.child.pid)
  ok(peak < storeMemoryMax, `${Math.round(peak / mebibyte)} MiB`)
})
