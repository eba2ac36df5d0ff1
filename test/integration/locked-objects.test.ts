/** Objects under keys of their writers and under named keys, in the real program: what is found on disk, what tools say, what a rebuild brings back. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { exitCodes } from '#main/exit-codes'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { bytesOf } from '../s3-bucket.ts'
import { clientOf } from '../sdk.ts'

const Bucket = 'vault'
const key = randomBytes(32)
const customer = {
  SSECustomerAlgorithm: 'AES256',
  SSECustomerKey: key.toString('base64'),
  SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
}
const named = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: 'spores' }
const objects = [
  { Key: 'own/small', size: 2_000, sse: customer, asked: customer },
  { Key: 'own/large', size: 900_000, sse: customer, asked: customer },
  { Key: 'named/small', size: 2_000, sse: named, asked: {} },
  { Key: 'named/large', size: 900_000, sse: named, asked: {} },
] as const
let data: string
let printed: string

async function admin(...args: readonly string[]) {
  const ended = await runMycelium(['admin', ...args, '--data', data])
  equal(ended.code, exitCodes.success, ended.stderr)
  return ended.stdout
}

const run = (command: string, ...args: readonly string[]) =>
  runMycelium([command, '--data', data, '--log', 'error', ...args])

async function assertReadable(store: RunningStore): Promise<void> {
  const client = clientOf(store)
  for (const { Key, size, asked } of objects) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...asked }))
    deepEqual(Buffer.from((await Body?.transformToByteArray()) ?? []), bytesOf(Key, size), Key)
  }
  client.destroy()
}

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'mycelium-locked-'))
  const store = await startStore({ data, flags: ['--nodes', '4', '--profile', '2+1'] })
  const client = clientOf(store)
  match(await admin('kms', 'add', 'spores', '--description', 'of the forest'), /^id +spores$/m)
  await client.send(new CreateBucketCommand({ Bucket }))
  for (const { Key, size, sse } of objects)
    await client.send(new PutObjectCommand({ Bucket, Key, Body: bytesOf(Key, size), ...sse }))
  equal(await admin('kms', 'rotate', 'spores'), 'spores has version 2 now.\n')
  equal(await admin('kms', 'disable', 'spores'), 'spores is disabled now.\n')
  const refused = await client
    .send(new GetObjectCommand({ Bucket, Key: 'named/small' }))
    .catch((error: Error) => error.name)
  equal(refused, 'KMS.DisabledException')
  equal(await admin('kms', 'enable', 'spores'), 'spores is enabled now.\n')
  equal(await admin('kms', 'default', 'spores'), 'spores is the default now.\n')
  match(await admin('kms', 'list'), /^spores +enabled +yes +2 +\d{4}-\d\d-\d\d +of the forest$/m)
  match(await admin('kms', 'show', 'spores'), /^version +2$/m)
  const unknown = await runMycelium(['admin', 'kms', 'show', 'none', '--data', data])
  equal(unknown.code, exitCodes.absent)
  match(unknown.stderr, /no named key "none"/)
  await assertReadable(store)
  client.destroy()
  equal(await store.stop(), 0)
  printed = store.output()
})
after(() => rm(data, { recursive: true, force: true }))

test('the key of a writer lies nowhere, in no form', async () => {
  const entries = await readdir(data, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  ok(files.length > 10)
  const md5 = Buffer.from(customer.SSECustomerKeyMD5, 'base64')
  const forms = [
    key,
    key.toString('hex'),
    customer.SSECustomerKey,
    key.toString('base64url'),
    md5,
    md5.toString('hex'),
    customer.SSECustomerKeyMD5,
    md5.toString('base64url'),
  ]
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name))
    for (const form of forms) equal(bytes.includes(form), false, name)
  }
  for (const form of forms) equal(printed.includes(form.toString('latin1')), false)
})

test('verify looks into what it can, and says what it cannot', async () => {
  const { code, stdout } = await run('verify', '--deep')
  equal(code, exitCodes.success, stdout)
  match(stdout, /4 of .*, all read, 0 in trouble\n +2 rest under keys of their writers/)
})

test('inspect says whose key it is', async () => {
  match((await run('inspect', '--object', 'vault/own/large')).stdout, /^encryption +its writer's/m)
  const ofNamed = await run('inspect', '--object', 'vault/named/small')
  match(ofNamed.stdout, /^encryption +aws:kms, key spores, version 1$/m)
})

test('export writes what it can, and says what it cannot', async () => {
  const { code, stdout } = await run('export', '--to', join(data, 'out'))
  equal(code, exitCodes.damaged)
  match(stdout, /^2 objects of /)
  match(stdout, /vault\/own\/small: its key is its writer's own, or disabled/)
  const written = await readFile(join(data, 'out/objects/vault/named/large'))
  deepEqual(written, bytesOf('named/large', 900_000))
  deepEqual(await readdir(join(data, 'out/objects/vault')), ['named'])
})

test('a new generation and a lost database leave everything readable with its keys', async () => {
  const rotated = await runMycelium(['keys', 'rotate', '--data', data, '--generation'])
  equal(rotated.code, exitCodes.success, rotated.stderr)
  const rewrapped = await runMycelium(['keys', 'rewrap', '--data', data])
  equal(rewrapped.code, exitCodes.success, rewrapped.stderr)
  for (const end of ['', '-wal', '-shm'])
    await rm(join(data, `metadata.sqlite${end}`), { force: true })
  const rebuilt = await run('rebuild')
  equal(rebuilt.code, exitCodes.success, rebuilt.stderr)
  await using store = await startStore({ data })
  await assertReadable(store)
  match(await admin('kms', 'list'), /^spores +enabled +yes +2 /m)
})
