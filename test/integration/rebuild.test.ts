/** The metadata database is lost, old or another store's: the program refuses it, and makes the same one again from any ten of fourteen nodes. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { type Ended, type RunningStore, runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'
import { until } from '../until.ts'

const partBytes = 5 * 1024 * 1024

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-rebuild-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

async function openUpload({ client, name }: TestBucket, Key: string): Promise<string> {
  const opened = await client.send(new CreateMultipartUploadCommand({ Bucket: name, Key }))
  return opened.UploadId ?? ''
}

async function sendPart(
  { client, name: Bucket }: TestBucket,
  { key: Key, id: UploadId }: { readonly key: string; readonly id: string },
  { number: PartNumber, bytes }: { readonly number: number; readonly bytes: number },
): Promise<string> {
  const Body = bytesOf(`${Key} ${PartNumber}`, bytes)
  const part = { Bucket, Key, UploadId, PartNumber, Body }
  return (await client.send(new UploadPartCommand(part))).ETag ?? ''
}

/** Some of everything a client can do, so that each round changes what the former ones have left. */
async function round(bucket: TestBucket, number: number): Promise<void> {
  const { client, name: Bucket } = bucket
  const keys = Array.from({ length: 8 }, (_, index) => `round ${number}/key ${index}`)
  await Promise.all(keys.map((key, index) => bucket.put(key, bytesOf(key, 40_000 * index))))
  const Metadata = { round: String(number) }
  const put = { Bucket, Key: 'same/in every round', Metadata, ContentType: 'text/plain' }
  await client.send(new PutObjectCommand({ ...put, Body: `round ${number}` }))
  const other = { Bucket, Key: 'of another class', StorageClass: 'STANDARD_IA' } as const
  await client.send(new PutObjectCommand({ ...other, Body: `round ${number}` }))
  await bucket.put('comes and goes', 'here')
  if (number % 2 === 0) await bucket.remove('comes and goes')
  await bucket.remove(`round ${number}/key 3`)
  const CopySource = encodeURI(`${Bucket}/round ${number}/key 5`)
  await client.send(new CopyObjectCommand({ Bucket, Key: `copy of round ${number}`, CopySource }))
  const upload = { key: `upload ${number}`, id: await openUpload(bucket, `upload ${number}`) }
  const ETag = await sendPart(bucket, upload, { number: 1, bytes: partBytes })
  const last = await sendPart(bucket, upload, { number: 4, bytes: 100 })
  const Parts = [
    { PartNumber: 1, ETag },
    { PartNumber: 4, ETag: last },
  ]
  const completed = { Bucket, Key: upload.key, UploadId: upload.id }
  await client.send(
    new CompleteMultipartUploadCommand({ ...completed, MultipartUpload: { Parts } }),
  )
  const open = { key: `left open ${number}`, id: await openUpload(bucket, `left open ${number}`) }
  await sendPart(bucket, open, { number: 2, bytes: 5_000 })
}

async function removeDatabase(data: string): Promise<void> {
  for (const name of await readdir(data))
    if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
}

async function logSegments(data: string): Promise<readonly string[]> {
  const nodes = await readdir(join(data, 'nodes'))
  const names = nodes.map(async (node) =>
    (await readdir(join(data, 'nodes', node, 'log'))).map((name) => `${node}/${name}`),
  )
  return (await Promise.all(names)).flat()
}

async function hide(data: string, nodes: readonly string[]): Promise<void> {
  await mkdir(join(data, 'hidden'), { recursive: true })
  for (const node of nodes) await rename(join(data, 'nodes', node), join(data, 'hidden', node))
}

async function show(data: string, nodes: readonly string[]): Promise<void> {
  for (const node of nodes) await rename(join(data, 'hidden', node), join(data, 'nodes', node))
}

/** What a copy of the database file and of its write-ahead log holds; neither of them is touched. */
async function dumpOf(data: string, name: string): Promise<unknown> {
  const copy = await mkdtemp(join(tmpdir(), 'mycelium-rebuild-'))
  try {
    for (const part of (await readdir(data)).filter((file) => file.startsWith(name)))
      if (['', '-wal'].includes(part.slice(name.length)))
        await copyFile(join(data, part), join(copy, part))
    using database = new DatabaseSync(join(copy, name))
    return ['version', 'chunk', 'extent', 'change_state'].map((table) =>
      database.prepare(`select * from ${table}`).all(),
    )
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

const start = (data: string, ...flags: readonly string[]): Promise<RunningStore> =>
  startStore({ data, flags: ['--log', 'warn', ...flags] })

async function assertRefused(data: string): Promise<void> {
  const { code, stderr } = await runMycelium(['up', '--data', data])
  equal(code, 7, stderr)
  match(stderr, /mycelium rebuild --data/)
  ok(!stderr.includes('    at '), 'a sentence, no stack')
}

async function rebuild(data: string, ...flags: readonly string[]): Promise<Ended> {
  return await runMycelium(['rebuild', '--data', data, ...flags])
}

test('whatever is lost of the database, everything clients see is the same after a rebuild', async (context) => {
  const data = await temporary(context)
  const often = ['--snapshot-every', '1s']

  let store = await start(data, ...often, '--storage-classes', 'STANDARD_IA=8+4')
  await bucketOf(store, 'second-bucket').create()
  await bucketOf(store, 'first-bucket').create()
  await round(bucketOf(store, 'first-bucket'), 1)
  equal(await store.stop(), 0)
  const oldDatabase = join(data, 'old copy')
  await copyFile(join(data, 'metadata.sqlite'), oldDatabase)
  const firstSegments = await logSegments(data)

  store = await start(data, ...often)
  await round(bucketOf(store, 'first-bucket'), 2)
  const oldLog = async (): Promise<readonly string[]> =>
    (await logSegments(data)).filter((segment) => firstSegments.includes(segment))
  await until(oldLog, ({ length }) => length === 0)
  equal(await store.stop(), 0)

  store = await start(data)
  await round(bucketOf(store, 'first-bucket'), 3)
  const before = await stateOf(store)
  equal(before[0]?.objects.length, 3 * (7 + 2) + 3)
  equal(before[0]?.uploads.length, 3)
  await store.kill()

  const asItWas = await dumpOf(data, 'metadata.sqlite')
  equal((await rebuild(data)).code, 0)
  deepEqual(await dumpOf(data, 'metadata.sqlite.old'), asItWas, 'the old one is set aside whole')
  await removeDatabase(data)
  await assertRefused(data)
  const rebuilt = await rebuild(data)
  equal(rebuilt.code, 0, rebuilt.stderr)
  store = await start(data)
  deepEqual(await stateOf(store), before)
  await store.kill()

  await context.test('four nodes are gone too, among them those that hold the log', async () => {
    const away = ['node-01', 'node-02', 'node-03', 'node-04']
    await hide(data, away)
    await removeDatabase(data)
    const { code, stderr } = await rebuild(data)
    equal(code, 0, stderr)
    store = await start(data)
    deepEqual(await stateOf(store), before)
    await show(data, away)
    const bucket = bucketOf(store, 'first-bucket')
    await bucket.put('written after', 'the rebuild')
    await bucket.remove('written after')
    equal(await store.stop(), 0)
    store = await start(data)
    deepEqual(await stateOf(store), before)
    equal(await store.stop(), 0)
  })

  await context.test(
    'an old copy, a damaged one and another store’s database are refused, and a rebuild sets them aside',
    async () => {
      await removeDatabase(data)
      await copyFile(oldDatabase, join(data, 'metadata.sqlite'))
      await assertRefused(data)
      const { size } = await stat(oldDatabase)
      await truncate(join(data, 'metadata.sqlite'), size / 2)
      await assertRefused(data)
      await writeFile(join(data, 'metadata.sqlite'), bytesOf('no database', size))
      await assertRefused(data)
      const other = await temporary(context)
      const stranger = await start(other, '--nodes', '3', '--profile', '2+1')
      await bucketOf(stranger, 'elsewhere').create()
      equal(await stranger.stop(), 0)
      await copyFile(join(other, 'metadata.sqlite'), join(data, 'metadata.sqlite'))
      await assertRefused(data)
      const { code, stderr } = await rebuild(data)
      equal(code, 0, stderr)
      store = await start(data)
      deepEqual(await stateOf(store), before)
      equal(await store.stop(), 0)
    },
  )

  await context.test('with five nodes absent nothing is guessed', async () => {
    const away = ['node-01', 'node-02', 'node-03', 'node-04', 'node-05']
    await hide(data, away)
    await removeDatabase(data)
    const { code, stderr } = await rebuild(data)
    ok(code === 8 || code === 9, stderr)
    match(stderr, /Bring (the absent nodes|them) back/)
    await assertRefused(data)
    await show(data, away)
    equal((await rebuild(data)).code, 0)
  })
})

test('without a snapshot, and all nodes with the log absent, a rebuild does not make an empty store', async (context) => {
  const data = await temporary(context)
  const store = await start(data, '--nodes', '4', '--profile', '2+1')
  const bucket = bucketOf(store, 'a-bucket')
  await bucket.create()
  await bucket.put('key', 'bytes')
  await store.kill()
  const holders = (await logSegments(data)).map((segment) => segment.slice(0, 7))
  equal(new Set(holders).size, 2)
  await hide(data, holders)
  await removeDatabase(data)
  const { code, stderr } = await rebuild(data)
  ok(code === 8 || code === 9, `${code} ${stderr}`)
  match(stderr, /Bring the absent nodes back, or rebuild with --accept-loss/)
  await show(data, holders)
  equal((await rebuild(data)).code, 0)
  await using after = await start(data)
  equal((await bucketOf(after, 'a-bucket').get('key')).toString(), 'bytes')
})

test('a node that cannot be read to its end counts as absent', async (context) => {
  const data = await temporary(context)
  const shape = ['--nodes', '4', '--profile', '2+1']
  let store = await start(data, ...shape, '--snapshot-every', '1s')
  await bucketOf(store, 'a-bucket').create()
  const pointers = async (): Promise<number> => {
    const files = await Promise.all(
      ['node-01', 'node-02', 'node-03', 'node-04'].map((node) =>
        readdir(join(data, 'nodes', node, 'files')),
      ),
    )
    return files.filter((names) => names.includes('snapshot')).length
  }
  await until(pointers, (count) => count === 4)
  equal(await store.stop(), 0)
  const before = await logSegments(data)
  store = await start(data, ...shape)
  await bucketOf(store, 'a-bucket').put('key', 'bytes')
  await store.kill()
  const newest = (await logSegments(data)).filter((segment) => !before.includes(segment))
  const holders = new Set(newest.map((segment) => segment.slice(0, 7)))
  equal(holders.size, 2)

  await removeDatabase(data)
  const pointerOf = (node: string): string => join(data, 'nodes', node, 'files', 'snapshot')
  for (const node of holders) {
    await rename(pointerOf(node), join(data, `pointer of ${node}`))
    await mkdir(pointerOf(node)) // reading it fails, as it does where the disk is bad
  }
  const { code, stderr } = await rebuild(data)
  ok(code === 8 || code === 9, `${code} ${stderr}`)
  for (const node of holders) {
    await rm(pointerOf(node), { recursive: true })
    await rename(join(data, `pointer of ${node}`), pointerOf(node))
  }
  equal((await rebuild(data)).code, 0)
  await using after = await start(data)
  equal((await bucketOf(after, 'a-bucket').get('key')).toString(), 'bytes')
})

test('snapshots survive what objects of the safest bucket survive', async (context) => {
  const data = await temporary(context)
  const store = await start(data, '--nodes', '8', '--profile', '4+2')
  const bucket = bucketOf(store, 'treasure')
  bucket.client.middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: object }).headers, { 'x-mycelium-profile': '4+4' })
      return next(args)
    },
    { step: 'build' },
  )
  await bucket.create()
  await bucket.put('crown', bytesOf('crown', 3_000_000))
  const names = Array.from({ length: 8 }, (_, index) => `node-0${index + 1}`)
  const pointers = async (): Promise<number> => {
    const files = await Promise.all(
      names.map((node) => readdir(join(data, 'nodes', node, 'files'))),
    )
    return files.filter((found) => found.includes('snapshot')).length
  }
  await until(pointers, (count) => count === 8) // at once, whatever the clock says
  await store.kill()
  await removeDatabase(data)
  for (const node of names.slice(0, 4)) await rm(join(data, 'nodes', node), { recursive: true })
  const rebuilt = await rebuild(data, '--accept-loss')
  equal(rebuilt.code, 0, rebuilt.stderr)
  await using after = await start(data, '--replace-lost')
  ok((await bucketOf(after, 'treasure').get('crown')).equals(bytesOf('crown', 3_000_000)))
})
