/** A disk that runs full: writes are refused in plain words, what was stored stays, and deleting makes room again. */
import { equal, match, ok, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { healthOf, until } from '../until.ts'

const diskMebibytes = 128
const objectBytes = 2_000_000
const smallBytes = 50_000
const keptObjects = 8
const flags = ['--nodes', '6', '--profile', '4+2', '--gc-every', '1s', '--gc-grace', '1s']

/** A small file system of its own; `undefined`, and the test is reported as not run, where none may be mounted. */
async function smallDisk(context: TestContext): Promise<string | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-full-'))
  const mount = ['-t', 'tmpfs', '-o', `size=${diskMebibytes}m,mode=700`, 'tmpfs', path]
  const { status, stderr } = spawnSync('mount', mount, { encoding: 'utf8' })
  context.after(async () => {
    if (status === 0) spawnSync('umount', ['--lazy', path])
    await rm(path, { recursive: true, force: true })
  })
  if (status === 0) return path
  context.skip(`a small tmpfs cannot be mounted here: ${stderr || 'not root'}`.trim())
  return undefined
}

/** `200`, or the status and the code of the refusal. */
async function answerTo(request: Promise<unknown>): Promise<string> {
  try {
    await request
    return '200'
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error
    return `${error.$metadata.httpStatusCode} ${error.name}`
  }
}

function tryPut(bucket: TestBucket, key: string, bytes = objectBytes): Promise<string> {
  return answerTo(bucket.put(key, bytesOf(key, bytes)))
}

const refusal = /^(507 \w+|503 (ServiceUnavailable|SlowDown))$/

/** Puts objects, four at a time, until the last eight were all refused. Returns the keys of those that were taken. */
async function fill(bucket: TestBucket, name: string): Promise<readonly string[]> {
  const taken: string[] = []
  let refused = 0
  for (let round = 0; refused < 2; round += 1) {
    const keys = [0, 1, 2, 3].map((index) => `${name}/${round}.${index}`)
    const answers = await Promise.all(keys.map((key) => tryPut(bucket, key)))
    for (const [index, answer] of answers.entries()) {
      if (answer === '200') taken.push(keys[index] ?? '')
      else match(answer, refusal)
    }
    refused = answers.includes('200') ? 0 : refused + 1
  }
  return taken
}

/** The answers to what adds something to the log and the database only. */
async function withoutData(
  { client, name: Bucket }: TestBucket,
  source: string,
): Promise<string[]> {
  const CopySource = `${Bucket}/${source}`
  return await Promise.all(
    [
      client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: '' })),
      client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource })),
      client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'upload' })),
      client.send(new CreateBucketCommand({ Bucket: 'another' })),
      client.send(
        new PutObjectTaggingCommand({
          ...{ Bucket, Key: source },
          Tagging: { TagSet: [{ Key: 'colour', Value: 'red' }] },
        }),
      ),
    ].map(answerTo),
  )
}

async function countShards(data: string): Promise<number> {
  const paths = await readdir(join(data, 'nodes'), { recursive: true })
  return paths.filter((path) => /\/shards\/..\/./.test(path)).length
}

/** Takes what is left of the disk, to the last block. */
async function fillUp(data: string): Promise<void> {
  const { bavail, bsize } = await statfs(data)
  await appendFile(join(data, 'filler'), Buffer.alloc(bavail * bsize)).catch(() => {})
}

async function readAll(bucket: TestBucket, keys: readonly string[]): Promise<void> {
  for (const key of keys) ok((await bucket.get(key)).equals(bytesOf(key, objectBytes)), key)
}

test('a disk that is full of small objects can be emptied', async (context) => {
  const data = await smallDisk(context)
  if (data === undefined) return
  const store = await startStore({ data, flags })
  context.after(() => store.kill())
  const bucket = bucketOf(store, 'crumbs')
  await bucket.create()
  const taken: string[] = []
  const write = async (writer: number): Promise<void> => {
    for (let index = 0; ; index += 1) {
      const key = `${writer}/${index}`
      const answer = await tryPut(bucket, key, smallBytes)
      if (answer !== '200') return match(answer, refusal)
      taken.push(key)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))
  const [kept = '', ...others] = taken
  for (let at = 0; at < others.length; at += 50)
    await Promise.all(others.slice(at, at + 50).map((key) => bucket.remove(key)))
  await until(
    () => tryPut(bucket, 'room again'),
    (answer) => answer === '200',
  )
  ok((await bucket.get(kept)).equals(bytesOf(kept, smallBytes)))
  await store.stop()
})

/** So many requests without a key, eight at a time, for keys as long as they may be: lines of the audit log are as long then. */
async function askForNothing(s3Url: string, requests: number): Promise<void> {
  const { hostname, port } = new URL(s3Url)
  const path = `/brimful/${'k'.repeat(1024)}`
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const ask = async (): Promise<void> => {
    const asked = request({ hostname, port, path, agent }).end()
    const [answer]: IncomingMessage[] = await once(asked, 'response')
    equal(answer?.statusCode, 403)
    answer?.resume()
    if (answer !== undefined) await once(answer, 'end')
  }
  let left = requests
  const worker = async (): Promise<void> => {
    for (; left > 0; left -= 1) await ask()
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  agent.destroy()
}

test('a full disk can be emptied, however many are refused: their lines in the audit log leave room for removals', async (context) => {
  const data = await smallDisk(context)
  if (data === undefined) return
  const store = await startStore({ data, flags })
  context.after(() => store.kill())
  const bucket = bucketOf(store, 'brimful')
  await bucket.create()
  const taken = await fill(bucket, 'first')
  const { bavail, bsize } = await statfs(data)
  await askForNothing(store.s3Url, Math.ceil((bavail * bsize) / 1024))
  match(store.output(), /audit log cannot be written/)
  for (const key of taken) await bucket.remove(key)
  await until(
    () => tryPut(bucket, 'room again'),
    (answer) => answer === '200',
  )
  await store.stop()
})

test('a full disk refuses writes, loses nothing, and takes writes again after deletes', async (context) => {
  const data = await smallDisk(context)
  if (data === undefined) return
  let store = await startStore({ data, flags })
  context.after(() => store.kill())
  let bucket = bucketOf(store, 'brimful')
  await bucket.create()
  const taken = await fill(bucket, 'first')
  ok(taken.length > 10, `only ${taken.length} objects fit`)
  await readAll(bucket, taken)
  equal((await bucket.list()).length, taken.length, 'what was refused is not there')
  equal((await healthOf(store)).status, 'unavailable')

  // What holds no data would take from the room that is left for removals.
  for (const refused of await withoutData(bucket, taken[0] ?? '')) match(refused, refusal)
  const [Key = ''] = taken
  await bucket.client.send(new DeleteObjectTaggingCommand({ Bucket: bucket.name, Key }))

  const kept = taken.slice(0, keptObjects)
  await Promise.all(taken.slice(keptObjects).map((key) => bucket.remove(key)))
  await until(
    () => tryPut(bucket, 'room again'),
    (answer) => answer === '200',
  )
  await readAll(bucket, [...kept, 'room again'])

  // Not even room for the log and the database any more, once nothing is being collected.
  await until(
    () => countShards(data),
    (shards) => shards < (keptObjects + 2) * 6,
  )
  await fillUp(data)
  for (const key of ['no room 1', 'no room 2']) match(await tryPut(bucket, key), refusal)
  await readAll(bucket, [...kept, 'room again'])
  // A removal or two may still find room in what the log and the database have set aside.
  const gone = new Set<string>()
  const removals = async (): Promise<void> => {
    for (const key of kept) {
      await fillUp(data)
      await bucket.remove(key)
      gone.add(key)
    }
  }
  await rejects(removals(), { name: 'InsufficientStorage' })
  const left = [...kept.filter((key) => !gone.has(key)), 'room again']
  await store.kill()
  const { code, stderr } = await runMycelium(['up', '--data', data])
  equal(code, 3)
  match(stderr, /disk is full/)
  await rm(join(data, 'filler'))
  store = await startStore({ data, flags })
  bucket = bucketOf(store, 'brimful')
  await readAll(bucket, left)
  equal(await tryPut(bucket, 'at last'), '200')
  equal((await bucket.list()).length, left.length + 1)
  await store.stop()
})
