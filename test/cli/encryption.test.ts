/** What is encrypted here cannot be read there, and comes back only for who has the passphrase or the key. */
import { equal, match, notEqual, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { type RunningStore, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { openWorkplace, smallStore, type Workplace } from './cyxcloud.ts'

let store: RunningStore
let place: Workplace
before(async () => {
  store = await startStore({ flags: smallStore })
  place = await openWorkplace(store)
  await writeFile(place.path('pass'), 'correct horse battery\n')
  await writeFile(place.path('wrong'), 'incorrect horse battery\n')
  await writeFile(place.path('key'), bytesOf('key', 32))
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
})

const pass = ['--passphrase-file', 'pass']
const keyFile = ['--key-file', 'key']

async function run(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await place.run(args)
  equal(code, 0, stderr)
}

test('files of every length come back, whatever opens them', async () => {
  for (const [index, length] of [0, 1, 65_536, 65_537, 11_000_000].entries()) {
    const bytes = bytesOf(`sealed ${length}`, length)
    await writeFile(place.path('plain'), bytes)
    const secret = index % 2 === 0 ? keyFile : pass
    const upload = [
      'upload',
      'plain',
      '-b',
      'sealed',
      '-k',
      `k${length}`,
      '-e',
      '--part-size',
      '5MiB',
    ]
    await run(...upload, ...secret)
    await run('download', 'sealed', '-k', `k${length}`, '-o', `out/k${length}`, ...secret)
    ok(bytes.equals(await readFile(place.path(`out/k${length}`))))
  }
  equal((await readdir(place.path('out'))).length, 5, 'nothing is left beside them')
})

test('the store holds no plaintext, and the object says what it is', async () => {
  using bucket = bucketOf(store, 'secret')
  const phrase = 'nobody shall read this. '
  await writeFile(place.path('letter'), phrase.repeat(10_000))
  await run('upload', 'letter', '-b', 'secret', '-e', ...pass)
  const stored = await bucket.get('letter')
  ok(!stored.includes(phrase.slice(0, 8)))
  equal(stored.subarray(0, 4).toString(), 'MYCE')
  const { Metadata } = await bucket.client.send(
    new HeadObjectCommand({ Bucket: 'secret', Key: 'letter' }),
  )
  equal(Metadata?.['mycelium-client-encryption'], '1')
  await run('upload', 'letter', '-b', 'secret', '-k', 'twice', '-e', ...pass)
  notEqual((await bucket.get('twice')).toString('hex'), stored.toString('hex'))
})

test('a directory and a pipe, with the passphrase from the environment', async () => {
  const env = { CYXCLOUD_PASSPHRASE: 'correct horse battery' }
  const up = ['upload', '-', '-k', 'piped', '-b', 'pipes', '-e']
  equal((await place.run(up, { env, input: 'through the pipe' })).code, 0)
  const { stdout } = await place.run(['download', 'pipes', '-k', 'piped', '-o', '-'], { env })
  equal(stdout, 'through the pipe')
  await run('download', 'pipes', '-o', 'all', ...pass)
  equal(await readFile(place.path('all/piped'), 'utf8'), 'through the pipe')
})

test('who has not what it takes is told so, and gets nothing', async () => {
  await run('upload', 'pass', '-b', 'locked', '-k', 'word', '-e', ...pass)
  await run('upload', 'pass', '-b', 'locked', '-k', 'keyed', '-e', ...keyFile)
  const cases = [
    {
      key: 'word',
      args: ['--passphrase-file', 'wrong'],
      says: /not the passphrase that locked\/word/,
    },
    { key: 'word', args: keyFile, says: /was encrypted with a passphrase/ },
    { key: 'word', args: [], says: /is encrypted, and there is no terminal.*--passphrase-file/ },
    { key: 'keyed', args: pass, says: /was encrypted with a key file.*--key-file/ },
    { key: 'keyed', args: ['--key-file', 'pass'], says: /is no key file.*32 bytes/ },
  ]
  for (const { key, args, says } of cases) {
    const { code, stderr } = await place.run(['download', 'locked', '-k', key, '-o', 'no', ...args])
    match(stderr, says)
    equal(code, 9)
    ok(!existsSync(place.path('no')))
  }
  await writeFile(place.path('short'), 'short')
  const short = await place.run(['upload', 'pass', '-e', '--passphrase-file', 'short'])
  equal(short.code, 2)
  match(short.stderr, /at least 12 characters/)
})

test('an object that was tampered with in the store is refused', async () => {
  using bucket = bucketOf(store, 'tampered')
  await writeFile(place.path('body'), bytesOf('body', 200_000))
  await run('upload', 'body', '-b', 'tampered', '-k', 'whole', '-e', ...keyFile)
  const whole = await bucket.get('whole')
  const chunk = 65_536 + 16
  const flipped = Buffer.from(whole)
  flipped.writeUInt8(flipped.readUInt8(100_000) ^ 1, 100_000)
  const swapped = Buffer.concat([
    whole.subarray(0, 80),
    whole.subarray(80 + chunk, 80 + 2 * chunk),
    whole.subarray(80, 80 + chunk),
    whole.subarray(80 + 2 * chunk),
  ])
  const cut = whole.subarray(0, 80 + 2 * chunk)
  for (const [name, Body] of Object.entries({ flipped, swapped, cut })) {
    const Metadata = { 'mycelium-client-encryption': '1' }
    await bucket.client.send(
      new PutObjectCommand({ Bucket: 'tampered', Key: name, Body, Metadata }),
    )
    const args = ['download', 'tampered', '-k', name, '-o', `bad/${name}`, ...keyFile]
    const { code, stderr } = await place.run(args)
    equal(code, 8, stderr)
    match(stderr, /tampered\/\w+ is encrypted, but damaged: chunk \d does not open/)
  }
  equal((await readdir(place.path('bad'))).length, 0)
})
