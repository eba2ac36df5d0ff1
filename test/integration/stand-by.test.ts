/** Several `mycelium up` on one PostgreSQL database: one serves, the others forward to it, and one of them takes its place when it ends. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { Agent, request as requestTls } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { after, describe, type TestContext, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { makeAuthority } from '../certificate.ts'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { findPostgres, startPostgres } from '../postgres/server.ts'
import { bucketOf, bytesOf, type TestBucket } from '../s3-bucket.ts'
import { stateOf } from '../s3-state.ts'
import { until } from '../until.ts'

const hasPostgres = (await findPostgres()) !== undefined
const server = hasPostgres ? await startPostgres() : undefined
after(() => server?.[Symbol.asyncDispose]())
const noOpenssl = spawnSync('openssl', ['version']).error && 'openssl is not installed'
const shape = ['--nodes', '3', '--profile', '2+1', '--chunk-size', '4MiB', '--log', 'warn']

interface Place {
  readonly folder: string
  readonly data: string
  readonly url: string
  /** All that were ever started there. */
  readonly stores: RunningStore[]
}

async function newPlace(context: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-stand-by-'))
  const stores: RunningStore[] = []
  context.after(async () => {
    await Promise.all(stores.map((store) => store.kill())) // at once, or one would take the other's place
    await rm(folder, { recursive: true, force: true })
  })
  return { folder, stores, data: join(folder, 'data'), url: (await server?.newDatabase()) ?? '' }
}

/** Resolves when it serves or stands by. */
async function start(
  { data, url, stores }: Place,
  flags: readonly string[] = [],
): Promise<RunningStore> {
  const all = [...shape, '--stand-by', ...flags]
  const store = await startStore({ data, flags: all, env: { DATABASE_URL: url } })
  stores.push(store)
  return store
}

interface RoleFacts {
  readonly status: string
  readonly role: string
  readonly holder?: string
}

async function roleOf({ httpUrl }: RunningStore): Promise<RoleFacts> {
  const answer = await fetch(`${httpUrl}/health`, { headers: { accept: 'application/json' } })
  const { status, role, holder } = (await answer.json()) as RoleFacts // the program's own
  return { status, role, ...(holder === undefined ? {} : { holder }) }
}

/** One that serves, and two that stand by for it; one of them without threads of its own for S3. */
async function three(
  place: Place,
  flags: readonly string[] = [],
): Promise<readonly RunningStore[]> {
  const holder = await start(place, ['--gateways', '1', ...flags])
  const one = await start(place, ['--gateways', '2', ...flags])
  const other = await start(place, ['--gateways', '0', ...flags])
  for (const store of [one, other])
    await until(
      () => roleOf(store),
      ({ holder: address }) => address === holder.s3Url,
    )
  return [holder, one, other]
}

/** One of them that serves now. */
async function untilServed(stores: readonly RunningStore[]): Promise<RunningStore> {
  const roles = await until(
    () => Promise.all(stores.map(roleOf)),
    (all) => all.some(({ role }) => role === 'holder'),
  )
  const found = stores[roles.findIndex(({ role }) => role === 'holder')]
  ok(found)
  return found
}

async function ask(
  url: string,
  options: { readonly localAddress?: string; readonly headers?: Record<string, string> } = {},
): Promise<readonly [status: number | undefined, body: string]> {
  const [answer] = (await once(request(url, options).end(), 'response')) as [IncomingMessage]
  return [answer.statusCode, await text(answer)]
}

describe('several gateways', { skip: !hasPostgres && 'no PostgreSQL server to start' }, () => {
  test('whichever of them is asked, the answer is the same', async (context) => {
    const place = await newPlace(context)
    const stores = await three(place)
    const [holder, ...others] = stores
    ok(holder)
    deepEqual(await roleOf(holder), { status: 'ok', role: 'holder' })
    for (const store of others) {
      deepEqual(await roleOf(store), { status: 'ok', role: 'stand-by', holder: holder.s3Url })
      match(store.output(), /stands by\.\n/)
      match(store.output(), new RegExp(`Forwards to +${holder.s3Url}\\n`))
      equal((await ask(`${store.httpUrl}/s3/photos/key`))[0], 503)
    }
    const buckets = stores.map((store) => bucketOf(store, 'photos'))
    for (const bucket of buckets) context.after(() => bucket[Symbol.dispose]())
    await buckets[1]?.create()
    for (const [n, bucket] of buckets.entries())
      for (const size of [0, 1, 5_000, 700_001]) {
        const [key, body] = [`${n}/${size}`, bytesOf(`${n}/${size}`, size)]
        await bucket.put(key, body)
        for (const reader of buckets) ok(body.equals(await reader.get(key)), key)
      }
    await uploadThrough(buckets)
    const [first] = buckets
    ok(first)
    for (const bucket of buckets) {
      deepEqual(await bucket.list(), await first.list())
      const big = bytesOf('big', bigBytes)
      ok(big.equals(await bucket.get('big')))
      const range = { first: 5_000_000, last: 12_000_000 }
      ok(big.subarray(range.first, range.last + 1).equals(await bucket.get('big', range)))
      const head = new HeadObjectCommand({ Bucket: bucket.name, Key: 'big' })
      equal((await bucket.client.send(head)).ContentLength, bigBytes)
      const none = new HeadObjectCommand({ Bucket: bucket.name, Key: 'none' })
      await rejects(bucket.client.send(none), { name: 'NotFound' })
    }
    await buckets[2]?.remove('big')
    await rejects(async () => await buckets[1]?.get('big'), { name: 'NoSuchKey' })
    for (const store of stores) {
      const stranger = bucketOf({ ...store, secretAccessKey: 'x'.repeat(40) }, 'photos')
      await rejects(stranger.put('forged', 'body'), { name: 'SignatureDoesNotMatch' })
      stranger[Symbol.dispose]()
    }
    for (const store of stores.toReversed()) equal(await store.stop(), 0)
  })

  test('policies hear of the client, not of who forwards; and nobody can pretend', {
    skip: process.platform !== 'linux' && 'one address of its own for each client is needed',
  }, async (context) => {
    const stores = await three(await newPlace(context))
    const [holder] = stores
    ok(holder)
    using bucket = bucketOf(holder, 'photos')
    await bucket.create()
    await bucket.put('key', 'for one address')
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::photos/*',
      Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.2/32' } },
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: 'photos', Policy }))
    for (const { s3Url } of stores) {
      const url = `${s3Url}/photos/key`
      deepEqual(await ask(url, { localAddress: '127.0.0.2' }), [200, 'for one address'])
      equal((await ask(url))[0], 403)
      const headers = { 'x-mycelium-forwarded': `127.0.0.2 http ${'0'.repeat(64)}` }
      const [status, body] = await ask(url, { headers })
      equal(status, 503)
      match(body, /<Code>ServiceUnavailable</)
    }
  })

  test('through TLS from end to end, and policies know', { skip: noOpenssl }, async (context) => {
    const place = await newPlace(context)
    const { file, issue } = makeAuthority(place.folder)
    const { certificate, privateKey } = issue('gateways')
    const [holder, ...others] = await three(place, [
      '--tls-cert',
      certificate,
      '--tls-key',
      privateKey,
    ])
    ok(holder)
    const agent = new Agent({ ca: await readFile(file), keepAlive: true })
    context.after(() => agent.destroy())
    const [one] = others
    ok(one)
    const { accessKeyId, secretAccessKey } = one
    const client = new S3Client({
      ...{ endpoint: one.s3Url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
      credentials: { accessKeyId, secretAccessKey },
      requestHandler: { httpsAgent: agent },
    })
    context.after(() => client.destroy())
    const Bucket = 'photos'
    await client.send(new CreateBucketCommand({ Bucket }))
    const Body = bytesOf('through TLS', 5_000_000)
    await client.send(new PutObjectCommand({ Bucket, Key: 'key', Body }))
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::photos/*',
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
    for (const { s3Url } of [holder, ...others]) {
      match(s3Url, /^https:/)
      const [answer] = await once(requestTls(`${s3Url}/photos/key`, { agent }).end(), 'response')
      equal(answer.statusCode, 200)
      ok(Body.equals(await buffer(answer)))
    }
  })

  for (const [how, end] of [
    ['told to stop', (store: RunningStore) => store.stop()],
    ['killed', (store: RunningStore) => store.kill()],
  ] as const)
    test(`when the one that serves is ${how}, another takes its place, and nothing acknowledged is lost`, async (context) => {
      const place = await newPlace(context)
      const [holder, ...others] = await three(place)
      ok(holder)
      const buckets = others.map((store) => bucketOf(store, 'photos'))
      for (const bucket of buckets) context.after(() => bucket[Symbol.dispose]())
      await buckets[0]?.create()
      const load = buckets.flatMap((bucket, n) =>
        [0, 1, 2].map((lane) => writeThrough(bucket, `${n}/${lane}`)),
      )
      await until(
        async () => load.every(({ kept }) => kept.length > 10),
        (isOn) => isOn,
      )
      await end(holder)
      const next = await untilServed(others)
      const standing = others.find((store) => store !== next)
      ok(standing)
      await until(
        () => roleOf(standing),
        ({ holder: address }) => address === next.s3Url,
      )
      const before = load.map(({ kept }) => kept.length)
      await until(
        async () => load.every(({ kept }, n) => kept.length > (before[n] ?? 0) + 10),
        (goesOn) => goesOn,
      )
      for (const writer of load) {
        await writer.end()
        for (const failure of writer.failures) equal(failure, '503 ServiceUnavailable')
      }
      for (const { kept } of load)
        for (const bucket of buckets)
          await Promise.all(
            kept.map(async (key) =>
              ok(bytesOf(key, bytesWritten).equals(await bucket.get(key)), `${key} is lost`),
            ),
          )
      const back = await start(place)
      deepEqual(await roleOf(back), { status: 'ok', role: 'stand-by', holder: next.s3Url })
      deepEqual(await stateOf(back), await stateOf(next))
      for (const store of [back, standing, next]) equal(await store.stop(), 0)
      const checked = await runMycelium(['verify', '--data', place.data], {
        env: { DATABASE_URL: place.url },
      })
      equal(checked.code, 0, checked.stderr)
    })

  test('one that is killed elsewhere is followed when its lease has run out, and who asked meanwhile is answered', async (context) => {
    const place = await newPlace(context)
    const holder = await start(place)
    const elsewhere = `${place.data}-elsewhere`
    await symlink(place.data, elsewhere) // to the lease another place, and yet the same nodes
    const other = await start({ ...place, data: elsewhere })
    equal((await roleOf(other)).role, 'stand-by')
    using bucket = bucketOf(other, 'photos')
    await bucket.create()
    await bucket.put('before', 'acknowledged')
    await holder.kill()
    await bucket.put('meanwhile', 'waited')
    deepEqual(await roleOf(other), { status: 'ok', role: 'holder' })
    equal(String(await bucket.get('before')), 'acknowledged')
    equal(String(await bucket.get('meanwhile')), 'waited')
    equal(await other.stop(), 0)
  })

  test('what is under way is finished when one that stands by is told to stop', async (context) => {
    const [holder, one, other] = await three(await newPlace(context))
    ok(holder && one && other)
    using bucket = bucketOf(holder, 'photos')
    await bucket.create()
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: 'arn:aws:s3:::photos/*',
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await bucket.client.send(new PutBucketPolicyCommand({ Bucket: 'photos', Policy }))
    for (const store of [one, other]) {
      const headers = { 'content-length': 8, expect: '100-continue' }
      const put = request(`${store.s3Url}/photos/key`, { method: 'PUT', headers })
      put.flushHeaders()
      await once(put, 'continue')
      put.write('half')
      const ended = store.stop()
      await until(
        async () => store.output(),
        (output) => output.includes('Stopping'),
      )
      const answered = once(put, 'response')
      put.end('half')
      const [answer] = (await answered) as [IncomingMessage]
      equal(answer.statusCode, 200, await text(answer))
      equal(await ended, 0)
      equal(String(await bucket.get('key')), 'halfhalf')
    }
  })

  test('where no nodes are, requests are forwarded, and nothing is made', async (context) => {
    const place = await newPlace(context)
    const holder = await start(place)
    const data = `${place.data}-empty`
    await mkdir(data)
    await copyFile(join(place.data, 'aws-credentials'), join(data, 'aws-credentials')) // for the test's client
    const other = await start({ ...place, data }, ['--gateways', '1'])
    using bucket = bucketOf(other, 'photos')
    await bucket.create()
    equal(await holder.stop(), 0)
    await until(
      async () => other.output(),
      (output) => output.includes('No nodes are here'),
    )
    equal((await roleOf(other)).status, 'unavailable')
    const waiting = bucket.put('key', 'waits for the next one')
    const next = await start(place)
    await waiting
    using served = bucketOf(next, 'photos')
    equal(String(await served.get('key')), 'waits for the next one')
    equal(await other.stop(), 0)
  })

  test('a large body goes through, and is not held', {
    skip: process.platform !== 'linux' && 'the memory of a process is read from /proc',
  }, async (context) => {
    const [, standing] = await three(await newPlace(context))
    ok(standing)
    using bucket = bucketOf(standing, 'photos')
    await bucket.create()
    await bucket.put('warm', bytesOf('warm', 8 * 2 ** 20))
    await bucket.get('warm')
    const before = await peakOf(standing)
    const body = bytesOf('large', largeBytes)
    await bucket.put('large', body)
    ok(body.equals(await bucket.get('large')))
    const grown = (await peakOf(standing)) - before
    ok(grown < largeBytes / 2, `grown by ${grown} bytes for a body of ${largeBytes}`)
  })

  test('without a database to share nobody can stand by', async () => {
    const { code, stderr } = await runMycelium(['up', '--stand-by', '--advertise', 'nowhere/else'])
    equal(code, 2)
    match(stderr, /--stand-by: only processes with one database/)
    match(stderr, /--advertise "nowhere\/else": expected an address/)
  })
})

const largeBytes = 256 * 2 ** 20
const bigBytes = 20 * 2 ** 20
const partBytes = 5 * 2 ** 20
const bytesWritten = 20_000

/** Begun, sent and completed each through another one. */
async function uploadThrough(buckets: readonly TestBucket[]): Promise<void> {
  const at = (n: number): TestBucket => {
    const bucket = buckets[n % buckets.length]
    ok(bucket)
    return bucket
  }
  const body = bytesOf('big', bigBytes)
  const place = { Bucket: at(0).name, Key: 'big' }
  const { UploadId } = await at(1).client.send(new CreateMultipartUploadCommand(place))
  const Parts = await Promise.all(
    Array.from({ length: bigBytes / partBytes }, async (_, n) => {
      const Body = body.subarray(n * partBytes, (n + 1) * partBytes)
      const PartNumber = n + 1
      const part = { ...place, UploadId, PartNumber, Body }
      const { ETag } = await at(n).client.send(new UploadPartCommand(part))
      return { PartNumber, ETag }
    }),
  )
  const whole = { ...place, UploadId, MultipartUpload: { Parts } }
  await at(2).client.send(new CompleteMultipartUploadCommand(whole))
}

/** Writes one object after another until it is ended. */
function writeThrough(bucket: TestBucket, name: string) {
  const kept: string[] = []
  const failures: string[] = []
  let isEnding = false
  const done = (async () => {
    for (let n = 0; !isEnding; n += 1) {
      const key = `${name}/${n}`
      await bucket.put(key, bytesOf(key, bytesWritten)).then(
        () => kept.push(key),
        (error) => failures.push(`${error.$metadata?.httpStatusCode ?? error} ${error.name}`),
      )
    }
  })()
  const end = (): Promise<void> => {
    isEnding = true
    return done
  }
  return { kept, failures, end }
}

/** The most memory it has had, in bytes. */
async function peakOf({ child }: RunningStore): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return Number(/VmHWM:\s*(\d+) kB/.exec(status)?.[1]) * 1024
}
