/** Notifications of a store that is up: what the operator sets up, and what outlives a crash, a lost database and a look into its files. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  HeadObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { exitCodes } from '#main/exit-codes'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { clientOf } from '../sdk.ts'
import { until } from '../until.ts'
import { openWebhookReceiver } from '../webhook-receiver.ts'

async function temporary(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mycelium-deliveries-'))
  context.after(() => rm(path, { recursive: true, force: true }))
  return path
}

const start = (data: string): Promise<RunningStore> =>
  startStore({ data, flags: ['--nodes', '4', '--profile', '2+1', '--log', 'warn'] })

const admin = (data: string, ...args: readonly string[]) =>
  runMycelium(['admin', 'target', ...args, '--data', data])

interface TargetState {
  readonly name: string
  readonly waiting: number
  readonly givenUp: number
  readonly trouble?: string
}

async function stateOf(data: string): Promise<TargetState> {
  const { stdout, stderr } = await admin(data, 'list', '--json')
  const { targets } = JSON.parse(stdout) as { readonly targets: readonly TargetState[] }
  ok(targets[0] !== undefined, stderr)
  return targets[0]
}

async function follow(client: S3Client, Bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket }))
  const rule = { QueueArn: 'arn:mycelium:sqs:::hook', Events: ['s3:ObjectCreated:*' as const] }
  const NotificationConfiguration = { QueueConfigurations: [rule] }
  await client.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }),
  )
}

async function keepVersions(client: S3Client, Bucket: string): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket }))
  const VersioningConfiguration = { Status: 'Enabled' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
}

const put = (client: S3Client, Bucket: string, Key: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: Key }))

test('a target is added, tried, used, told of and removed', async (context) => {
  const data = await temporary(context)
  await using receiver = await openWebhookReceiver()
  await using store = await start(data)
  const added = await admin(data, 'add', 'hook', '--webhook', receiver.url, '--private')
  equal(added.code, exitCodes.success, added.stderr)
  const [, secret = ''] =
    /^Buckets name it arn:mycelium:sqs:::hook\nMessages are signed with (whsec_\S+)\n$/.exec(
      added.stdout,
    ) ?? []
  ok(secret.length > 30, added.stdout)
  const again = await admin(data, 'add', 'hook', '--webhook', receiver.url)
  deepEqual([again.code, again.stdout], [exitCodes.refused, ''])
  match(again.stderr, /a target "hook" already/)
  const queue = await admin(data, 'add', 'queue', '--redis', 'redis://127.0.0.1/1', '--list', 'q')
  equal(queue.stdout, 'Buckets name it arn:mycelium:sqs:::queue\n', queue.stderr)
  const bus = ['--nats', 'nats://127.0.0.1', '--subject']
  match((await admin(data, 'add', 'bus', ...bus, 'storage.*')).stderr, /no subject to publish to/)
  const two = await admin(data, 'add', 'bus', ...bus, 'storage', '--webhook', receiver.url)
  deepEqual([two.code, two.stdout], [exitCodes.settings, ''])
  equal((await admin(data, 'test', 'hook')).stdout, 'hook has taken a test event.\n')
  equal(receiver.posted.length, 1)
  receiver.answerWith(500)
  const tried = await admin(data, 'test', 'hook')
  match(tried.stderr, /cannot be reached: it answered 500/)
  const client = clientOf(store)
  context.after(() => client.destroy())
  await follow(client, 'followed')
  await put(client, 'followed', 'one')
  const { waiting, trouble } = await until(
    () => stateOf(data),
    (state) => state.trouble !== undefined,
  )
  deepEqual([waiting, trouble], [2, 'it answered 500'])
  const metrics = async () => await (await fetch(`${store.httpUrl}/metrics`)).text()
  match(await metrics(), /^mycelium_deliveries_waiting\{target="hook"\} 2$/m)
  receiver.answerWith(200)
  const [record] = await receiver.taken(1)
  equal(record?.s3.object.key, 'one')
  await until(
    () => stateOf(data),
    (state) => state.waiting === 0,
  )
  match(await metrics(), /^mycelium_deliveries_total\{target="hook",outcome="delivered"\} 2$/m)
  await store.stop()
  for (const path of await readdir(data, { recursive: true, withFileTypes: true }))
    if (path.isFile()) {
      const bytes = await readFile(join(path.parentPath, path.name))
      equal(bytes.includes(secret), false, `the secret lies in ${path.name}`)
    }
  equal(store.output().includes(secret), false)
})

test('what was not delivered before a kill or the loss of the database is delivered afterwards', async (context) => {
  const data = await temporary(context)
  await using receiver = await openWebhookReceiver()
  receiver.answerWith(503)
  const objects = ['a', 'b', 'c']
  {
    await using store = await start(data)
    await admin(data, 'add', 'hook', '--webhook', receiver.url, '--private')
    const client = clientOf(store)
    context.after(() => client.destroy())
    await follow(client, 'followed')
    for (const key of objects) await put(client, 'followed', key)
    await store.kill()
  }
  for (const name of await readdir(data))
    if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
  const rebuilt = await runMycelium(['rebuild', '--data', data])
  equal(rebuilt.code, exitCodes.success, rebuilt.stderr)
  const arrived = Promise.withResolvers<void>()
  const killed = Promise.withResolvers<void>()
  receiver.answerWith(async () => {
    arrived.resolve()
    await killed.promise
    return 200
  })
  {
    await using store = await start(data)
    await arrived.promise
    await store.kill()
    killed.resolve() // they have it, and the store will never hear of that
  }
  await using _ = await start(data)
  await until(
    () => stateOf(data),
    ({ waiting }) => waiting === 0,
  )
  const keys = receiver.records().map(({ s3 }) => s3.object.key)
  deepEqual([...new Set(keys)].sort(), objects)
  ok(keys.length > objects.length, 'what was told and not recorded is told again')
  const ids = receiver.posted
    .filter(({ status }) => status === 200)
    .map(({ headers }) => headers['webhook-id'])
  equal(new Set(ids).size, objects.length + 1, 'a repetition is known by its id')
})

test('what was not copied before a kill and the loss of the database is copied afterwards', async (context) => {
  const data = await temporary(context)
  const Bucket = 'source'
  const statusOf = async (client: S3Client, Key: string): Promise<string | undefined> =>
    (await client.send(new HeadObjectCommand({ Bucket, Key }))).ReplicationStatus
  {
    await using store = await start(data)
    const client = clientOf(store)
    context.after(() => client.destroy())
    await keepVersions(client, Bucket)
    await keepVersions(client, 'copies')
    const rule = {
      ...({ Status: 'Enabled', Filter: { Prefix: '' }, Priority: 1 } as const),
      ...{ DeleteMarkerReplication: { Status: 'Disabled' } as const },
      Destination: { Bucket: 'arn:aws:s3:::copies' },
    }
    const ReplicationConfiguration = { Role: 'arn:aws:iam::1:role/r', Rules: [rule] }
    await client.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration }))
    await client.send(new DeleteBucketCommand({ Bucket: 'copies' }))
    await put(client, Bucket, 'a')
    equal(await statusOf(client, 'a'), 'PENDING')
    await store.kill()
  }
  for (const name of await readdir(data))
    if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
  const rebuilt = await runMycelium(['rebuild', '--data', data])
  equal(rebuilt.code, exitCodes.success, rebuilt.stderr)
  await using store = await start(data)
  const client = clientOf(store)
  context.after(() => client.destroy())
  equal(await statusOf(client, 'a'), 'PENDING')
  await keepVersions(client, 'copies')
  await until(
    () => statusOf(client, 'a'),
    (status) => status === 'COMPLETED',
  )
  await put(client, Bucket, 'b')
  await until(
    () => statusOf(client, 'b'),
    (status) => status === 'COMPLETED',
  )
  const copy = await client.send(new HeadObjectCommand({ Bucket: 'copies', Key: 'a' }))
  equal(copy.ReplicationStatus, 'REPLICA')
})
