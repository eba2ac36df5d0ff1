/** What lies on nodes says nothing: neither bytes nor names nor metadata; and no secret reaches the log, the metrics, or other users' eyes. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type RunningStore, startStore } from '../harness.ts'
import { bucketOf, type TestBucket } from '../s3-bucket.ts'
import { until } from '../until.ts'

/** Recognisable in every place a client can put something. */
const words = {
  bucket: 'wolfsbane-bucket-name',
  key: 'nightshade/object-key-name.txt',
  metadataName: 'belladonna-metadata-name',
  metadataValue: 'mandragora metadata value',
  contentType: 'application/x-hemlock-content-type',
  content: 'Amanita phalloides object content',
  uploadKey: 'deathcap/upload-key-name.bin',
  partContent: 'Gyromitra esculenta part content',
  deletedKey: 'oleander/deleted-key-name',
} as const

/** As short a piece of a word as we still look for. */
const pieceBytes = 12

async function fill(bucket: TestBucket): Promise<void> {
  const { client, name: Bucket } = bucket
  const Metadata = { [words.metadataName]: words.metadataValue }
  const put = (Key: string, length: number): Promise<unknown> =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Metadata,
        ContentType: words.contentType,
        Body: Buffer.alloc(length, words.content),
      }),
    )
  await bucket.create()
  await Promise.all([put(words.key, 33), put(`${words.key}.large`, 2_000_000)])
  await bucket.put(words.deletedKey, words.content)
  await bucket.remove(words.deletedKey)
  for (const isCompleted of [true, false]) {
    const Key = `${words.uploadKey}.${isCompleted}`
    const upload = { Bucket, Key, UploadId: '' }
    const opened = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, Metadata }))
    upload.UploadId = opened.UploadId ?? ''
    const Body = Buffer.alloc(50_000, words.partContent)
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body }))
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
    if (isCompleted)
      await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
  }
}

async function filesBelow(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

/** Every piece of the text as it would look raw, in hex, and in base64 at each of its three alignments. */
function tracesOf(text: string): ReadonlySet<string> {
  const bytes = Buffer.from(text)
  const traces = new Set<string>()
  for (let at = 0; at + pieceBytes <= bytes.length; at += 1) {
    const piece = bytes.subarray(at, at + pieceBytes)
    const base64 = piece.toString('base64') // 12 bytes: no padding, and 16 characters wherever they stand
    for (const trace of [
      piece.toString('latin1'),
      piece.toString('hex'),
      piece.toString('hex').toUpperCase(),
      base64,
      base64.replaceAll('+', '-').replaceAll('/', '_'),
    ])
      traces.add(trace)
  }
  return traces
}

function wordsIn(bytes: Buffer): readonly string[] {
  return Object.values(words).filter((word) => {
    for (const trace of tracesOf(word)) if (bytes.includes(trace, 0, 'latin1')) return true
    return false
  })
}

async function hasSnapshot({ data }: RunningStore): Promise<boolean> {
  return (await filesBelow(join(data, 'nodes'))).some((path) => path.endsWith('/files/snapshot'))
}

test('nothing a client sent is to be found on any node, and secrets stay with their owner', async () => {
  const flags = ['--nodes', '6', '--profile', '4+2', '--snapshot-every', '1s', '--log', 'trace']
  await using store = await startStore({ flags })
  using bucket = bucketOf(store, words.bucket)
  await fill(bucket)
  await until(() => hasSnapshot(store), Boolean)
  const metrics = await (await fetch(`${store.httpUrl}/metrics`)).text()
  equal(await store.stop(), 0)

  const { data } = store
  const onNodes = await filesBelow(join(data, 'nodes'))
  ok(onNodes.some((path) => path.includes('/shards/')))
  ok(onNodes.some((path) => path.endsWith('.log')))
  for (const path of onNodes) deepEqual(wordsIn(await readFile(path)), [], path)
  const database = await readFile(join(data, 'metadata.sqlite'))
  ok(
    wordsIn(database).includes(words.key),
    'names are in clear there: the search finds what there is',
  )

  const masterKey = Buffer.from(
    (await readFile(join(data, 'keys/master.key'), 'utf8')).trim(),
    'hex',
  )
  equal(masterKey.length, 32)
  const { secretAccessKey } = store
  const secrets = [
    secretAccessKey,
    Buffer.from(secretAccessKey).toString('hex'),
    Buffer.from(secretAccessKey).toString('base64').slice(0, 40),
    masterKey.toString('hex'),
    masterKey.toString('base64'),
    masterKey.toString('base64url'),
    masterKey.toString('latin1'),
  ]
  for (const [place, text] of Object.entries({ log: store.output(), metrics })) {
    for (const [index, secret] of secrets.entries())
      ok(!text.includes(secret), `secret ${index} in the ${place}`)
    for (const word of [words.content, words.partContent])
      for (const trace of tracesOf(word)) ok(!text.includes(trace), `content in the ${place}`)
  }
  for (const path of onNodes) {
    const bytes = await readFile(path)
    for (const [index, secret] of secrets.entries())
      ok(!bytes.includes(secret, 0, 'latin1'), `secret ${index} in ${path}`)
  }

  for (const entry of await readdir(data, { recursive: true })) {
    const stats = await stat(join(data, entry))
    const mode = (stats.mode & 0o777).toString(8)
    equal(mode, stats.isDirectory() ? '700' : '600', entry)
  }
})
