/** What is killed, interrupted or cut off goes on where it stopped, and never shows half a file. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3'
import { type Ended, type RunningStore, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { until } from '../until.ts'
import { linesOf, openWorkplace, smallStore, type Workplace } from './cyxcloud.ts'
import { type FlakyOptions, openFlakyProxy } from './flaky-proxy.ts'

const mebibyte = 2 ** 20
let store: RunningStore
let place: Workplace
before(async () => {
  store = await startStore({ flags: smallStore })
  place = await openWorkplace(store)
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
})

/** After so many bytes of a way nothing moves any more; then, once the directory `into` holds more than 1 MiB of them, the command is sent the signal. */
async function endWhenStalled(
  args: readonly string[],
  {
    way,
    bytes,
    by,
    into,
  }: Pick<FlakyOptions, 'way' | 'bytes'> & {
    readonly by: NodeJS.Signals
    readonly into?: string
  },
): Promise<Ended> {
  await using proxy = await openFlakyProxy({ to: store.s3Url, way, bytes, fate: 'stall' })
  const { child, ended } = place.start([...args, '--endpoint-url', proxy.url])
  await proxy.happened
  if (into !== undefined)
    await until(
      () => bytesIn(into),
      (held) => held > mebibyte,
    )
  child.kill(by)
  return await ended
}

async function bytesIn(directory: string): Promise<number> {
  const names = await readdir(directory)
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('an upload that was killed goes on with the parts that are there', async () => {
  using bucket = bucketOf(store, 'killed')
  const bytes = bytesOf('killed', 32 * mebibyte)
  await writeFile(place.path('killed.bin'), bytes)
  const args = ['upload', 'killed.bin', '-b', 'killed', '--part-size', '5MiB', '--json']
  await endWhenStalled([...args, '--parallel', '1'], {
    way: 'up',
    bytes: 18 * mebibyte,
    by: 'SIGKILL',
  })
  deepEqual(await bucket.list(), [], 'half an object is none')
  const again = await place.run(args)
  equal(again.code, 0, again.stderr)
  equal(linesOf(again.stdout)[0]?.['partsKept'], 3)
  ok(bytes.equals(await bucket.get('killed.bin')))
  const { Uploads = [] } = await bucket.client.send(
    new ListMultipartUploadsCommand({ Bucket: 'killed' }),
  )
  deepEqual(Uploads, [])
})

test('parts of a file that has changed since are sent again', async () => {
  using bucket = bucketOf(store, 'changed')
  const bytes = bytesOf('before', 22 * mebibyte)
  await writeFile(place.path('changed.bin'), bytes)
  const args = ['upload', 'changed.bin', '-b', 'changed', '--part-size', '5MiB', '--json']
  await endWhenStalled([...args, '--parallel', '1'], {
    way: 'up',
    bytes: 18 * mebibyte,
    by: 'SIGKILL',
  })
  bytes.writeUInt8(bytes.readUInt8(6 * mebibyte) ^ 1, 6 * mebibyte)
  await writeFile(place.path('changed.bin'), bytes)
  const again = await place.run(args)
  equal(linesOf(again.stdout)[0]?.['partsKept'], 2)
  ok(bytes.equals(await bucket.get('changed.bin')))
})

test('a download that was killed goes on behind what is there', async () => {
  using bucket = bucketOf(store, 'fetched')
  await bucket.create()
  const bytes = bytesOf('fetched', 24 * mebibyte)
  await bucket.put('large.bin', bytes)
  await mkdir(place.path('into'))
  const args = ['download', 'fetched', '-k', 'large.bin', '-o', 'into', '--json']
  await endWhenStalled(args, {
    ...{ way: 'down', bytes: 12 * mebibyte, by: 'SIGKILL' },
    into: place.path('into'),
  })
  ok(!existsSync(place.path('into/large.bin')), 'nothing half-written has the final name')
  const again = await place.run(args)
  equal(again.code, 0, again.stderr)
  ok(Number(linesOf(again.stdout)[0]?.['bytesKept']) > mebibyte)
  ok(bytes.equals(await readFile(place.path('into/large.bin'))))
  deepEqual(await readdir(place.path('into')), ['large.bin'])
})

test('what an earlier download left of another version is not used', async () => {
  using bucket = bucketOf(store, 'replaced')
  await bucket.create()
  await bucket.put('key', bytesOf('old', 16 * mebibyte))
  const args = ['download', 'replaced', '-k', 'key', '-o', 'replaced.bin', '--json']
  await endWhenStalled(args, { way: 'down', bytes: 8 * mebibyte, by: 'SIGKILL' })
  const bytes = bytesOf('new', 16 * mebibyte)
  await bucket.put('key', bytes)
  const again = await place.run(args)
  equal(linesOf(again.stdout)[0]?.['bytesKept'], 0)
  ok(bytes.equals(await readFile(place.path('replaced.bin'))))
})

test('a connection that breaks once does no harm, up or down', async () => {
  using bucket = bucketOf(store, 'broken')
  const bytes = bytesOf('broken', 12 * mebibyte)
  await writeFile(place.path('broken.bin'), bytes)
  const limits = { to: store.s3Url, bytes: 7 * mebibyte, fate: 'break' } as const
  {
    await using proxy = await openFlakyProxy({ ...limits, way: 'up' })
    const args = ['upload', 'broken.bin', '-b', 'broken', '--part-size', '5MiB']
    const { code, stderr } = await place.run([...args, '--endpoint-url', proxy.url])
    equal(code, 0, stderr)
  }
  ok(bytes.equals(await bucket.get('broken.bin')))
  {
    await using proxy = await openFlakyProxy({ ...limits, way: 'down' })
    const args = ['download', 'broken', '-k', 'broken.bin', '-o', 'broken.back']
    const { code, stderr } = await place.run([...args, '--endpoint-url', proxy.url])
    equal(code, 0, stderr)
  }
  ok(bytes.equals(await readFile(place.path('broken.back'))))
})

test('Ctrl-C says how to go on, and leaves nothing under a final name', async () => {
  using bucket = bucketOf(store, 'stopped')
  await bucket.create()
  await bucket.put('large.bin', bytesOf('stopped', 16 * mebibyte))
  await writeFile(place.path('stopped.bin'), bytesOf('stopped', 16 * mebibyte))
  const commands = [
    { way: 'down', args: ['download', 'stopped', '-k', 'large.bin', '-o', 'never.bin'] },
    { way: 'up', args: ['upload', 'stopped.bin', '-b', 'stopped', '--part-size', '5MiB'] },
  ] as const
  for (const { way, args } of commands) {
    const stalls = { way, bytes: 6 * mebibyte, by: 'SIGINT' } as const
    const { code, stderr } = await endWhenStalled(args, stalls)
    equal(code, 130)
    match(stderr, /^cyxcloud: Interrupted\. Nothing .* Run the same command again: it goes on/)
  }
  ok(!existsSync(place.path('never.bin')))
  deepEqual(
    (await bucket.list()).map(({ key }) => key),
    ['large.bin'],
  )
})
