/** Notifications that go to real NATS and Redis servers. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { createClient } from '@redis/client'
import type { Dispatcher } from '#delivery/dispatcher'
import type { TargetPlace } from '#delivery/target'
import { type Broker, startNats, startRedis } from '../../brokers.ts'
import { whyWithout } from '../../debian-packages.ts'
import { clientOf } from '../../sdk.ts'
import { until } from '../../until.ts'
import { type EventRecord, recordsOf } from '../../webhook-receiver.ts'
import { dispatcherOf } from './dispatcher.ts'
import { type S3Server, startS3Server } from './s3-server.ts'

const skipNats = whyWithout('nats-server')
const skipRedis = whyWithout('redis-server')

const password = 'a-password-of-the-broker'
let server: S3Server
let client: S3Client
let dispatcher: Dispatcher
const stop = new AbortController()
let running: Promise<void>

before(async () => {
  server = await startS3Server()
  client = clientOf(server)
  dispatcher = dispatcherOf(server)
  running = dispatcher.run(stop.signal)
})
after(async () => {
  stop.abort()
  await running
  client.destroy()
  await server[Symbol.asyncDispose]()
})

async function follow(Bucket: string, place: TargetPlace): Promise<void> {
  await server.store.targets.add(Bucket, { place, secret: password })
  await client.send(new CreateBucketCommand({ Bucket }))
  const rule = {
    QueueArn: `arn:mycelium:sqs:::${Bucket}`,
    Events: ['s3:ObjectCreated:*' as const],
  }
  const NotificationConfiguration = { QueueConfigurations: [rule] }
  await client.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }),
  )
}

const put = (Bucket: string, Key: string, bytes: number) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'x'.repeat(bytes) }))

/** Writes while the broker is there, while it is not, and after it is back: everything has arrived, in order, when this returns. */
async function outage(
  Bucket: string,
  broker: Broker,
  taken: () => Promise<readonly EventRecord[]>,
): Promise<void> {
  const sizes = async (): Promise<readonly (number | undefined)[]> =>
    (await taken()).map(({ s3 }) => s3.object.size)
  await put(Bucket, 'key', 1)
  await until(sizes, ({ length }) => length === 1)
  await broker.kill()
  await put(Bucket, 'key', 2)
  await put(Bucket, 'key', 3)
  await until(
    () => dispatcher.state(Bucket),
    ({ trouble, waiting }) => trouble !== undefined && waiting === 2,
  )
  await broker.start()
  await put(Bucket, 'key', 4)
  const all = await until(sizes, ({ length }) => length >= 4)
  deepEqual([...new Set(all)], [1, 2, 3, 4])
  await until(
    () => dispatcher.state(Bucket),
    ({ trouble, waiting }) => trouble === undefined && waiting === 0,
  )
}

const refusal = (words: RegExp) => (error: unknown) => {
  const { code, detail } = error as { code: string; detail: Record<string, unknown> }
  equal(code, 'delivery/unreachable')
  match(String(detail['reason']), words)
  equal(JSON.stringify(error).includes(password), false)
  return true
}

test('a stream of NATS takes messages, once each, over an outage', { skip: skipNats }, async () => {
  await using broker = await startNats('--user', 'store', '--pass', password)
  const url = `nats://127.0.0.1:${broker.port}`
  const place = { kind: 'nats', url, user: 'store', subject: 'storage.events' } as const
  const reading = async <T>(read: (of: Awaited<ReturnType<typeof connect>>) => Promise<T>) => {
    const connection = await connect({ servers: url, user: 'store', pass: password })
    try {
      return await read(connection)
    } finally {
      await connection.close()
    }
  }
  const { targets } = server.store
  await targets.add('nobody', { place, secret: password })
  const { signal } = stop
  await rejects(dispatcher.try('nobody', { signal }), refusal(/no stream takes that subject/))
  await reading(async (connection) => {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: 'EVENTS', subjects: ['storage.>'] })
  })
  await follow('nats', place)
  const stored = (): Promise<readonly string[]> =>
    reading(async (connection) => {
      const consumer = await jetstream(connection).consumers.get('EVENTS')
      const { num_pending: count } = await consumer.info()
      const found: string[] = []
      if (count === 0) return found
      for await (const message of await consumer.fetch({ max_messages: count }))
        found.push(message.string())
      return found
    })
  await outage('nats', broker, async () => (await stored()).flatMap(recordsOf))
  equal((await stored()).length, 5, 'a test event and four records, none of them twice')

  await targets.add('stranger', { place: { ...place, user: 'somebody' }, secret: password })
  await rejects(dispatcher.try('stranger', { signal }), refusal(/does not know these credentials/))
})

test('a stream of Redis takes messages over an outage, a list and a channel too', {
  skip: skipRedis,
}, async () => {
  await using broker = await startRedis('--requirepass', password)
  const url = `redis://127.0.0.1:${broker.port}/1`
  const open = () => createClient({ url, password, disableOfflineQueue: true })
  const reading = async <T>(read: (of: ReturnType<typeof open>) => Promise<T>) => {
    const reader = open()
    reader.on('error', () => {})
    await reader.connect()
    try {
      return await read(reader)
    } finally {
      reader.destroy()
    }
  }
  await follow('redis', { kind: 'redis', url, into: 'stream', name: 'events' })
  const stored = () => reading(async (of) => (await of.xRange('events', '-', '+')) ?? [])
  await outage('redis', broker, async () =>
    (await stored()).flatMap(({ message }) => recordsOf(message['message'] ?? '')),
  )
  const [first, second] = await stored()
  equal(first?.message['event'], 's3:TestEvent')
  equal(second?.message['event'], 's3:ObjectCreated:Put')
  match(second?.message['id'] ?? '', /^[0-9a-f]{32}-\d+-0$/)

  const { targets } = server.store
  const { signal } = stop
  const add = (name: string, place: TargetPlace, its = password) =>
    targets.add(name, { place, secret: its })
  await add('list', { kind: 'redis', url, into: 'list', name: 'queue' })
  await dispatcher.try('list', { signal })
  const [listed = ''] = await reading((of) => of.lRange('queue', 0, -1))
  equal(JSON.parse(listed).Event, 's3:TestEvent')

  await add('channel', { kind: 'redis', url, into: 'channel', name: 'news' })
  await reading(async (listener) => {
    const heard = Promise.withResolvers<string>()
    await listener.subscribe('news', heard.resolve)
    await dispatcher.try('channel', { signal })
    equal(JSON.parse(await heard.promise).Event, 's3:TestEvent')
  })

  await add('mistaken', { kind: 'redis', url, into: 'stream', name: 'queue' })
  await rejects(dispatcher.try('mistaken', { signal }), refusal(/something else under that name/))
  await add('stranger-there', { kind: 'redis', url, into: 'list', name: 'queue' }, 'wrong')
  await rejects(dispatcher.try('stranger-there', { signal }), refusal(/credentials/))
  ok((await dispatcher.state('redis')).trouble === undefined)
})
