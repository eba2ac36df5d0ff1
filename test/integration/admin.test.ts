/** `mycelium admin` against a store that is up, and the API behind it: who may, what is said, and what outlives the database. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, before, test } from 'node:test'
import {
  CreateBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { signRequest } from '#identity/sign'
import { SigningKeys } from '#identity/signing-keys'
import { exitCodes } from '#main/exit-codes'
import { type RunningStore, runMycelium, startStore } from '../harness.ts'
import { bucketOf } from '../s3-bucket.ts'
import { clientOf } from '../sdk.ts'
import { until } from '../until.ts'

let store: RunningStore
const clients: S3Client[] = []

before(async () => {
  store = await startStore({ flags: ['--nodes', '4', '--profile', '2+1'] })
})
after(async () => {
  for (const client of clients) client.destroy()
  await store[Symbol.asyncDispose]()
})

const admin = (...args: readonly string[]) => runMycelium(['admin', ...args, '--data', store.data])

async function answer(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await admin(...args, '--json')
  equal(code, exitCodes.success, stderr)
  return JSON.parse(stdout)
}

interface Key {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

async function newKey(user: string, ...flags: readonly string[]): Promise<Key> {
  return (await answer('key', 'add', user, ...flags)) as unknown as Key // as the test below shows
}

function clientWith(key: Key, { s3Url } = store): S3Client {
  const client = clientOf({ s3Url, ...key })
  clients.push(client)
  return client
}

test('a user is added, gets a key, uses it, and loses it', async () => {
  const added = await admin('user', 'add', 'alice', '--email', 'alice@example.org')
  equal(added.code, exitCodes.success, added.stderr)
  match(added.stdout, /^Added alice\. An access key comes next:\n {2}.*admin key add alice\n$/)
  const key = await newKey('alice')
  const alice = clientWith(key)
  await alice.send(new CreateBucketCommand({ Bucket: 'of-alice' }))
  match((await admin('bucket', 'list')).stdout, /^BUCKET .*\nof-alice +2\+1 /)
  equal((await admin('key', 'disable', key.accessKeyId)).code, exitCodes.success)
  const refused = await alice.send(new ListBucketsCommand({})).catch((error: Error) => error.name)
  equal(refused, 'InvalidAccessKeyId')
  await admin('key', 'enable', key.accessKeyId)
  equal((await alice.send(new ListBucketsCommand({}))).Buckets?.length, 1)
  equal((await admin('key', 'remove', key.accessKeyId)).stdout, `Removed ${key.accessKeyId}.\n`)
  deepEqual(await answer('key', 'list', 'alice'), { keys: [] })
})

test('quotas are set, shown and kept to, of users and of buckets', async () => {
  await admin('user', 'add', 'quentin')
  const client = clientWith(await newKey('quentin'))
  await client.send(new CreateBucketCommand({ Bucket: 'of-quentin' }))
  const put = (Key: string, bytes: number) =>
    client.send(new PutObjectCommand({ Bucket: 'of-quentin', Key, Body: Buffer.alloc(bytes) }))
  const set = await admin('quota', 'set', 'quentin', '--bytes', '4KiB')
  equal(set.stdout, 'size     0 bytes of 4 KiB\nobjects  0 of no limit\n', set.stderr)
  await put('a', 4096)
  await rejects(put('b', 1), { name: 'QuotaExceeded' })
  deepEqual(await answer('quota', 'show', 'quentin'), {
    usage: { bytes: 4096, objects: 1 },
    quota: { bytes: 4096 },
  })
  match((await admin('user', 'show', 'quentin')).stdout, /^usage +bytes 4096, objects 1$/m)
  match((await admin('bucket', 'list')).stdout, /^of-quentin +2\+1 +1 +4 KiB /m)
  await admin('quota', 'set', 'quentin')
  await put('b', 1)
  const one = await answer('quota', 'set', 'of-quentin', '--bucket', '--objects', '2')
  deepEqual(one, { usage: { bytes: 4097, objects: 2 }, quota: { objects: 2 } })
  await rejects(put('c', 1), { name: 'QuotaExceeded' })
})

test('groups, roles and policies say what users may do', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mycelium-policies-'))
  const file = join(directory, 'policy.json')
  const trustFile = join(directory, 'trust.json')
  const statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::shared' }
  const trust = { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }
  await writeFile(file, JSON.stringify({ Version: '2012-10-17', Statement: [statement] }))
  await writeFile(trustFile, JSON.stringify({ Version: '2012-10-17', Statement: [trust] }))
  await admin('user', 'add', 'gwen')
  const gwen = clientWith(await newKey('gwen'))
  await clientWith(store).send(new CreateBucketCommand({ Bucket: 'shared' }))
  const list = () => gwen.send(new ListObjectsV2Command({ Bucket: 'shared' }))
  await rejects(list(), { name: 'AccessDenied' })
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await admin(...args)
    equal(code, exitCodes.success, stderr)
    return stdout
  }
  await done('policy', 'put', 'look', file, '--description', 'to look')
  await done('group', 'add', 'lookers')
  await done('policy', 'attach', 'look', 'group', 'lookers')
  equal(await done('group', 'join', 'lookers', 'gwen'), 'gwen is in lookers now.\n')
  await list()
  deepEqual((await answer('group', 'show', 'lookers'))['members'], ['gwen'])
  match(await done('policy', 'of', 'group', 'lookers'), /^attached +arn:aws:iam:::policy\/look$/m)
  match(await done('policy', 'list'), /^AmazonS3FullAccess +always +arn:aws:iam::aws:policy/m)
  await done('group', 'leave', 'lookers', 'gwen')
  await rejects(list(), { name: 'AccessDenied' })
  await done('policy', 'attach', 'AmazonS3ReadOnlyAccess', 'user', 'gwen')
  await list()
  await done('policy', 'detach', 'AmazonS3ReadOnlyAccess', 'user', 'gwen')
  equal((await admin('policy', 'remove', 'look')).code, exitCodes.refused)
  await done('policy', 'detach', 'look', 'group', 'lookers')
  await done('policy', 'remove', 'look')
  await done('group', 'remove', 'lookers')
  const role = await answer('role', 'put', 'worker', trustFile, '--session-max', '7200')
  deepEqual([role['arn'], role['sessionSecondsMax']], ['arn:aws:iam:::role/worker', 7200])
  await done('role', 'remove', 'worker')
  equal((await admin('policy', 'put', 'look', join(directory, 'none'))).code, exitCodes.settings)
  await rm(directory, { recursive: true })
})

test('people sign in with a password, keys rotate and expire', async () => {
  await admin('user', 'add', 'paula')
  const set = await runMycelium(['admin', 'user', 'password', 'paula', '--data', store.data], {
    env: { MYCELIUM_NEW_PASSWORD: 'correct horse battery' },
  })
  equal(set.stdout, 'paula has a new password.\n', set.stderr)
  const { accessKeyId, secretAccessKey } = store
  const root = { accessKeyId, secretAccessKey }
  const login = (password: string) =>
    ask(root, '/logins', { method: 'POST', body: JSON.stringify({ user: 'paula', password }) })
  equal((await login('correct horse battery')).status, 200)
  deepEqual(await login('wrong horse battery'), { status: 403, title: 'identity/login-refused' })
  const totp = await answer('user', 'totp', 'paula')
  match(String(totp['uri']), /^otpauth:/)
  deepEqual(await answer('user', 'login', 'paula'), {
    hasPassword: true,
    totp: 'pending',
    recoveryCodes: 10,
  })
  const key = await newKey('paula')
  const next = (await answer('key', 'rotate', key.accessKeyId, '--grace', '0')) as unknown as Key
  await rejects(clientWith(key).send(new ListBucketsCommand({})), { name: 'InvalidAccessKeyId' })
  await clientWith(next).send(new ListBucketsCommand({}))
  const past = '2020-01-01T00:00:00Z'
  match((await admin('key', 'expire', next.accessKeyId, past)).stdout, /ends 2020-01-01/)
  await rejects(clientWith(next).send(new ListBucketsCommand({})), { name: 'InvalidAccessKeyId' })
  match((await admin('key', 'expire', next.accessKeyId, 'never')).stdout, /ends never/)
  await clientWith(next).send(new ListBucketsCommand({}))
})

test('lists are tables for people, and JSON for programs', async () => {
  await admin('user', 'add', 'bob', '--display-name', 'Bob the builder', '--id', 'b0b')
  const { stdout } = await admin('user', 'list')
  match(stdout, /^NAME +DISPLAY NAME +E-MAIL +SINCE +ID\n/)
  match(stdout, /^bob +Bob the builder +- +\d{4}-\d\d-\d\d +b0b$/m)
  const { users } = (await answer('user', 'list')) as { users: { handle: string }[] }
  ok(users.some(({ handle }) => handle === 'root'))
  const shown = await answer('user', 'set', 'bob', '--name', 'robert', '--email', 'b@example.org')
  deepEqual([shown['handle'], shown['email']], ['robert', 'b@example.org'])
  equal((await answer('user', 'set', 'b0b', '--email', 'none'))['email'], undefined)
})

test('nodes are listed with what they hold, and with what losses the store survives', async () => {
  await using own = await startStore({ flags: ['--nodes', '4', '--profile', '2+1'] })
  using bucket = bucketOf(own, 'spread')
  await bucket.create()
  await bucket.put('large', Buffer.alloc(3 * 2 ** 20, 'mycelium '))
  const list = async (...flags: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runMycelium([
      ...['admin', 'node', 'list', ...flags],
      ...['--data', own.data],
    ])
    equal(code, exitCodes.success, stderr)
    return stdout
  }
  const whole = await list()
  match(whole, /^NODE +STATE +SHARDS +USED +FREE +DISK\n/)
  equal(whole.match(/^node-0\d +up +[01] .* \d[\d.]* [GT]iB +\d[\d.]* [GT]iB$/gm)?.length, 4, whole)
  match(
    whole,
    /\nWhat is written now survives the loss of any 1 node\.\nNothing waits for repair\.\n$/,
  )
  const { nodes } = JSON.parse(await list('--json')) as {
    nodes: { shards: number; usedBytes: number }[]
  }
  equal(
    nodes.reduce((sum, { shards }) => sum + shards, 0),
    3,
    'of one chunk',
  )
  ok(nodes.reduce((sum, { usedBytes }) => sum + usedBytes, 0) > 4.5 * 2 ** 20)

  await rm(join(own.data, 'nodes/node-01'), { recursive: true })
  await rm(join(own.data, 'nodes/node-02'), { recursive: true })
  const half = await until(list, (text) => text.includes(' down '))
  match(half, /^node-02 +down +/m)
  match(half, /\n2 of 4 nodes down: node-01, node-02\.\n/)
  match(half, /\nNothing can be written now\.\n/)
})

const refusals: readonly (readonly [string, readonly string[], number, RegExp])[] = [
  ['a name that is taken', ['user', 'add', 'root'], exitCodes.refused, /a user "root" already/],
  ['a name that is none', ['user', 'add', 'Al'], exitCodes.refused, /no name for a user/],
  ['somebody unknown', ['user', 'show', 'nobody'], exitCodes.absent, /no user "nobody"/],
  [
    'the quota of no bucket',
    ['quota', 'show', 'none', '--bucket'],
    exitCodes.absent,
    /bucket "none"/,
  ],
  ['a quota of root', ['quota', 'set', 'root', '--bytes', '1'], exitCodes.refused, /Root may use/],
  ['an unknown key', ['key', 'remove', 'AKIANONE'], exitCodes.absent, /no access key "AKIANONE"/],
  ['the end of root', ['user', 'remove', 'root'], exitCodes.key, /cannot be removed/],
  [
    'a time that is none',
    ['key', 'add', 'root', '--expires', 'soon'],
    exitCodes.settings,
    /--expires "soon"/,
  ],
  [
    'nobody there',
    ['user', 'list', '--endpoint', 'http://127.0.0.1:9'],
    exitCodes.unreachable,
    /No store answers/,
  ],
]
for (const [what, args, code, sentence] of refusals)
  test(`refused with a sentence: ${what}`, async () => {
    const ended = await admin(...args)
    equal(ended.code, code)
    match(ended.stderr, sentence)
    equal(ended.stdout, '')
  })

/** A request to the API by hand. */
async function ask(
  key: Key | undefined,
  path: string,
  {
    method = 'GET',
    body = '',
    signed = body,
  }: { method?: string; body?: string; signed?: string } = {},
) {
  const url = new URL(`/admin/v1${path}`, store.httpUrl)
  const headers =
    key === undefined
      ? {}
      : signRequest(
          { method, target: url.pathname, host: url.host, body: Buffer.from(signed) },
          {
            accessKeyId: key.accessKeyId,
            secret: key.secretAccessKey,
            signingKeys: new SigningKeys(),
            now: Date.now(),
          },
        )
  const response = await fetch(url, { method, headers, ...(body === '' ? {} : { body }) })
  return { status: response.status, title: ((await response.json()) as { title?: string }).title }
}

test('nobody but root may ask, and nothing that is not signed is believed', async () => {
  const { accessKeyId, secretAccessKey } = store
  const root = { accessKeyId, secretAccessKey }
  await admin('user', 'add', 'carol')
  const carol = await newKey('carol')
  deepEqual(await ask(undefined, '/users'), { status: 401, title: 'admin/anonymous' })
  deepEqual(await ask(carol, '/users'), { status: 403, title: 'admin/not-allowed' })
  deepEqual(await ask(carol, '/nothing'), { status: 403, title: 'admin/not-allowed' })
  const forged = { ...root, secretAccessKey: 'another' }
  deepEqual(await ask(forged, '/users'), { status: 403, title: 'identity/wrong-signature' })
  const body = JSON.stringify({ handle: 'mallory' })
  const swapped = { method: 'POST', body, signed: JSON.stringify({ handle: 'alice' }) }
  deepEqual(await ask(root, '/users', swapped), { status: 403, title: 'admin/body-not-signed' })
  equal((await ask(root, '/users')).status, 200)
})

test('what is asked wrongly is told so', async () => {
  const { accessKeyId, secretAccessKey } = store
  const root = { accessKeyId, secretAccessKey }
  const post = (body: string) => ask(root, '/users', { method: 'POST', body })
  deepEqual(await post('{'), { status: 400, title: 'admin/malformed-body' })
  deepEqual(await post('{"handle":1}'), { status: 400, title: 'admin/malformed-body' })
  deepEqual(await post('{"handle":"dave","role":"root"}'), {
    status: 400,
    title: 'admin/malformed-body',
  })
  deepEqual(await post(' '.repeat(70_000)), { status: 413, title: 'admin/body-too-large' })
  deepEqual(await ask(root, '/nothing'), { status: 404, title: 'admin/no-such-page' })
  deepEqual(await ask(root, '/users', { method: 'PATCH' }), {
    status: 405,
    title: 'admin/wrong-method',
  })
})

test('the API describes itself', async () => {
  const response = await fetch(new URL('/admin/v1/openapi.json', store.httpUrl))
  const { openapi, paths } = (await response.json()) as {
    openapi: string
    paths: Record<string, Record<string, { summary: string }>>
  }
  match(openapi, /^3\.1\./)
  deepEqual(Object.keys(paths['/admin/v1/users/{user}'] ?? {}).sort(), ['delete', 'get', 'patch'])
  equal(JSON.stringify(paths).includes('$ref'), false, 'all of it is in one piece')
})

test('whatever the API describes is answered, to root alone', async () => {
  const response = await fetch(new URL('/admin/v1/openapi.json', store.httpUrl))
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> }
  const { accessKeyId, secretAccessKey } = store
  const root = { accessKeyId, secretAccessKey }
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [path, method.toUpperCase()] as const),
  )
  ok(described.length > 30)
  for (const [path, method] of described) {
    const asked = path
      .replace('/admin/v1', '')
      .replace('{count}', '1')
      .replace(/\{\w+\}/g, 'none')
    const { status, title = '' } = await ask(root, asked, {
      method,
      body: method === 'GET' ? '' : '[]',
    })
    ok(![401, 405, 500, 501].includes(status), `${method} ${path}: ${status} ${title}`)
    equal(['admin/no-such-page', 'admin/not-allowed'].includes(title), false, `${method} ${path}`)
    deepEqual(await ask(undefined, asked, { method }), { status: 401, title: 'admin/anonymous' })
  }
})

/** Paths below `root` of files that hold the text. */
async function filesWith(root: string, text: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const found = await Promise.all(
    paths.map(async (path) =>
      (await readFile(path)).includes(text) ? [relative(root, path)] : [],
    ),
  )
  return found.flat()
}

test('users and keys outlive the database, and no secret lies about in clear', async () => {
  const own = await startStore({ flags: ['--nodes', '4', '--profile', '2+1'] })
  const { data } = own
  try {
    const made = await runMycelium(['admin', 'user', 'add', 'erin', '--data', data])
    equal(made.code, exitCodes.success, made.stderr)
    const added = await runMycelium(['admin', 'key', 'add', 'erin', '--json', '--data', data])
    const key: Key = JSON.parse(added.stdout)
    const erin = clientWith(key, own)
    await erin.send(new CreateBucketCommand({ Bucket: 'of-erin' }))
    await own.stop()
    equal(own.output().includes(key.secretAccessKey), false)
    deepEqual(await filesWith(data, key.secretAccessKey), [])
    deepEqual(await filesWith(data, own.secretAccessKey), ['aws-credentials'])
    for (const end of ['', '-wal', '-shm'])
      await rm(join(data, `metadata.sqlite${end}`), { force: true })
    const rebuilt = await runMycelium(['rebuild', '--data', data])
    equal(rebuilt.code, exitCodes.success, rebuilt.stderr)
    await using again = await startStore({ data })
    const later = clientWith(key, again)
    deepEqual(
      (await later.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name),
      ['of-erin'],
    )
  } finally {
    await own[Symbol.asyncDispose]()
  }
})
