/** The S3 port with a certificate: real TLS clients, what policies hear of it, and a renewal while it is up. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { exitCodes } from '#main/exit-codes'
import { type Authority, makeAuthority } from '../certificate.ts'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { bytesOf } from '../s3-bucket.ts'
import { clientOf } from '../sdk.ts'
import { until } from '../until.ts'

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
let folder: string
let authority: Authority

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mycelium-tls-'))
  if (skip === false) authority = makeAuthority(folder)
})
after(() => rm(folder, { recursive: true }))

/** The files that a store is told of; `show` puts another certificate there. */
async function shownFiles(name: string) {
  const [certificate, privateKey] = [join(folder, `${name}.crt`), join(folder, `${name}.crt.key`)]
  const show = async (issued: string): Promise<void> => {
    const pair = authority.issue(issued)
    await copyFile(pair.certificate, certificate)
    await copyFile(pair.privateKey, privateKey)
  }
  await show(name)
  return { show, flags: ['--tls-cert', certificate, '--tls-key', privateKey], privateKey }
}

const small = ['--nodes', '4', '--profile', '2+1']

async function trustingClient(store: RunningStore): Promise<S3Client> {
  const httpsAgent = new Agent({ ca: await readFile(authority.file), keepAlive: true })
  return clientOf(store, { requestHandler: { httpsAgent } })
}

async function greet(
  { s3Url }: RunningStore,
  more: ConnectionOptions = {},
): Promise<{ readonly name: string | undefined; readonly protocol: string | null }> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: Number(new URL(s3Url).port),
    ca: await readFile(authority.file),
    ...more,
  })
  try {
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    return { name: Array.isArray(CN) ? CN[0] : CN, protocol: socket.getProtocol() }
  } finally {
    socket.destroy()
  }
}

for (const gateways of ['0', '2']) {
  test(`objects come and go through TLS with ${gateways} gateways, and policies know`, {
    skip,
  }, async () => {
    const { flags } = await shownFiles(`with-${gateways}`)
    await using store = await startStore({ flags: [...small, '--gateways', gateways, ...flags] })
    match(store.s3Url, /^https:/)
    const client = await trustingClient(store)
    const Bucket = 'sealed-on-the-way'
    await client.send(new CreateBucketCommand({ Bucket }))
    const body = bytesOf('through TLS', 5_000_000)
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: body }))
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'a' }))
    ok(body.equals((await Body?.transformToByteArray()) ?? new Uint8Array()))

    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    }
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
    equal(await statusOf(store, `/${Bucket}/a`), 200)
    const never = { ...statement, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }
    const Other = JSON.stringify({ Version: '2012-10-17', Statement: [never] })
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy: Other }))
    equal(await statusOf(store, `/${Bucket}/a`), 403)
    client.destroy()
  })
}

/** Of a request that nobody signed. */
async function statusOf({ s3Url }: RunningStore, path: string): Promise<number> {
  const asked = request(s3Url + path, { ca: await readFile(authority.file) }).end()
  const [response] = await once(asked, 'response')
  response.resume()
  return response.statusCode
}

test('TLS 1.3 and nothing before it; clear text is not answered', { skip }, async () => {
  const { flags } = await shownFiles('strict')
  await using store = await startStore({ flags: [...small, '--gateways', '0', ...flags] })
  deepEqual(await greet(store), { name: 'strict', protocol: 'TLSv1.3' })
  await rejects(greet(store, { maxVersion: 'TLSv1.2' }))
  await rejects(fetch(store.s3Url.replace('https:', 'http:')))
  equal((await greet(store)).name, 'strict', 'it goes on')
})

test('a renewed certificate is shown without a new start; one that is no pair is not', {
  skip,
}, async () => {
  const { flags, show, privateKey } = await shownFiles('former')
  await using store = await startStore({ flags: [...small, '--gateways', '1', ...flags] })
  equal((await greet(store)).name, 'former')
  await writeFile(privateKey, 'half a ke')
  await until(
    async () => store.output(),
    (output) => output.includes('certificate cannot be used'),
  )
  equal((await greet(store)).name, 'former')
  await show('renewed')
  await until(
    async () => (await greet(store)).name,
    (name) => name === 'renewed',
  )
})

test('a certificate that cannot be used is told at start', { skip }, async () => {
  const { certificate } = authority.issue('one')
  const { privateKey } = authority.issue('other')
  const data = join(folder, 'never')
  const up = (...flags: readonly string[]) =>
    runMycelium(['up', '--data', data, ...small, '--s3-port', '0', '--http-port', '0', ...flags])
  const alone = await up('--tls-cert', certificate)
  equal(alone.code, exitCodes.settings)
  match(alone.stderr, /--tls-cert and --tls-key come together/)
  const mixed = await up('--tls-cert', certificate, '--tls-key', privateKey)
  equal(mixed.code, exitCodes.settings, mixed.stderr)
  match(mixed.stderr, /it is not the key of/)
  const absent = await up('--tls-cert', join(folder, 'none.pem'), '--tls-key', privateKey)
  equal(absent.code, exitCodes.settings, absent.stderr)
  match(absent.stderr, /none\.pem cannot be used: there is no such file/)
})
