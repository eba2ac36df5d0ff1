/** Whatever is done to a store, no secret that was used is in anything it prints or leaves lying about in clear, at the most talkative level. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketLoggingCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { clientOf } from '../sdk.ts'
import { askIam } from './s3/iam-client.ts'
import { presign, sha256, sign } from './s3/signer.ts'

/** What was used so far, by what it is for. */
class Secrets {
  readonly #texts = new Map<string, string>()

  add(name: string, secret: string): string {
    this.#texts.set(name, secret)
    return secret
  }

  /** Raw bytes are looked for as they may be printed. */
  addBytes(name: string, secret: Buffer): Buffer {
    for (const encoding of ['hex', 'base64', 'base64url', 'latin1'] as const)
      this.add(`${name} in ${encoding}`, secret.toString(encoding))
    return secret
  }

  /** The names of those that are in there. */
  foundIn(bytes: Buffer): readonly string[] {
    return [...this.#texts].flatMap(([name, text]) => {
      const hex = Buffer.from(text).toString('hex')
      const isThere = [text, hex, encodeURIComponent(text)].some((one) => bytes.includes(one))
      return isThere ? [name] : []
    })
  }
}

const Bucket = 'talkative'

test('no secret is in the log, the metrics, the audit log, or any file but those that keep it', async () => {
  const secrets = new Secrets()
  const flags = ['--nodes', '4', '--profile', '2+1', '--gateways', '1', '--log', 'trace']
  const logged = ['--audit', 'all', '--access-log-every', '1s']
  await using store = await startStore({ flags: [...flags, ...logged] })
  secrets.add('secret of root', store.secretAccessKey)
  const masterKey = (await readFile(join(store.data, 'keys/master.key'), 'utf8')).trim()
  secrets.addBytes('master key', Buffer.from(masterKey, 'hex'))

  await useSdk(store, secrets)
  await useUrlsAndForms(store, secrets)
  await useAccounts(store, secrets)
  await sendNonsense(store, secrets)
  const metrics = await fetch(`${store.httpUrl}/metrics`)
  const seen = [Buffer.from(await metrics.arrayBuffer())]
  for (const args of [
    ['audit', 'show'],
    ['user', 'list'],
    ['target', 'list'],
  ]) {
    const { code, stdout, stderr } = await runMycelium(['admin', ...args, '--data', store.data])
    equal(code, 0, stderr)
    seen.push(Buffer.from(stdout + stderr))
  }
  equal(await store.stop(), 0)

  const log = store.output()
  ok(log.includes('PutObject'), 'the log tells what was done')
  for (const bytes of [Buffer.from(log), ...seen]) deepEqual(secrets.foundIn(bytes), [])
  const files = (await readdir(store.data, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const keepers = [join(store.data, 'aws-credentials'), join(store.data, 'keys/master.key')]
  for (const path of files.filter((file) => !keepers.includes(file))) {
    deepEqual(secrets.foundIn(await readFile(path)), [], path)
  }
  const kept = secrets.foundIn(
    Buffer.concat(await Promise.all(keepers.map((one) => readFile(one)))),
  )
  deepEqual(kept, ['secret of root', 'master key in hex'], 'the search finds what there is')
})

async function useSdk(store: RunningStore, secrets: Secrets): Promise<void> {
  const client = clientOf(store)
  await client.send(new CreateBucketCommand({ Bucket }))
  await client.send(new CreateBucketCommand({ Bucket: `${Bucket}-log` }))
  const LoggingEnabled = { TargetBucket: `${Bucket}-log`, TargetPrefix: '' }
  const BucketLoggingStatus = { LoggingEnabled }
  const Statement = {
    Effect: 'Allow',
    Principal: { Service: 'logging.s3.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${Bucket}-log/*`,
  }
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [Statement] })
  await client.send(new PutBucketPolicyCommand({ Bucket: `${Bucket}-log`, Policy }))
  await client.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus }))

  const key = secrets.addBytes('key of a customer', randomBytes(32))
  const withKey = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toString('base64') }
  const sealed = { Bucket, Key: 'sealed' }
  await client.send(new PutObjectCommand({ ...sealed, Body: 'sealed', ...withKey }))
  await (
    await client.send(new GetObjectCommand({ ...sealed, ...withKey }))
  ).Body?.transformToString()
  const wrong = secrets.addBytes('wrong key of a customer', randomBytes(32)).toString('base64')
  await rejects(client.send(new GetObjectCommand({ ...sealed, ...withKey, SSECustomerKey: wrong })))
  const copy = {
    CopySourceSSECustomerAlgorithm: 'AES256',
    CopySourceSSECustomerKey: key.toString('base64'),
  }
  const CopySource = `${Bucket}/sealed`
  await client.send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource, ...copy }))
  const named = await runMycelium(['admin', 'kms', 'add', 'named', '--data', store.data])
  equal(named.code, 0, named.stderr)
  const kms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'named' } as const
  await client.send(new PutObjectCommand({ Bucket, Key: 'named', Body: 'x', ...kms }))
  client.destroy()
}

async function useUrlsAndForms(store: RunningStore, secrets: Secrets): Promise<void> {
  const { s3Url, accessKeyId, secretAccessKey: secret } = store
  const { host } = new URL(s3Url)
  for (const method of ['PUT', 'GET']) {
    const target = presign({
      method,
      target: `/${Bucket}/presigned`,
      headers: { host },
      expiresSeconds: 60,
      accessKeyId,
      secret,
    })
    secrets.add(`signature of a URL to ${method}`, /X-Amz-Signature=(\w+)/.exec(target)?.[1] ?? '')
    const body = method === 'PUT' ? { body: 'by URL' } : {}
    equal((await fetch(s3Url + target, { method, ...body })).status, 200)
  }
  const contentHash = sha256('')
  const signed = sign({
    method: 'GET',
    target: `/${Bucket}`,
    headers: { host },
    contentHash,
    accessKeyId,
    secret,
  })
  secrets.add('signature of a request', signed.signature)
  const { host: _host, ...headers } = signed.headers
  equal((await fetch(`${s3Url}/${Bucket}`, { headers })).status, 200)

  const policy = Buffer.from(
    JSON.stringify({
      expiration: new Date(Date.now() + 60_000).toISOString(),
      conditions: [{ bucket: Bucket }, ['starts-with', '$key', '']],
    }),
  ).toString('base64')
  const signature = createHmac('sha1', secret).update(policy).digest('base64')
  const form = new FormData()
  const fields = { key: 'by form', AWSAccessKeyId: accessKeyId, policy }
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('signature', secrets.add('signature of a form', signature))
  form.append('file', new Blob(['by form']), 'a.txt')
  equal((await fetch(`${s3Url}/${Bucket}`, { method: 'POST', body: form })).status, 204)
}

async function useAccounts(store: RunningStore, secrets: Secrets): Promise<void> {
  const admin = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const ended = await runMycelium(['admin', ...args, '--json', '--data', store.data], { env })
    equal(ended.code, 0, ended.stderr)
    return JSON.parse(ended.stdout)
  }
  await admin(['user', 'add', 'alice'])
  const { accessKeyId, secretAccessKey } = await admin(['key', 'add', 'alice'])
  secrets.add('secret that was made', secretAccessKey)
  const chosen = secrets.add('secret that was chosen', 'chosenByAlice+/0123456789abcdefghijklmnop')
  await admin(['key', 'add', 'alice', '--access-key', 'ALICESOWNKEY'], {
    MYCELIUM_NEW_SECRET_KEY: chosen,
  })
  const own = clientOf({ ...store, accessKeyId: 'ALICESOWNKEY', secretAccessKey: chosen })
  await own.send(new ListBucketsCommand({}))
  own.destroy()
  const port = Number(new URL(store.s3Url).port)
  const key = { accessKeyId, secret: secretAccessKey }
  const session = await askIam(port, key, { action: 'GetSessionToken', service: 'sts' })
  const sessionToken = secrets.add('token of a session', session.value('SessionToken') ?? '')
  const visitor = clientOf({
    s3Url: store.s3Url,
    accessKeyId: session.value('AccessKeyId') ?? '',
    secretAccessKey: secrets.add('secret of a session', session.value('SecretAccessKey') ?? ''),
    sessionToken,
  })
  await visitor.send(new ListBucketsCommand({}))
  visitor.destroy()
  const hook = secrets.add('secret of a webhook', `whsec_${randomBytes(32).toString('base64')}`)
  await admin(['target', 'add', 'hook', '--webhook', 'https://hooks.example.org/'], {
    MYCELIUM_TARGET_SECRET: hook,
  })
}

/** Secrets where they do not belong, as people paste them. */
async function sendNonsense(store: RunningStore, secrets: Secrets): Promise<void> {
  const { s3Url, httpUrl, accessKeyId, secretAccessKey } = store
  const pasted = secrets.add('password that is no key', 'hunter2-and-then-some-more')
  const basic = Buffer.from(`${accessKeyId}:${pasted}`).toString('base64')
  const refused = async (url: string, init: RequestInit): Promise<void> => {
    const { status } = await fetch(url, init)
    ok(status >= 400 && status < 500, `${url}: ${status}`)
  }
  for (const authorization of [
    `Basic ${secrets.add('basic authorization', basic)}`,
    `AWS ${accessKeyId}:${pasted}`,
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=${pasted}`,
    `Bearer ${pasted}`,
  ]) {
    await refused(`${s3Url}/${Bucket}/x`, { headers: { authorization } })
    await refused(`${httpUrl}/admin/v1/users`, { headers: { authorization } })
  }
  const md5 = createHash('md5').update(pasted).digest('base64')
  await refused(`${s3Url}/${Bucket}/x`, {
    headers: {
      'x-amz-server-side-encryption-customer-algorithm': 'AES256',
      'x-amz-server-side-encryption-customer-key': pasted,
      'x-amz-server-side-encryption-customer-key-md5': md5,
    },
  })
  await refused(`${s3Url}/${Bucket}?X-Amz-Signature=${pasted}&X-Amz-Security-Token=${pasted}`, {})
  const wrong = clientOf({ ...store, secretAccessKey: `${secretAccessKey}x` })
  await rejects(wrong.send(new ListBucketsCommand({})))
  wrong.destroy()
}
