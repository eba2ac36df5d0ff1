/** `mycelium import` between two stores: nothing is lost on the way, whatever it was, and a run that was killed is gone on with. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketCorsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  GetObjectTaggingCommand,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { exitCodes } from '#main/exit-codes'
import { openEndpoint } from '#s3/endpoint'
import { listVersions } from '#s3/versions'
import { systemWorld } from '#world/system'
import { checkout, cleanEnvironment, type Ended, runMycelium, startStore } from '../harness.ts'
import { clientOf } from '../sdk.ts'
import { until } from '../until.ts'
import { accessKeyId, type S3Server, secret, startS3Server } from './s3/s3-server.ts'

const { signal } = new AbortController()
const credentials = { accessKeyId, secretAccessKey: secret }
const [node, ...program] = checkout

let source: S3Server
let directory: string
const clients = new Map<S3Server, S3Client>()

function clientAt(server: S3Server): S3Client {
  const client = clients.get(server) ?? clientOf(server)
  clients.set(server, client)
  return client
}

before(async () => {
  source = await startS3Server()
  directory = await mkdtemp(join(tmpdir(), 'mycelium-import-'))
})
after(async () => {
  for (const client of clients.values()) client.destroy()
  await source[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const fromSource = (): Record<string, string> => ({
  MYCELIUM_IMPORT_ACCESS_KEY_ID: accessKeyId,
  MYCELIUM_IMPORT_SECRET_ACCESS_KEY: secret,
})
const toTarget = {
  MYCELIUM_IMPORT_TO_ACCESS_KEY_ID: accessKeyId,
  MYCELIUM_IMPORT_TO_SECRET_ACCESS_KEY: secret,
}

interface Run {
  readonly target: S3Server
  readonly state: string
}

const argsOf = ({ target, state }: Run, flags: readonly string[]): readonly string[] => [
  ...['import', '--from', source.s3Url, '--to', target.s3Url],
  ...['--state', join(directory, state), '--json', ...flags],
]

async function runImport(run: Run, ...flags: readonly string[]): Promise<Ended> {
  return await runMycelium(argsOf(run, flags), { env: { ...fromSource(), ...toTarget } })
}

function startImport(run: Run, ...flags: readonly string[]): ChildProcess {
  const env = { ...cleanEnvironment(), ...fromSource(), ...toTarget }
  return spawn(node, [...program, ...argsOf(run, flags)], { env, stdio: 'ignore' })
}

interface Copied {
  readonly source: string
  readonly versions: number
  readonly markers: number
  readonly kept: number
  readonly held: readonly { readonly key: string; readonly reason: string }[]
  readonly leftOut: readonly { readonly key: string; readonly reason: string }[]
  readonly settings: Readonly<Record<string, string>>
}

/** The report of one bucket. */
function reportOf({ stdout, stderr }: Ended, bucket: string): Copied {
  const { copied } = JSON.parse(stdout || `{"copied":[],"error":${JSON.stringify(stderr)}}`) as {
    copied: readonly Copied[]
  }
  const found = copied.find((one) => one.source === bucket)
  ok(found, stderr)
  return found
}

/** Everything about the versions of a bucket that is not the server's own choice. */
async function contentOf(server: S3Server, Bucket: string): Promise<readonly object[]> {
  const client = clientAt(server)
  using endpoint = openEndpoint({
    url: server.s3Url,
    region: 'us-east-1',
    credentials,
    world: systemWorld(),
  })
  const seen: object[] = []
  for await (const { key, version, content } of listVersions(endpoint, Bucket, { signal })) {
    if (content === undefined) {
      seen.push({ key, isMarker: true })
      continue
    }
    const name = { Bucket, Key: key, VersionId: version }
    const { Body, ...head } = await client.send(
      new GetObjectCommand({ ...name, ChecksumMode: 'ENABLED' }),
    )
    const { TagSet } = await client.send(new GetObjectTaggingCommand(name))
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array()
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const { $metadata, LastModified, VersionId, ...kept } = head
    seen.push({ key, kept, TagSet, sha256 })
  }
  return seen
}

const Text =
  (client: S3Client, Bucket: string) =>
  (Key: string, Body: string | Buffer, more: object = {}) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))

async function enableVersions(
  client: S3Client,
  Bucket: string,
  Status: 'Enabled' | 'Suspended' = 'Enabled',
) {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
}

test('versions, markers, metadata, headers, tags and settings arrive, and nothing is copied twice', async () => {
  await using target = await startS3Server()
  const from = clientAt(source)
  const to = clientAt(target)
  const Bucket = 'archive'
  await from.send(new CreateBucketCommand({ Bucket }))
  const put = Text(from, Bucket)
  await put('a', 'written before there were versions')
  await enableVersions(from, Bucket)
  await put('a', 'two', { Metadata: { colour: 'grün' }, Tagging: 'kind=a%3Db&empty=' })
  await from.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  await put('a', 'two') // the same bytes again are another version
  await put('a', 'four', {
    ChecksumAlgorithm: 'SHA256',
    CacheControl: 'no-store',
    ContentType: 'text/x',
  })
  for (const key of ['ä ö/+%26 ?&=', 'a b', 'a+b', 'a%20b', '/slash//s', '𝄞']) await put(key, key)
  await put('gone', 'x')
  await from.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
  await put('empty', '')
  await put('headers', 'x', {
    ContentDisposition: 'attachment; filename="x y.txt"',
    ContentEncoding: 'gzip',
    ContentLanguage: 'de',
    Expires: new Date('2030-01-02T03:04:05Z'),
  })
  await putParts(from, Bucket, 'parts', [5 * 2 ** 20 + 7, 6 * 2 ** 20, 11])
  await enableVersions(from, Bucket, 'Suspended')
  const CORSRules = [{ AllowedMethods: ['GET'], AllowedOrigins: ['https://example.org'] }]
  await from.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
  const TagSet = [{ Key: 'team', Value: 'ops' }]
  await from.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))

  const looked = await runImport({ target, state: 'one' }, '--buckets', Bucket, '--dry-run')
  equal(looked.code, exitCodes.success, looked.stderr)
  const { found, copied } = JSON.parse(looked.stdout)
  deepEqual(copied, [])
  deepEqual([found[0].keys, found[0].versions, found[0].markers], [11, 14, 2])

  const first = await runImport({ target, state: 'one' }, '--buckets', Bucket)
  equal(first.code, exitCodes.success, first.stderr + first.stdout)
  const { versions, markers, kept, settings } = reportOf(first, Bucket)
  deepEqual({ versions, markers, kept }, { versions: 14, markers: 2, kept: 0 })
  deepEqual(settings, { tags: 'copied', cors: 'copied' })
  deepEqual(await contentOf(target, Bucket), await contentOf(source, Bucket))
  equal((await to.send(new GetBucketVersioningCommand({ Bucket }))).Status, 'Suspended')
  deepEqual((await to.send(new GetBucketTaggingCommand({ Bucket }))).TagSet, TagSet)
  deepEqual((await to.send(new GetBucketCorsCommand({ Bucket }))).CORSRules, CORSRules)

  await enableVersions(from, Bucket)
  await put('a', 'five')
  const again = reportOf(await runImport({ target, state: 'one' }, '--buckets', Bucket), Bucket)
  deepEqual([again.versions, again.markers, again.kept], [1, 0, 16])
  deepEqual(await contentOf(target, Bucket), await contentOf(source, Bucket))
})

async function putParts(client: S3Client, Bucket: string, Key: string, lengths: readonly number[]) {
  const name = { Bucket, Key }
  const begin = new CreateMultipartUploadCommand({
    ...name,
    Tagging: 'kind=parts',
    ContentType: 'x/y',
  })
  const { UploadId } = await client.send(begin)
  const Parts = []
  for (const [index, length] of lengths.entries()) {
    const part = { ...name, UploadId, PartNumber: index + 1, Body: Buffer.alloc(length, index + 1) }
    const { ETag, ChecksumCRC32 } = await client.send(new UploadPartCommand(part))
    Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 })
  }
  const upload = { ...name, UploadId, MultipartUpload: { Parts } }
  await client.send(new CompleteMultipartUploadCommand(upload))
}

test('what is locked there is locked here, until the same moment', async () => {
  await using target = await startS3Server()
  const from = clientAt(source)
  const Bucket = 'locked'
  await from.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
  const put = Text(from, Bucket)
  const until = { ObjectLockRetainUntilDate: new Date('2040-01-01T00:00:00Z') }
  await put('a', 'governed', { ObjectLockMode: 'GOVERNANCE', ...until })
  await put('a', 'complied', { ObjectLockMode: 'COMPLIANCE', ...until })
  await put('b', 'held', { ObjectLockLegalHoldStatus: 'ON' })
  await put('c', 'free')
  const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 3 } } as const
  const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const
  await from.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }))
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${Bucket}/no/*`,
      },
    ],
  })
  await from.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  const ended = await runImport(
    { target, state: 'locked' },
    ...['--buckets', `${Bucket}=vault`, '--settings', 'policy,retention'],
  )
  equal(ended.code, exitCodes.success, ended.stderr)
  deepEqual(await contentOf(target, 'vault'), await contentOf(source, Bucket))
  const lock = await clientAt(target).send(
    new GetObjectLockConfigurationCommand({ Bucket: 'vault' }),
  )
  deepEqual(lock.ObjectLockConfiguration, ObjectLockConfiguration)
  const carried = await clientAt(target).send(new GetBucketPolicyCommand({ Bucket: 'vault' }))
  deepEqual(JSON.parse(carried.Policy ?? ''), JSON.parse(Policy.replaceAll(Bucket, 'vault')))
})

test('killed again and again, it ends with the same versions in the same order', async () => {
  await using target = await startS3Server()
  const from = clientAt(source)
  const Bucket = 'restless'
  await from.send(new CreateBucketCommand({ Bucket }))
  await enableVersions(from, Bucket)
  const put = Text(from, Bucket)
  for (let round = 0; round < 5; round += 1) {
    const keys = Array.from({ length: 12 }, (_, number) => `key-${String(number).padStart(2, '0')}`)
    await Promise.all(keys.map((key) => put(key, `${key} ${round % 2}`))) // equal bytes come again
    if (round === 3) await from.send(new DeleteObjectCommand({ Bucket, Key: 'key-07' }))
  }
  await putParts(from, Bucket, 'large', [5 * 2 ** 20, 5 * 2 ** 20, 5 * 2 ** 20, 5 * 2 ** 20, 1])
  const wanted = await contentOf(source, Bucket)
  const run = { target, state: 'restless' }
  const requests = (): number =>
    target.ended.filter(({ operation }) => operation !== 'ListObjectVersions').length
  for (let kills = 0; kills < 3; kills += 1) {
    const before = requests()
    const child = startImport(run, '--buckets', Bucket, '--parallel', '3')
    const ended = once(child, 'exit')
    await until(
      async () => requests() - before,
      (count) => count > 12 || child.exitCode !== null,
    )
    child.kill('SIGKILL')
    await ended
  }
  const last = await runImport(run, '--buckets', Bucket)
  equal(last.code, exitCodes.success, last.stderr)
  ok(reportOf(last, Bucket).kept > 0)
  deepEqual(await contentOf(target, Bucket), wanted)
})

test('an upload that broke off goes on with the parts that are there', async () => {
  await using target = await startS3Server()
  const from = clientAt(source)
  const Bucket = 'parts-only'
  await from.send(new CreateBucketCommand({ Bucket }))
  await putParts(
    from,
    Bucket,
    'large',
    Array.from({ length: 12 }, () => 5 * 2 ** 20),
  )
  const run = { target, state: 'parts' }
  const sent = (): number =>
    target.ended.filter(({ operation, status }) => operation === 'UploadPart' && status === 200)
      .length
  const child = startImport(run, '--buckets', Bucket)
  const ended = once(child, 'exit')
  await until(
    async () => sent(),
    (count) => count >= 5,
  )
  child.kill('SIGKILL')
  await ended
  await target.settled()
  const before = sent()
  const { code, stderr } = await runImport(run, '--buckets', Bucket)
  equal(code, exitCodes.success, stderr)
  // of those that arrived, at most the four under way were not yet noted
  ok(
    sent() - before <= 12 - (before - 4),
    `${sent() - before} of 12 were sent again after ${before}`,
  )
  ok(sent() - before < 12)
  deepEqual(await contentOf(target, Bucket), await contentOf(source, Bucket))
})

test('into the store of a data directory, by a user of the source who may not read everything', async () => {
  await using target = await startStore({ flags: ['--nodes', '4', '--profile', '2+1'] })
  const from = clientAt(source)
  const Bucket = 'partly'
  await from.send(new CreateBucketCommand({ Bucket }))
  const put = Text(from, Bucket)
  await put('open', 'x')
  await put('closed', 'x')
  const user = await source.accounts.createPrincipal({ handle: 'reader' })
  const key = await source.accounts.createKey(user.handle)
  const Principal = { CanonicalUser: user.id }
  const allow = (Action: readonly string[], Resource: string) => {
    return { Effect: 'Allow', Principal, Action, Resource: `arn:aws:s3:::${Bucket}${Resource}` }
  }
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow(['s3:ListBucket', 's3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration'], ''),
      allow(['s3:GetObject', 's3:GetObjectTagging'], '/open'),
    ],
  })
  await from.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  const ended = await runMycelium(
    [
      ...['import', '--from', source.s3Url, '--data', target.data, '--buckets', Bucket],
      ...['--state', join(directory, 'partly'), '--settings', 'none'],
    ],
    {
      env: {
        MYCELIUM_IMPORT_ACCESS_KEY_ID: key.accessKeyId,
        MYCELIUM_IMPORT_SECRET_ACCESS_KEY: key.secret,
      },
    },
  )
  equal(ended.code, exitCodes.partly, ended.stderr)
  match(ended.stdout, /copied 1 versions of 1 bytes/)
  match(ended.stdout, /left out: closed \(version current\): .* does not let this access key/)
  match(ended.stderr, /1 problems/)
})

test('what cannot work is told in a sentence', async () => {
  await using target = await startS3Server()
  const wrong = await runMycelium(argsOf({ target, state: 'wrong' }, []), {
    env: { ...fromSource(), ...toTarget, MYCELIUM_IMPORT_SECRET_ACCESS_KEY: 'another' },
  })
  equal(wrong.code, exitCodes.key)
  match(wrong.stderr, /does not accept the access key \(SignatureDoesNotMatch\)/)
  const missing = await runImport({ target, state: 'wrong' }, '--buckets', 'nowhere')
  equal(missing.code, exitCodes.absent)
  match(missing.stderr, /There is no bucket "nowhere"/)
  const half = await runMycelium([
    'import',
    '--from',
    'http://127.0.0.1:9',
    '--to',
    'x',
    '--buckets',
    'a,b=a',
  ])
  equal(half.code, exitCodes.settings)
  match(half.stderr, /--to "x"(.|\n)*--buckets "a,b=a"/)
  const other = await startS3Server()
  await using _ = other
  await runImport({ target, state: 'mixed' }, '--buckets', 'archive', '--prefix', 'empty')
  const mixed = await runImport({ target: other, state: 'mixed' }, '--buckets', 'archive')
  equal(mixed.code, exitCodes.settings)
  match(mixed.stderr, /remembers another import/)
})
