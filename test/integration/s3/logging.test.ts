/** Access logs of buckets: what is told of requests, to whom it may be delivered, and when it is. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type BucketLoggingStatus,
  CreateBucketCommand,
  GetBucketLoggingCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
  type S3ServiceException,
} from '@aws-sdk/client-s3'
import { AccessLogs } from '#api/s3/access-logs'
import { parsePrincipalId } from '#identity/principal'
import { silentTelemetry } from '#telemetry/telemetry'
import { systemWorld } from '#world/system'
import { startStore } from '../../harness.ts'
import { clientOf } from '../../sdk.ts'
import { until } from '../../until.ts'
import { owner, type S3Server, startS3Server } from './s3-server.ts'

let server: S3Server
let root: S3Client
let logs: AccessLogs
const notes: string[] = []

function openLogs(everyMs: number): AccessLogs {
  const telemetry = { note: (_: string, message: string) => void notes.push(message) }
  const { objects } = server
  return new AccessLogs({
    objects,
    root: { id: parsePrincipalId(owner.id) },
    region: 'us-east-1',
    everyMs,
    world: systemWorld(),
    telemetry,
  })
}

/** What waits is written now, and what comes waits for long. */
async function deliver(): Promise<void> {
  const former = logs
  logs = openLogs(3_600_000)
  await former[Symbol.asyncDispose]()
}

/** Until there are so many: a line is told when its answer has left. */
function delivered<One>(ask: () => Promise<readonly One[]>, count: number) {
  const askAgain = async (): Promise<readonly One[]> => {
    await deliver()
    return await ask()
  }
  return until(askAgain, (found) => found.length >= count)
}

before(async () => {
  const telemetry = {
    ...silentTelemetry,
    bucketAccessed: (event: Parameters<AccessLogs['take']>[0]) => logs.take(event),
  }
  server = await startS3Server({ door: { telemetry } })
  logs = openLogs(3_600_000)
  root = clientOf(server)
})
after(async () => {
  root.destroy()
  await logs[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** The policy that S3's own console writes. */
function welcome(target: string, source: string, prefix = 'log/'): PutBucketPolicyCommand {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'logging.s3.amazonaws.com' },
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${target}/${prefix}*`,
      Condition: {
        ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${source}` },
        StringEquals: { 'aws:SourceAccount': owner.id },
      },
    },
  })
  return new PutBucketPolicyCommand({ Bucket: target, Policy })
}

/** What the canned list `log-delivery-write` grants. */
const logDelivery = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"'
const toLogDelivery = { GrantWrite: logDelivery, GrantReadACP: logDelivery }

function loggingTo(
  target: string,
  more: Partial<NonNullable<BucketLoggingStatus['LoggingEnabled']>> = {},
): BucketLoggingStatus {
  return { LoggingEnabled: { TargetBucket: target, TargetPrefix: 'log/', ...more } }
}

function put(Bucket: string, BucketLoggingStatus: BucketLoggingStatus): Promise<unknown> {
  return root.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus }))
}

/** A bucket whose log goes into another one. */
async function logged(
  name: string,
  more: Parameters<typeof loggingTo>[1] = {},
): Promise<{ readonly source: string; readonly target: string }> {
  const [source, target] = [`${name}-source`, `${name}-target`]
  for (const Bucket of [source, target]) await root.send(new CreateBucketCommand({ Bucket }))
  await root.send(welcome(target, source))
  await put(source, loggingTo(target, more))
  await delivered(() => keysIn(target), 1) // that it was put is a line, too
  return { source, target }
}

async function keysIn(Bucket: string): Promise<readonly string[]> {
  const { Contents = [] } = await root.send(new ListObjectsV2Command({ Bucket }))
  return Contents.map(({ Key = '' }) => Key)
}

/** All lines there, split into fields. */
async function linesIn(Bucket: string): Promise<readonly (readonly string[])[]> {
  const texts = await Promise.all(
    (await keysIn(Bucket)).map(async (Key) => {
      const { Body } = await root.send(new GetObjectCommand({ Bucket, Key }))
      return (await Body?.transformToString()) ?? ''
    }),
  )
  const lines = texts.flatMap((text) => text.split('\n').slice(0, -1))
  return lines.map((line) => line.match(/"[^"]*"|\[[^\]]*\]|\S+/g) ?? [])
}

test('a configuration comes back as it was given, and goes', async () => {
  const { source, target } = await logged('configured')
  const found = async (): Promise<unknown> =>
    (await root.send(new GetBucketLoggingCommand({ Bucket: source }))).LoggingEnabled
  const simple = { TargetBucket: target, TargetPrefix: 'log/' }
  deepEqual(await found(), { ...simple, TargetObjectKeyFormat: { SimplePrefix: {} } })
  const partitioned = {
    ...simple,
    TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: 'EventTime' as const } },
    TargetGrants: [
      {
        Grantee: { Type: 'CanonicalUser' as const, ID: owner.id, DisplayName: owner.displayName },
        Permission: 'READ' as const,
      },
    ],
  }
  await put(source, { LoggingEnabled: partitioned })
  deepEqual(await found(), partitioned)
  await put(source, {})
  equal(await found(), undefined)
  await deliver()
})

test('nobody has logs written where they are not wanted, or make no sense', async () => {
  const { source, target } = await logged('refused')
  const others = ['refused-unasked', 'refused-other', 'refused-plain', 'refused-enforced']
  for (const Bucket of others) await root.send(new CreateBucketCommand({ Bucket }))
  const [unasked = '', other = '', plain = '', enforced = ''] = others
  const everybody = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${plain}/*`,
    },
  })
  await root.send(new PutBucketPolicyCommand({ Bucket: plain, Policy: everybody }))
  await root.send(welcome(source, source))
  await root.send(welcome(other, 'somebody-else'))
  await root.send(welcome(enforced, source))
  await root.send(
    new PutBucketOwnershipControlsCommand({
      Bucket: enforced,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    }),
  )
  const locking = 'refused-locking'
  await root.send(new CreateBucketCommand({ Bucket: locking, ObjectLockEnabledForBucket: true }))
  await root.send(
    new PutObjectLockConfigurationCommand({
      Bucket: locking,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
      },
    }),
  )
  await root.send(welcome(locking, source))
  const second = 'refused-second'
  await root.send(new CreateBucketCommand({ Bucket: second }))
  await root.send(welcome(source, second))
  const granted = {
    TargetGrants: [
      { Grantee: { Type: 'CanonicalUser' as const, ID: owner.id }, Permission: 'READ' as const },
    ],
  }
  for (const [from, status, code] of [
    [source, loggingTo('refused-missing'), 'InvalidTargetBucketForLogging'],
    [source, loggingTo(unasked), 'AccessDenied'],
    [source, loggingTo(other), 'AccessDenied'],
    [source, loggingTo(plain), 'AccessDenied'],
    [source, loggingTo(target, { TargetPrefix: 'elsewhere/' }), 'AccessDenied'],
    [source, loggingTo(locking), 'InvalidArgument'],
    [source, loggingTo(enforced, granted), 'AccessControlListNotSupported'],
    [source, loggingTo(target, { TargetPrefix: 'x'.repeat(801) }), 'InvalidArgument'],
    [second, loggingTo(source), 'InvalidArgument'], // it has a log of its own
  ] as const)
    await rejects(
      put(from, status),
      (error: S3ServiceException) => error.name === code,
      `${from} to ${JSON.stringify(status)}`,
    )
  await root.send(welcome(source, source))
  await rejects(
    put(source, loggingTo(source)),
    (error: S3ServiceException) => error.name === 'InvalidArgument',
  )
  await deliver()
})

test('a grant to the group of old lets the log in as well', async () => {
  const [source, target] = ['granted-source', 'granted-target']
  for (const Bucket of [source, target]) await root.send(new CreateBucketCommand({ Bucket }))
  await root.send(new PutBucketAclCommand({ Bucket: target, ...toLogDelivery }))
  await put(source, loggingTo(target))
  equal((await delivered(() => linesIn(target), 1)).length, 1)
})

test('every request to the bucket is a line, refused ones too, and no line has a signature', async () => {
  const { source: Bucket, target } = await logged('told')
  const { $metadata } = await root.send(
    new PutObjectCommand({ Bucket, Key: 'a b', Body: 'content', ACL: 'public-read' }),
  )
  await root.send(new GetObjectCommand({ Bucket, Key: 'a b', Range: 'bytes=0-2' }))
  await rejects(root.send(new GetObjectCommand({ Bucket, Key: 'missing' })))
  const url = `${server.s3Url}/${Bucket}/a`
  equal((await fetch(`${url}%20b`)).status, 200)
  const forged = await fetch(`${url}%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=f00d`)
  const [, code = ''] = /<Code>(\w+)</.exec(await forged.text()) ?? []
  equal((await fetch(url, { method: 'PUT', body: 'a' })).status, 403)
  const lines = await delivered(() => linesIn(target), 7)
  // requester, operation, key, status, error, size of the object, how it was signed
  const columns = [4, 6, 7, 9, 10, 12, 21]
  const told = lines.map((fields) => columns.map((index) => fields[index]).join(' '))
  const expected = [
    [owner.id, 'REST.PUT.LOGGING_STATUS', '-', '200', '-', '-', 'AuthHeader'],
    [owner.id, 'REST.PUT.OBJECT', 'a%20b', '200', '-', '7', 'AuthHeader'],
    [owner.id, 'REST.GET.OBJECT', 'a%20b', '206', '-', '7', 'AuthHeader'],
    [owner.id, 'REST.GET.OBJECT', 'missing', '404', 'NoSuchKey', '-', 'AuthHeader'],
    ['-', 'REST.GET.OBJECT', 'a%20b', '200', '-', '7', '-'],
    ['-', 'REST.GET.UNKNOWN', 'a%20b', String(forged.status), code, '-', '-'],
    ['-', 'REST.PUT.OBJECT', 'a', '403', 'AccessDenied', '-', '-'],
  ]
  deepEqual(told.sort(), expected.map((fields) => fields.join(' ')).sort())
  const [written] = lines.filter(([, , , , , id]) => id === $metadata.requestId)
  equal(written?.[6], 'REST.PUT.OBJECT')
  const [ranged] = lines.filter((fields) => fields[9] === '206')
  equal(ranged?.[11], '3', 'bytes sent')
  for (const fields of lines)
    deepEqual([...fields.slice(0, 2), fields.length], [owner.id, Bucket, 26])
  ok(!JSON.stringify(lines).includes('f00d'))
})

test('keys have the time of delivery, or a path with the day of the requests', async () => {
  const { source, target } = await logged('dated')
  const keys = await keysIn(target)
  for (const key of keys) match(key, /^log\/\d{4}(-\d\d){5}-[0-9A-F]{16}$/)
  const PartitionedPrefix = { PartitionDateSource: 'EventTime' as const }
  await put(source, loggingTo(target, { TargetObjectKeyFormat: { PartitionedPrefix } }))
  const all = await delivered(() => keysIn(target), keys.length + 1)
  const [partitioned = ''] = all.filter((key) => !keys.includes(key))
  const day = new Date().toISOString().slice(0, 10)
  match(
    partitioned,
    new RegExp(
      `^log/${owner.id}/us-east-1/${source}/(\\d{4}/\\d\\d/\\d\\d)/\\d{4}(-\\d\\d){2}-00-00-00-[0-9A-F]{16}$`,
    ),
  )
  ok(partitioned.includes(day) || new Date().getUTCHours() === 0)
})

test('what is granted on the log is granted on its objects', async () => {
  const { id } = await server.accounts.createPrincipal({ handle: 'auditor' })
  const { target } = await logged('shared', {
    TargetGrants: [{ Grantee: { Type: 'CanonicalUser', ID: id }, Permission: 'READ' }],
  })
  const [Key] = await keysIn(target)
  const { Grants = [] } = await root.send(new GetObjectAclCommand({ Bucket: target, Key }))
  deepEqual(
    Grants.map(({ Grantee, Permission }) => [Grantee?.ID, Permission]),
    [
      [owner.id, 'FULL_CONTROL'],
      [id, 'READ'],
    ],
  )
})

test('a target that thinks better of it gets nothing more, and the operator is told', async () => {
  const { source, target } = await logged('withdrawn')
  const keys = await keysIn(target)
  await root.send(welcome(target, 'somebody-else'))
  await root.send(new PutObjectCommand({ Bucket: source, Key: 'a', Body: 'a' }))
  notes.length = 0
  deepEqual(await delivered(async () => notes, 1), ['access log not delivered'])
  deepEqual(await keysIn(target), keys)
})

test('many lines do not wait, and few do not wait for long', async () => {
  const { source: bucket, target } = await logged('hurried')
  const keys = await keysIn(target)
  const event = {
    bucket,
    owner: owner.id,
    at: Date.now(),
    to: { bucket: target, prefix: 'log/' },
    line: 'x'.repeat(1023),
  }
  for (let count = 0; count < 1024; count++) logs.take(event) // 1 MiB
  await until(
    () => keysIn(target),
    (found) => found.length === keys.length + 1,
  )
  await using hurried = openLogs(1)
  hurried.take({ ...event, line: 'one' })
  await until(
    () => keysIn(target),
    (found) => found.length === keys.length + 2,
  )
})

test('a store that is up delivers what its gateways hear', async () => {
  const flags = ['--nodes', '3', '--profile', '2+1', '--gateways', '2', '--access-log-every', '1s']
  await using store = await startStore({ flags })
  const client = clientOf(store)
  const [Bucket, target] = ['source', 'target']
  for (const name of [Bucket, target]) await client.send(new CreateBucketCommand({ Bucket: name }))
  await client.send(new PutBucketAclCommand({ Bucket: target, ...toLogDelivery }))
  await client.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: loggingTo(target) }))
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }))
  const told = await until(
    async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: target }))
      const bodies = Contents.map(async ({ Key }) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: target, Key }))
        return await Body?.transformToString()
      })
      return (await Promise.all(bodies)).join('')
    },
    (text) => text.includes('REST.PUT.OBJECT'),
  )
  match(told, /REST\.PUT\.OBJECT a "PUT \/source\/a/)
  client.destroy()
})
