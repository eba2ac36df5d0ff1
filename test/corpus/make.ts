/**
 * `node test/corpus/make.ts`: lives a store's life with this version of the program and keeps what it leaves behind, with what clients saw of it,
 * in `test/vectors/stores/`. Done once for each version of the formats; what is there is never made anew, for later versions must read it.
 */
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'
import { pack } from './archive.ts'
import { corpusDirectory, shape } from './corpus.ts'

/** Nothing, one byte, in packs, in a chunk of their own. */
const sizes = [0, 1, 5_000, 60_000, 70_000] as const
/** Of two stripes. */
const largeBytes = 540_001

async function putAll(bucket: TestBucket, round: string): Promise<void> {
  for (const bytes of sizes)
    await bucket.put(`${round}/${bytes} bytes`, bytesOf(`${round} ${bytes}`, bytes))
}

async function upload(bucket: TestBucket, key: string, isCompleted: boolean): Promise<void> {
  const { client, name: Bucket } = bucket
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: key }))
  const Body = bytesOf(key, 40_000)
  const part = { Bucket, Key: key, UploadId, PartNumber: 3, Body }
  const { ETag } = await client.send(new UploadPartCommand(part))
  if (!isCompleted) return
  const MultipartUpload = { Parts: [{ PartNumber: 3, ETag }] }
  const completed = { Bucket, Key: key, UploadId, MultipartUpload }
  await client.send(new CompleteMultipartUploadCommand(completed))
}

async function firstYear(store: RunningStore): Promise<void> {
  await bucketOf(store, 'nothing-in-it').create()
  using bucket = bucketOf(store, 'photos')
  await bucket.create()
  await putAll(bucket, 'first')
  await bucket.put('large', bytesOf('large', largeBytes))
  const { client, name: Bucket } = bucket
  const named = { Bucket, Key: 'names/ä ☃ %2f+', Body: 'with metadata' }
  const Metadata = { colour: 'green', 'a-word': 'value' }
  await client.send(new PutObjectCommand({ ...named, Metadata, ContentType: 'text/x-forest' }))
  const CopySource = encodeURI(`${Bucket}/large`)
  await client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
  await upload(bucket, 'completed upload', true)
  await upload(bucket, 'open upload', false)
  await bucket.put('overwritten', 'first')
}

async function laterYear(store: RunningStore, round: string): Promise<void> {
  using bucket = bucketOf(store, 'photos')
  await putAll(bucket, round)
  await bucket.put('overwritten', round)
  await bucket.put('deleted', 'soon')
  await bucket.remove('deleted')
}

async function keys(data: string, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runMycelium(['keys', ...args, '--data', data])
  if (code !== 0) throw new Error(stderr)
}

async function live(data: string, engine: string): Promise<unknown> {
  const flags = [...shape, '--engine', engine]
  let store = await startStore({ data, flags })
  await firstYear(store)
  await store.stop()
  await keys(data, 'rotate', '--generation')
  await keys(data, 'rewrap') // ends with a snapshot
  store = await startStore({ data, flags })
  await laterYear(store, 'second')
  await store.stop()
  await keys(data, 'rotate', '--generation')
  store = await startStore({ data, flags })
  await laterYear(store, 'third')
  const state = await stateOf(store)
  await store.kill() // what is staged stays in the stage
  return state
}

await mkdir(corpusDirectory, { recursive: true })
for (const engine of ['files', 'lmdb']) {
  const file = join(corpusDirectory, `v1-${engine}`)
  if (existsSync(`${file}.json.zst`)) continue
  const data = await mkdtemp(join(tmpdir(), 'mycelium-corpus-'))
  try {
    const state = await live(data, engine)
    await pack(data, `${file}.json.zst`)
    await writeFile(`${file}.state.json`, `${JSON.stringify(state, undefined, 2)}\n`)
    process.stdout.write(`${file}.json.zst\n`)
  } finally {
    await rm(data, { recursive: true, force: true })
  }
}
