/** Node directories that vanish from the running program, return, or stay away: nothing is lost up to the parity, and never a wrong byte. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { GetObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { type RunningStore, startStore } from '../harness.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { type HealthFacts, healthOf, until } from '../until.ts'

const bucketName = 'forest'
const smallKeys = Array.from({ length: 12 }, (_, index) => `spore-${index}`)
const sizeOf = (index: number): number => [3_000, 0, 1, 70_000, 400_000, 3_000_000][index % 6] ?? 0

function contentOf(key: string): Buffer {
  return bytesOf(key, sizeOf(smallKeys.indexOf(key)))
}

async function plant(bucket: TestBucket): Promise<void> {
  await bucket.create()
  await Promise.all(smallKeys.map((key) => bucket.put(key, contentOf(key))))
}

async function readAll(bucket: TestBucket): Promise<void> {
  await Promise.all(
    smallKeys.map(async (key) => {
      ok((await bucket.get(key)).equals(contentOf(key)), key)
    }),
  )
}

function nodeName(number: number): string {
  return `node-${String(number).padStart(2, '0')}`
}

/** Moves node directories out of sight of the store: as if a disk were unmounted. */
async function hide({ data }: RunningStore, numbers: readonly number[]): Promise<void> {
  await mkdir(join(data, 'hidden'), { recursive: true })
  for (const name of numbers.map(nodeName))
    await rename(join(data, 'nodes', name), join(data, 'hidden', name))
}

async function show({ data }: RunningStore, numbers: readonly number[]): Promise<void> {
  for (const name of numbers.map(nodeName)) {
    await rm(join(data, 'nodes', name), { recursive: true, force: true })
    await rename(join(data, 'hidden', name), join(data, 'nodes', name))
  }
}

async function destroy({ data }: RunningStore, numbers: readonly number[]): Promise<void> {
  for (const name of numbers.map(nodeName)) await rm(join(data, 'nodes', name), { recursive: true })
}

/** Reads meanwhile: readers notice at once which nodes are there. */
async function untilRepaired(
  store: RunningStore,
  { bucket, nodesUp }: { readonly bucket: TestBucket; readonly nodesUp: number },
): Promise<HealthFacts> {
  const look = async (): Promise<HealthFacts> => {
    await bucket.get('spore-0').catch(() => {})
    return await healthOf(store)
  }
  return await until(look, (health) => health.nodesUp === nodesUp && health.repairQueue === 0)
}

/** Names of the shards each node holds, by node. */
async function shardsOn({ data }: RunningStore): Promise<ReadonlyMap<string, readonly string[]>> {
  const shards = new Map<string, readonly string[]>()
  for (const name of await readdir(join(data, 'nodes'))) {
    const found = await readdir(join(data, 'nodes', name, 'shards'), { recursive: true })
    shards.set(
      name,
      found.filter((path) => path.includes('/')).map((path) => path.slice(3)),
    )
  }
  return shards
}

async function countDistinctShards(store: RunningStore): Promise<number> {
  return new Set([...(await shardsOn(store)).values()].flat()).size
}

async function statusOf(request: Promise<unknown>): Promise<string> {
  try {
    await request
    return 'answered'
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error
    return `${error.$metadata.httpStatusCode} ${error.name}`
  }
}

test('150 MB and 3 kB survive four lost directories, kill -9, repair, a fifth loss, and new directories', async () => {
  const large = bytesOf('large', 150_000_000)
  const flags = ['--log', 'warn']
  let store = await startStore({ flags })
  const { data } = store
  try {
    let bucket = bucketOf(store, bucketName)
    await plant(bucket)
    await bucket.put('large', large)
    // Three chunks of the large object, one for each of the six that are not small, and the pack of the small ones, once it is closed.
    const shardCount = 14 * (3 + 6 + 1)
    await until(
      () => countDistinctShards(store),
      (count) => count === shardCount,
    )

    await destroy(store, [2, 5, 11, 14])
    ok((await bucket.get('large')).equals(large), 'at once after the loss')
    await readAll(bucket)
    await bucket.put('written with four down', 'still here')
    await store.kill()
    store = await startStore({ data, flags })
    bucket = bucketOf(store, bucketName)
    await readAll(bucket)
    equal((await bucket.get('written with four down')).toString(), 'still here')

    await untilRepaired(store, { bucket, nodesUp: 10 })
    equal(await countDistinctShards(store), shardCount + 14, 'every chunk has 14 shards again')
    await destroy(store, [1])
    ok((await bucket.get('large')).equals(large), 'after a fifth loss')
    await readAll(bucket)

    equal(await store.stop(), 0)
    store = await startStore({ data, flags: [...flags, '--replace-lost'] })
    bucket = bucketOf(store, bucketName)
    const { toleratedNodeLosses } = await untilRepaired(store, { bucket, nodesUp: 14 })
    equal(toleratedNodeLosses, 4)
    const perNode = [...(await shardsOn(store)).values()].map(({ length }) => length)
    equal(perNode.length, 14)
    ok(Math.min(...perNode) >= (shardCount + 14) / 14, `no node stays empty: ${perNode}`)
    await destroy(store, [3, 6, 7, 12])
    ok((await bucket.get('large')).equals(large), 'on the new nodes')
    await readAll(bucket)
  } finally {
    await store.kill()
    await rm(data, { recursive: true, force: true })
  }
})

/** Reads some of an object; then, when asked, as much of the rest as comes. */
async function readHalf(
  { client, name: Bucket }: TestBucket,
  Key: string,
): Promise<{ rest(): Promise<readonly Uint8Array[]> }> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  if (!(Body instanceof Readable)) throw new TypeError('the SDK gives streams here')
  const pieces: Uint8Array[] = []
  const incoming = Body[Symbol.asyncIterator]()
  const pull = async (): Promise<boolean> => {
    const next = await incoming.next()
    if (next.done !== true) pieces.push(next.value)
    return next.done !== true
  }
  await pull()
  return {
    rest: async () => {
      try {
        while (await pull());
      } catch {
        // cut off: what came before counts
      }
      return pieces
    },
  }
}

/** The nodes that hold the change log; the last ones; and some in between. */
const choices = [
  [1, 2, 3, 4],
  [11, 12, 13, 14],
  [2, 5, 8, 11],
  [4, 6, 7, 13],
]

/** The median of reads one after the other, and the slowest, in milliseconds. */
async function timeReads(bucket: TestBucket): Promise<{ median: number; slowest: number }> {
  const times: number[] = []
  for (const key of smallKeys) {
    const startedAt = performance.now()
    await bucket.get(key)
    times.push(performance.now() - startedAt)
  }
  times.sort((one, other) => one - other)
  return { median: times[times.length >> 1] ?? Number.NaN, slowest: times.at(-1) ?? Number.NaN }
}

test('any four may be away; with five nothing is answered but 503, and all is well when they are back', async (context) => {
  await using store = await startStore({ flags: ['--log', 'warn'] })
  using bucket = bucketOf(store, bucketName)
  await plant(bucket)
  for (const [index, choice] of choices.entries()) {
    await hide(store, choice)
    const { median, slowest } = await timeReads(bucket)
    context.diagnostic(`without ${choice}: median ${median.toFixed(1)} ms, ${slowest.toFixed(1)}`)
    ok(median < 200, 'nobody waits for the nodes that are gone')
    await readAll(bucket)
    await bucket.put(`round ${index}`, 'written with four away')
    await show(store, choice)
    await untilRepaired(store, { bucket, nodesUp: 14 })
    await readAll(bucket)
  }

  const five = [1, 4, 7, 9, 13]
  const large = bytesOf('large', 20_000_000)
  await bucket.put('large', large)
  const half = await readHalf(bucket, 'large')
  await hide(store, five)
  const read = Buffer.concat(await half.rest())
  ok(read.equals(large.subarray(0, read.length)), 'cut off perhaps, but never wrong')
  const get = async (key: string): Promise<void> => {
    deepEqual(await bucket.get(key), contentOf(key))
  }
  // One lies on one node alone, or has copies left from when others were away: then it is answered.
  for (const key of smallKeys)
    ok(['answered', '503 ServiceUnavailable'].includes(await statusOf(get(key))), key)
  // In the first moments files that are still open may be read: then the bytes are right.
  const refusal = await until(
    () => statusOf(bucket.get('large').then((bytes) => ok(bytes.equals(large)))),
    (status) => status !== 'answered',
  )
  equal(refusal, '503 ServiceUnavailable')
  equal((await healthOf(store)).nodesDown, 5)
  equal((await bucket.list()).length, smallKeys.length + choices.length + 1)
  await show(store, five)
  await untilRepaired(store, { bucket, nodesUp: 14 })
  await readAll(bucket)
})

test('with so few nodes that nothing can be acknowledged, writes are refused and the program lives on', async () => {
  await using store = await startStore({
    flags: ['--nodes', '4', '--profile', '2+2', '--log', 'warn'],
  })
  using bucket = bucketOf(store, bucketName)
  await plant(bucket)
  await hide(store, [1, 2, 3])
  const refusal = await until(
    () => statusOf(bucket.put('too much', 'to ask')),
    (status) => status !== 'answered',
  )
  equal(refusal, '503 ServiceUnavailable')
  equal((await healthOf(store)).status, 'unavailable')
  await show(store, [1, 2, 3])
  await untilRepaired(store, { bucket, nodesUp: 4 })
  await bucket.put('again', 'welcome')
  await readAll(bucket)
})

for (const [what, flags] of [
  ['a node that is not there', []],
  ['a directory made anew', ['--replace-lost']],
] as const) {
  test(`a start with ${what} soon takes a snapshot, for part of the log was on it`, async () => {
    await using first = await startStore({ flags: ['--nodes', '4', '--profile', '2+1'] })
    const bucket = bucketOf(first, bucketName)
    await plant(bucket)
    equal(await first.stop(), 0)
    const lost = (await readdir(join(first.data, 'nodes'))).filter((name) =>
      existsSync(join(first.data, 'nodes', name, 'log', '00000001-00000000000000000001.log')),
    )
    equal(lost.length, 2, 'the log is on parity + 1 nodes')
    await rm(join(first.data, 'nodes', lost[0] ?? ''), { recursive: true })
    await using second = await startStore({ data: first.data, flags })
    const present = flags.length === 0 ? 3 : 4
    const pointers = async (): Promise<number> => {
      const names = await readdir(join(second.data, 'nodes'))
      return names.filter((name) =>
        existsSync(join(second.data, 'nodes', name, 'files', 'snapshot')),
      ).length
    }
    await until(pointers, (count) => count === present)
    await readAll(bucketOf(second, bucketName))
  })
}
