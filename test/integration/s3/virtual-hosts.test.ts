/** The bucket in the host's name, as the real program is told to read it: below several domains, and as the name itself. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RunningStore, startStore } from '../../harness.ts'
import { bucketOf } from '../../s3-bucket.ts'
import { RawConnection } from './raw-http.ts'
import { presign, sha256, sign } from './signer.ts'

let store: RunningStore
let port: number
let httpPort: number

before(async () => {
  const domains = ['--s3-domain', 'example.org, s3.example.org,S3.Other.Example']
  const small = ['--nodes', '3', '--profile', '2+1', '--log', 'warn', '--gateways', '1']
  store = await startStore({ flags: [...small, ...domains, '--s3-cname'] })
  port = Number(new URL(store.s3Url).port)
  httpPort = Number(new URL(store.httpUrl).port)
  for (const name of ['photos', 'old.photos', 'www.photos.net', 's3-bucket']) {
    using bucket = bucketOf(store, name)
    await bucket.create()
    await bucket.put('where', name)
  }
})
after(() => store[Symbol.asyncDispose]())

interface Ask {
  readonly method?: string
  readonly body?: string
  readonly to?: number
}

/** Signed for the host as it is written. */
async function ask(
  host: string,
  target: string,
  { method = 'GET', body = '', to = port }: Ask = {},
): Promise<readonly [status: number | undefined, body: string]> {
  const { accessKeyId, secretAccessKey: secret } = store
  const headers = { host, ...(body === '' ? {} : { 'content-length': String(body.length) }) }
  const contentHash = sha256(body)
  const signed = sign({ method, target, headers, contentHash, accessKeyId, secret })
  return await send(`${method} ${target}`, signed.headers, { body, to })
}

async function send(
  line: string,
  headers: Readonly<Record<string, string>>,
  { body = '', to = port }: Ask = {},
): Promise<readonly [status: number | undefined, body: string]> {
  await using connection = await RawConnection.open(to)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  await connection.send(`${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`)
  const answer = await connection.answer()
  return [answer?.status, answer?.body ?? '']
}

const leadTo: Readonly<Record<string, string>> = {
  'photos.localhost': 'photos',
  'photos.example.org': 'photos',
  'photos.example.org:9000': 'photos',
  'photos.example.org:': 'photos',
  'photos.example.org.': 'photos',
  'PHOTOS.Example.ORG:80': 'photos',
  'photos.s3.example.org': 'photos', // and not the bucket photos.s3
  'photos.s3.other.example': 'photos',
  'old.photos.s3.example.org': 'old.photos',
  'www.photos.net.example.org': 'www.photos.net',
  's3-bucket.example.org': 's3-bucket',
  'www.photos.net': 'www.photos.net',
  'WWW.Photos.Net:9000': 'www.photos.net',
}
for (const [host, bucket] of Object.entries(leadTo))
  test(`${host} is the bucket ${bucket}`, async () =>
    deepEqual(await ask(host, '/where'), [200, bucket]))

for (const host of [
  's3.example.org',
  'example.org:9000',
  'localhost',
  'store', // a name of a container, say
  '127.0.0.1:9000',
  '[::1]:9000',
])
  test(`${host} is no bucket: the path begins with it`, async () =>
    deepEqual(await ask(host, '/photos/where'), [200, 'photos']))

test('a host that is no bucket of ours is told so, whoever the path names', async () => {
  for (const host of ['nobody.example.org', 'www.nobody.net']) {
    const [status, body] = await ask(host, '/photos/where')
    equal(status, 404)
    match(body, /<Code>NoSuchBucket<\/Code>/)
  }
  const [status, body] = await ask('no_name.example.org', '/')
  equal(status, 400)
  match(body, /<Code>InvalidBucketName<\/Code>/)
})

test('buckets are made, listed, written and removed by host', async () => {
  const host = 'made.here.s3.example.org'
  deepEqual(await ask(host, '/', { method: 'PUT' }), [200, ''])
  deepEqual(await ask(host, '/photos/where', { method: 'PUT', body: 'by host' }), [200, ''])
  match((await ask(host, '/?list-type=2'))[1], /<Name>made.here<\/Name>.*<Key>photos\/where<\/Key>/)
  deepEqual(await ask('localhost', '/made.here/photos/where'), [200, 'by host'])
  equal((await ask(host, '/photos/where', { method: 'DELETE' }))[0], 204)
  equal((await ask(host, '/', { method: 'DELETE' }))[0], 204)
})

test('a presigned URL is for the host it names, and for no other', async () => {
  const { accessKeyId, secretAccessKey: secret } = store
  const signing = { method: 'GET', target: '/where', accessKeyId, secret, expiresSeconds: 60 }
  const target = presign({ ...signing, headers: { host: 'photos.example.org' } })
  deepEqual(await send(`GET ${target}`, { host: 'photos.example.org' }), [200, 'photos'])
  const [status, body] = await send(`GET ${target}`, { host: 'old.photos.example.org' })
  equal(status, 403)
  match(body, /<Code>SignatureDoesNotMatch<\/Code>/)
})

test('the HTTP port knows the domains, and other hosts are its own there', async () => {
  const to = httpPort
  deepEqual(await ask('photos.s3.example.org', '/where', { to }), [200, 'photos'])
  deepEqual(await send('GET /health', { host: 's3.example.org' }, { to }), [200, 'OK'])
  deepEqual(await send('GET /health', { host: 'www.photos.net' }, { to }), [200, 'OK'])
})
