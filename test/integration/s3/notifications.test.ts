/** Notifications of a bucket as its clients set them, and as a webhook gets them. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { newWebhookSecret } from '#delivery/webhook'
import { systemWorld } from '#world/system'
import { clientOf, refused } from '../../sdk.ts'
import { until } from '../../until.ts'
import { openWebhookReceiver, signatureOf, type WebhookReceiver } from '../../webhook-receiver.ts'
import { dispatcherOf } from './dispatcher.ts'
import { owner, type S3Server, startS3Server } from './s3-server.ts'

const world = systemWorld()
let server: S3Server
let client: S3Client
const stop = new AbortController()
let running: Promise<void>

before(async () => {
  server = await startS3Server()
  client = clientOf(server)
  running = dispatcherOf(server).run(stop.signal)
})
after(async () => {
  stop.abort()
  await running
  client.destroy()
  await server[Symbol.asyncDispose]()
})

async function addWebhook(name: string, { url }: WebhookReceiver): Promise<string> {
  const made = newWebhookSecret(world)
  const place = { kind: 'webhook', url, isPrivate: true } as const
  await server.store.targets.add(name, { place, secret: made })
  return made
}

const arnOf = (name: string): string => `arn:mycelium:sqs:::${name}`

async function bucketWith(
  Bucket: string,
  NotificationConfiguration: NotificationConfiguration,
): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket }))
  await configure(Bucket, NotificationConfiguration)
}

const configure = (Bucket: string, NotificationConfiguration: NotificationConfiguration) =>
  client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
const configured = async (Bucket: string) => {
  const { $metadata, ...rules } = await client.send(
    new GetBucketNotificationConfigurationCommand({ Bucket }),
  )
  return rules
}
const put = (Bucket: string, Key: string, Body = Key) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }))

test('rules are given back as they were given, and none removes them', async () => {
  await using receiver = await openWebhookReceiver()
  await addWebhook('kept', receiver)
  const rules: NotificationConfiguration = {
    TopicConfigurations: [
      { Id: 'topic', TopicArn: 'arn:aws:sns:us-east-1:1:kept', Events: ['s3:ObjectRemoved:*'] },
    ],
    QueueConfigurations: [
      {
        Id: 'queue',
        QueueArn: arnOf('kept'),
        Events: ['s3:ObjectCreated:Put', 's3:ObjectCreated:Copy'],
        Filter: {
          Key: {
            FilterRules: [
              { Name: 'Prefix' as never, Value: 'images/' }, // as AWS spells it,
              { Name: 'Suffix' as never, Value: '.jpg' },
            ],
          },
        },
      },
    ],
    LambdaFunctionConfigurations: [
      {
        Id: 'function',
        LambdaFunctionArn: 'arn:aws:lambda:eu-west-1:123:function:kept',
        Events: ['s3:ObjectTagging:*'],
      },
    ],
  }
  await bucketWith('rules', rules)
  deepEqual(await configured('rules'), rules)
  await configure('rules', {})
  deepEqual(await configured('rules'), {})
  await configure('rules', {
    QueueConfigurations: [{ QueueArn: arnOf('kept'), Events: ['s3:ObjectCreated:*'] }],
  })
  match((await configured('rules')).QueueConfigurations?.[0]?.Id ?? '', /^[0-9a-f]{32}$/)
})

const wrong: readonly (readonly [string, NotificationConfiguration, number, string])[] = [
  [
    'a target that is not there',
    { QueueConfigurations: [{ QueueArn: arnOf('nobody'), Events: ['s3:ObjectCreated:*'] }] },
    400,
    'InvalidArgument',
  ],
  [
    'an ARN of another service',
    { TopicConfigurations: [{ TopicArn: arnOf('nobody'), Events: ['s3:ObjectCreated:*'] }] },
    400,
    'InvalidArgument',
  ],
  [
    'an event that there is not',
    { QueueConfigurations: [{ QueueArn: arnOf('nobody'), Events: ['s3:ObjectEaten' as never] }] },
    400,
    'InvalidArgument',
  ],
  [
    'two prefixes',
    {
      QueueConfigurations: [
        {
          QueueArn: arnOf('nobody'),
          Events: ['s3:ObjectCreated:*'],
          Filter: {
            Key: {
              FilterRules: [
                { Name: 'prefix', Value: 'a' },
                { Name: 'prefix', Value: 'b' },
              ],
            },
          },
        },
      ],
    },
    400,
    'InvalidArgument',
  ],
  ['EventBridge', { EventBridgeConfiguration: {} }, 501, 'NotImplemented'],
]
for (const [what, rules, status, code] of wrong)
  test(`refused: ${what}`, async () => {
    const Bucket = 'refusing'
    await client.send(new CreateBucketCommand({ Bucket })).catch(() => {}) // of the row before
    await rejects(configure(Bucket, rules), refused(status, code))
    deepEqual(await configured(Bucket), {})
  })

test("every way to change an object is told, in S3's words, signed", async () => {
  await using receiver = await openWebhookReceiver()
  const key = await addWebhook('all', receiver)
  const Bucket = 'told'
  await bucketWith(Bucket, {
    QueueConfigurations: [
      {
        Id: 'everything',
        QueueArn: arnOf('all'),
        Events: [
          's3:ObjectCreated:*',
          's3:ObjectRemoved:*',
          's3:ObjectTagging:*',
          's3:ObjectAcl:Put',
        ],
      },
    ],
  })
  await until(
    async () => receiver.posted.length,
    (count) => count === 1,
  )
  const tested = JSON.parse(receiver.posted[0]?.body ?? '') as Record<string, string>
  deepEqual(
    [tested['Service'], tested['Event'], tested['Bucket']],
    ['Amazon S3', 's3:TestEvent', Bucket],
  )

  const written = await put(Bucket, 'a b/ü+.txt', 'hello')
  const [first] = await receiver.taken(1)
  ok(first !== undefined)
  equal(first.eventName, 'ObjectCreated:Put')
  equal(first.s3.object.key, 'a+b%2F%C3%BC%2B.txt')
  equal(first.s3.object.size, 5)
  equal(first.s3.object.eTag, written.ETag?.replaceAll('"', ''))
  equal(first.s3.object.versionId, undefined)
  equal(first.s3.configurationId, 'everything')
  deepEqual(first.s3.bucket, {
    name: Bucket,
    ownerIdentity: { principalId: owner.id },
    arn: 'arn:aws:s3:::told',
  })
  equal(first.userIdentity.principalId, owner.id)
  equal(first.requestParameters.sourceIPAddress, '127.0.0.1')
  equal(first.responseElements['x-amz-request-id'], written.$metadata.requestId)
  const last = receiver.posted.at(-1)
  ok(last !== undefined)
  equal(last.headers['webhook-signature'], signatureOf(last, key))
  ok(Math.abs(Number(last.headers['webhook-timestamp']) - Date.now() / 1000) < 60)

  const Key = 'k'
  await put(Bucket, Key)
  await client.send(
    new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/a%20b/%C3%BC%2B.txt` }),
  )
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))
  const part = { Bucket, Key, UploadId, PartNumber: 1 }
  const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: 'part' }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }))
  const Tagging = { TagSet: [{ Key: 'colour', Value: 'red' }] }
  await client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging }))
  await client.send(new DeleteObjectTaggingCommand({ Bucket, Key }))
  await client.send(new PutObjectAclCommand({ Bucket, Key, ACL: 'public-read' }))
  await client.send(new DeleteObjectCommand({ Bucket, Key }))
  await client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  )
  const { VersionId } = await put(Bucket, Key)
  await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }))
  await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
  const records = (await receiver.taken(11)).filter(({ s3 }) => s3.object.key === Key)
  deepEqual(
    records.map(({ eventName, eventVersion }) => `${eventName} ${eventVersion}`),
    [
      'ObjectCreated:Put 2.1',
      'ObjectCreated:Copy 2.1',
      'ObjectCreated:CompleteMultipartUpload 2.1',
      'ObjectTagging:Put 2.3',
      'ObjectTagging:Delete 2.3',
      'ObjectAcl:Put 2.3',
      'ObjectRemoved:Delete 2.1',
      'ObjectCreated:Put 2.1',
      'ObjectRemoved:DeleteMarkerCreated 2.1',
      'ObjectRemoved:Delete 2.1',
    ],
  )
  deepEqual(
    records.map(({ s3 }) => s3.object.sequencer),
    records.map(({ s3 }) => s3.object.sequencer).sort(),
  )
  equal(records[7]?.s3.object.versionId, VersionId)
  equal(records[9]?.s3.object.versionId, VersionId)
  ok(records[8]?.s3.object.versionId !== VersionId)
  const { targets } = server.store
  await until(
    async () => await targets.backlog('all'), // the answer is on its way to us when the receiver has told of it
    ({ waiting }) => waiting === 0,
  )
})

test('only what a rule asks for is told', async () => {
  await using receiver = await openWebhookReceiver()
  await addWebhook('some', receiver)
  const Bucket = 'filtered'
  await bucketWith(Bucket, {
    QueueConfigurations: [
      {
        QueueArn: arnOf('some'),
        Events: ['s3:ObjectCreated:Put'],
        Filter: {
          Key: {
            FilterRules: [
              { Name: 'prefix', Value: 'in/' },
              { Name: 'suffix', Value: '.jpg' },
            ],
          },
        },
      },
    ],
  })
  await put(Bucket, 'out/1.jpg')
  await put(Bucket, 'in/2.png')
  await client.send(
    new CopyObjectCommand({ Bucket, Key: 'in/3.jpg', CopySource: `${Bucket}/in/2.png` }),
  )
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'in/3.jpg' }))
  await put(Bucket, 'in/4.jpg')
  deepEqual(
    (await receiver.taken(1)).map(({ s3 }) => s3.object.key),
    ['in%2F4.jpg'],
  )
  await configure(Bucket, {})
  await put(Bucket, 'in/5.jpg')
  equal((await server.store.targets.backlog('some')).waiting, 0)
  equal(receiver.records().length, 1)
})

test('a target that is away gets everything later, in order for each object', async () => {
  await using receiver = await openWebhookReceiver()
  await addWebhook('away', receiver)
  receiver.answerWith(503)
  const Bucket = 'patient'
  await bucketWith(Bucket, {
    QueueConfigurations: [{ QueueArn: arnOf('away'), Events: ['s3:ObjectCreated:*'] }],
  })
  const rounds = 5
  for (let round = 0; round < rounds; round += 1)
    await Promise.all(['a', 'b', 'c'].map((key) => put(Bucket, key, `${key}${'.'.repeat(round)}`)))
  await until(
    async () => receiver.posted.length,
    (count) => count >= 2,
  )
  const { waiting, oldestAt } = await server.store.targets.backlog('away')
  equal(waiting, 3 * rounds + 1)
  ok(oldestAt !== undefined && oldestAt <= Date.now())
  receiver.answerWith(200)
  const records = await receiver.taken(3 * rounds)
  for (const key of ['a', 'b', 'c'])
    deepEqual(
      records.filter(({ s3 }) => s3.object.key === key).map(({ s3 }) => s3.object.size),
      [1, 2, 3, 4, 5],
    )
})

test('what is refused holds nothing else up, however much it is', async () => {
  await using receiver = await openWebhookReceiver()
  await addWebhook('flooded', receiver)
  const Bucket = 'flooded'
  receiver.answerWith((body) => (body.includes('poison') ? 400 : 200))
  await bucketWith(Bucket, {
    QueueConfigurations: [{ QueueArn: arnOf('flooded'), Events: ['s3:ObjectCreated:*'] }],
  })
  const poisons = Array.from({ length: 600 }, (_, index) => `poison-${index}`)
  for (let done = 0; done < poisons.length; done += 50)
    await Promise.all(poisons.slice(done, done + 50).map((key) => put(Bucket, key)))
  await put(Bucket, 'fine')
  deepEqual(
    (await receiver.taken(1)).map(({ s3 }) => s3.object.key),
    ['fine'],
  )
  await server.store.targets.remove('flooded')
})

test('what is refused holds up only its own object, and is given up in the end, until it is resumed', async () => {
  await using receiver = await openWebhookReceiver()
  await addWebhook('picky', receiver)
  const Bucket = 'disliked'
  await client.send(new CreateBucketCommand({ Bucket }))
  receiver.answerWith((body) => (body.includes('poison') ? 400 : 200))
  await configure(Bucket, {
    QueueConfigurations: [{ QueueArn: arnOf('picky'), Events: ['s3:ObjectCreated:*'] }],
  })
  await put(Bucket, 'poison')
  await put(Bucket, 'fine')
  deepEqual(
    (await receiver.taken(1)).map(({ s3 }) => s3.object.key),
    ['fine'],
  )
  const backlog = () => server.store.targets.backlog('picky')
  await until(backlog, ({ waiting }) => waiting === 1)

  stop.abort()
  await running
  const impatient = new AbortController()
  const giving = dispatcherOf(server, { giveUpMs: 1 }).run(impatient.signal)
  await until(backlog, ({ givenUp }) => givenUp === 1)
  equal((await backlog()).waiting, 0)
  receiver.answerWith(200)
  await server.store.targets.resume('picky')
  deepEqual(
    (await receiver.taken(2)).map(({ s3 }) => s3.object.key),
    ['fine', 'poison'],
  )
  impatient.abort()
  await giving
})

test('redirections are not followed, and private networks are closed unless somebody has opened them', async () => {
  await using receiver = await openWebhookReceiver()
  await addWebhook('moved', receiver)
  receiver.answerWith(302)
  const { signal } = new AbortController()
  const dispatcher = dispatcherOf(server)
  await rejects(dispatcher.try('moved', { signal }), { code: 'delivery/refused' })
  deepEqual(
    receiver.posted.map(({ status }) => status),
    [302],
  )
  const { port } = new URL(receiver.url)
  for (const [name, host] of [
    ['by-address', '127.0.0.1'],
    ['by-name', 'localhost'],
    ['by-number', '2130706433'],
    ['by-mapping', '[::ffff:127.0.0.1]'],
  ] as const) {
    const place = { kind: 'webhook', url: `http://${host}:${port}/` } as const
    await server.store.targets.add(name, { place, secret: newWebhookSecret(world) })
    await rejects(dispatcher.try(name, { signal }), { code: 'delivery/private-address' }, name)
  }
  equal(receiver.posted.length, 1)
})
