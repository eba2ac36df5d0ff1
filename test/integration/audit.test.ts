/** The audit log of a store that is up: who did what, with which result; and no secret, whatever else is logged. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketAclCommand,
  PutBucketLoggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { exitCodes } from '#main/exit-codes'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { clientOf } from '../sdk.ts'
import { until } from '../until.ts'

const small = ['--nodes', '3', '--profile', '2+1']

interface Entry {
  readonly operation: string
  readonly status: number
  readonly accessKeyId?: string
  readonly principal?: string
  readonly peer?: string
  readonly bucket?: string
  readonly object?: string
  readonly subject?: string
  readonly fault?: string
}

async function admin(
  { data }: RunningStore,
  ...args: readonly string[]
): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runMycelium(['admin', ...args, '--json', '--data', data])
  equal(code, exitCodes.success, stderr)
  return JSON.parse(stdout)
}

async function entriesOf(store: RunningStore): Promise<readonly Entry[]> {
  const { entries } = await admin(store, 'audit', 'show', '--last', '1000')
  return entries as readonly Entry[] // as the API says
}

async function lastLineOf({ data }: RunningStore): Promise<Entry | undefined> {
  const [name = ''] = await readdir(join(data, 'audit'))
  const lines = (await readFile(join(data, 'audit', name), 'latin1')).trimEnd().split('\n')
  return JSON.parse(lines.at(-1) ?? '')
}

test('changes and refusals are told with who, what, whence and the result', async () => {
  await using store = await startStore({ flags: [...small, '--gateways', '2'] })
  const root = clientOf(store)
  const Bucket = 'photos'
  await admin(store, 'user', 'add', 'alice')
  const key = (await admin(store, 'key', 'add', 'alice')) as {
    accessKeyId: string
    secretAccessKey: string
  }
  const alice = clientOf({ ...store, ...key })
  await root.send(new CreateBucketCommand({ Bucket }))
  await root.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }))
  await rejects(alice.send(new GetObjectCommand({ Bucket, Key: 'a' })))
  const VersioningConfiguration = { Status: 'Enabled' as const }
  await root.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  const entries = await until(
    () => entriesOf(store),
    ({ length }) => length >= 5,
  )
  equal(entries.length, 5)
  const told = (wanted: string): Partial<Entry> => {
    const { operation, status, accessKeyId, bucket, object, subject, fault } =
      entries.find(({ operation }) => operation === wanted) ?? {}
    const all = { operation, status, accessKeyId, bucket, object, subject, fault }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  }
  const byRoot = { accessKeyId: store.accessKeyId }
  deepEqual(told('POST /users'), {
    operation: 'POST /users',
    status: 201,
    ...byRoot,
    subject: 'alice',
  })
  deepEqual(told('POST /users/{user}/keys'), {
    ...{ operation: 'POST /users/{user}/keys', status: 201, ...byRoot },
    subject: `alice ${key.accessKeyId}`,
  })
  deepEqual(told('CreateBucket'), {
    operation: 'CreateBucket',
    status: 200,
    ...byRoot,
    bucket: Bucket,
  })
  deepEqual(told('GetObject'), {
    ...{ operation: 'GetObject', status: 403, accessKeyId: key.accessKeyId },
    ...{ bucket: Bucket, object: 'a', fault: 's3/access-denied' },
  })
  equal(told('PutBucketVersioning').status, 200)
  equal(told('PutObject').operation, undefined, 'objects are for access logs')
  const { id } = await admin(store, 'user', 'show', 'alice')
  const [refused] = entries.filter(({ status }) => status === 403)
  deepEqual([refused?.principal, refused?.peer], [id, '127.0.0.1'])
  const shown = await runMycelium(['admin', 'audit', 'show', '--data', store.data])
  match(
    shown.stdout,
    new RegExp(`${key.accessKeyId} +127\\.0\\.0\\.1 +403 +GetObject +photos a\\n`),
  )
  await root.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
  await store.stop()
  const last = await lastLineOf(store)
  equal(last?.operation, 'PutBucketVersioning', 'a store that stops writes what it knows')
  for (const client of [root, alice]) client.destroy()
})

test('a log that somebody has changed is told from one that is whole', async () => {
  await using store = await startStore({ flags: small })
  await admin(store, 'user', 'add', 'alice')
  await admin(store, 'user', 'remove', 'alice')
  await until(
    () => entriesOf(store),
    ({ length }) => length >= 2,
  )
  const verify = () => runMycelium(['admin', 'audit', 'verify', '--data', store.data])
  const whole = await verify()
  equal(whole.code, exitCodes.success)
  match(
    whole.stdout,
    /^\d+ entries, 1 to \d+, each follows the one before it\.\nhead {2}[0-9a-f]{64}\n$/,
  )
  const [name = ''] = await readdir(join(store.data, 'audit'))
  const path = join(store.data, 'audit', name)
  const text = await readFile(path, 'latin1')
  await writeFile(path, text.replace('"subject":"alice"', '"subject":"carol"'))
  const changed = await verify()
  ok(changed.code !== exitCodes.success)
  match(changed.stderr, /line 2: it, or the entry before it, was changed/)
})

test('no log has a secret, though everything is logged', async () => {
  const flags = [...small, '--log', 'trace', '--audit', 'all', '--access-log-every', '1s']
  await using store = await startStore({ flags: [...flags, '--gateways', '1'] })
  const root = clientOf(store)
  await admin(store, 'user', 'add', 'alice')
  const key = (await admin(store, 'key', 'add', 'alice')) as {
    accessKeyId: string
    secretAccessKey: string
  }
  const alice = clientOf({ ...store, ...key })
  const [Bucket, target] = ['photos', 'logs']
  for (const name of [Bucket, target]) await root.send(new CreateBucketCommand({ Bucket: name }))
  const logDelivery = 'uri="http://acs.amazonaws.com/groups/s3/LogDelivery"'
  await root.send(new PutBucketAclCommand({ Bucket: target, GrantWrite: logDelivery }))
  const LoggingEnabled = { TargetBucket: target, TargetPrefix: '' }
  await root.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }))
  const customerKey = randomBytes(32)
  const content = `the content ${randomBytes(8).toString('hex')}`
  const asked = {
    Bucket,
    Key: 'a',
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: customerKey.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(customerKey).digest('base64'),
  }
  await root.send(new PutObjectCommand({ ...asked, Body: content }))
  await root.send(new GetObjectCommand(asked))
  await rejects(alice.send(new GetObjectCommand(asked)))
  const signature = 'f00d'.repeat(16)
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const credential = encodeURIComponent(
    `${store.accessKeyId}/${date.slice(0, 8)}/us-east-1/s3/aws4_request`,
  )
  const presigned = `${store.s3Url}/${Bucket}/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${credential}&X-Amz-Date=${date}&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=${signature}`
  equal((await fetch(presigned)).status, 403)
  const accessLogs = await until(
    async () => {
      const { Contents = [] } = await root.send(new ListObjectsV2Command({ Bucket: target }))
      const bodies = Contents.map(async ({ Key }) => {
        const { Body } = await root.send(new GetObjectCommand({ Bucket: target, Key }))
        return await Body?.transformToString()
      })
      return (await Promise.all(bodies)).join('')
    },
    (text) => text.includes('SignatureDoesNotMatch'),
  )
  const entries = await until(
    () => entriesOf(store),
    (found) => found.some(({ fault }) => fault === 'identity/wrong-signature'),
  )
  ok(entries.some(({ operation }) => operation === 'PutObject'))
  const files = await readdir(join(store.data, 'audit'))
  const audited = files.map((name) => readFile(join(store.data, 'audit', name), 'latin1'))
  const logs = [store.output(), accessLogs, ...(await Promise.all(audited))]
  ok(store.output().includes('"operation":"PutObject"'), 'everything is logged')
  for (const secret of [
    store.secretAccessKey,
    key.secretAccessKey,
    customerKey.toString('base64'),
    customerKey.toString('hex'),
    encodeURIComponent(customerKey.toString('base64')),
    signature,
    content,
  ])
    ok(
      logs.every((text) => !text.includes(secret)),
      secret,
    )
  for (const client of [root, alice]) client.destroy()
})

test('lines go to stdout where that is wanted', async () => {
  await using store = await startStore({ flags: [...small, '--audit-to', 'stdout'] })
  await admin(store, 'user', 'add', 'alice')
  await until(
    async () => store.output(),
    (output) => /^\{"sequence":1,.*"operation":"POST \/users".*\}$/m.test(output),
  )
  const shown = await runMycelium(['admin', 'audit', 'show', '--data', store.data])
  match(shown.stderr, /keeps no audit log in files/)
})
