/** Deleted bytes leave the disk: online after a grace time, offline at once; what is still referred to stays readable throughout. */
import { ok } from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { until } from '../until.ts'

const objectBytes = 3_000_000
const storedPerByte = 6 / 4
const flags = ['--nodes', '6', '--profile', '4+2', '--log', 'warn']

/** What the nodes' shards take on disk. */
async function shardBytes(data: string): Promise<number> {
  const entries = await readdir(join(data, 'nodes'), { recursive: true, withFileTypes: true })
  const shards = entries.filter(
    (entry) => entry.isFile() && /\/(shards|incoming)(\/|$)/.test(entry.parentPath),
  )
  const sizes = await Promise.all(
    shards.map(async ({ parentPath, name }) => {
      const stats = await stat(join(parentPath, name)).catch(() => undefined) // collected meanwhile
      return (stats?.blocks ?? 0) * 512
    }),
  )
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}

const slice = { first: 1_000_000, last: 1_099_999 }

/** Objects deleted, overwritten, copied whole or in part before they are deleted; an upload aborted. Two objects' worth of bytes stays. */
async function fillAndDelete(bucket: TestBucket): Promise<void> {
  const { client, name: Bucket } = bucket
  await bucket.create()
  const keys = ['kept', 'deleted', 'overwritten', 'copied']
  await Promise.all(keys.map((key) => bucket.put(key, bytesOf(key, objectBytes))))
  const source = { Bucket, CopySource: `${Bucket}/copied` }
  await client.send(new CopyObjectCommand({ ...source, Key: 'copy' }))
  const Key = 'aborted'
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const part = { Bucket, Key, UploadId }
  const Body = bytesOf('part', objectBytes)
  await Promise.all([
    client.send(new UploadPartCommand({ ...part, PartNumber: 1, Body })),
    client.send(new UploadPartCopyCommand({ ...part, ...source, PartNumber: 2 })),
  ])
  await client.send(new AbortMultipartUploadCommand(part))
  await copySlice(bucket, { from: 'deleted', to: 'slice' })
  await bucket.put('overwritten', 'short now')
  await Promise.all(['deleted', 'copied'].map((key) => bucket.remove(key)))
}

async function copySlice(
  { client, name: Bucket }: TestBucket,
  { from, to: Key }: { readonly from: string; readonly to: string },
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const upload = { Bucket, Key, UploadId }
  const CopySourceRange = `bytes=${slice.first}-${slice.last}`
  const CopySource = `${Bucket}/${from}`
  const { CopyPartResult } = await client.send(
    new UploadPartCopyCommand({ ...upload, PartNumber: 1, CopySource, CopySourceRange }),
  )
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: CopyPartResult?.ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
}

async function check(bucket: TestBucket): Promise<void> {
  ok((await bucket.get('kept')).equals(bytesOf('kept', objectBytes)))
  ok((await bucket.get('copy')).equals(bytesOf('copied', objectBytes)))
  const sliced = bytesOf('deleted', objectBytes).subarray(slice.first, slice.last + 1)
  ok((await bucket.get('slice')).equals(sliced))
  ok((await bucket.get('overwritten')).equals(Buffer.from('short now')))
}

/** Two objects' worth, footers and rounding included; three would be too much. */
const fallen = (bytes: number): boolean => bytes < 2.5 * objectBytes * storedPerByte

test('while the store is up, what is deleted is gone from the disk after the grace time, and the rest is readable throughout', async () => {
  await using store = await startStore({
    flags: [...flags, '--gc-every', '1s', '--gc-grace', '1s', '--snapshot-every', '1s'],
  })
  using bucket = bucketOf(store, 'compost')
  await fillAndDelete(bucket)
  const look = async (): Promise<number> => {
    await check(bucket)
    return await shardBytes(store.data)
  }
  await until(look, fallen, { timeoutMs: 30_000 })
  await check(bucket)
})

test('mycelium gc frees everything at once while the store is down', async () => {
  const data = await mkdtemp(join(tmpdir(), 'mycelium-gc-'))
  try {
    const before = await startStore({ data, flags: [...flags, '--gc-at', 'off'] })
    const bucket = bucketOf(before, 'compost')
    await fillAndDelete(bucket)
    await before.kill()
    const full = await shardBytes(data)
    ok(!fallen(full), `${full} bytes before`)
    const { code, stdout, stderr } = await runMycelium(['gc', '--data', data])
    ok(code === 0 && /Collected \d+ chunks and \d+ shards: .* freed\./.test(stdout), stderr)
    const left = await shardBytes(data)
    ok(fallen(left), `${left} bytes left of ${full}`)
    await using after = await startStore({ data, flags })
    await check(bucketOf(after, 'compost'))
  } finally {
    await rm(data, { recursive: true, force: true })
  }
})
