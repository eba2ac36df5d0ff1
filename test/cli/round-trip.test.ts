/** What goes up comes down again, byte for byte; and what lists and counts say of it. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { plantTree, readTree } from '../file-tree.ts'
import { type RunningStore, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'
import { linesOf, openWorkplace, smallStore, type Workplace } from './cyxcloud.ts'

let store: RunningStore
let place: Workplace
before(async () => {
  store = await startStore({ flags: smallStore })
  place = await openWorkplace(store)
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
})

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await place.run(args)
  equal(code, 0, stderr)
  equal(stderr, '', 'nothing is drawn where nobody looks')
  return stdout
}

test('a file, into a bucket that it makes, and back', async () => {
  const bytes = bytesOf('one', 100_000)
  await writeFile(place.path('one.bin'), bytes)
  const said = await run('upload', 'one.bin', '-b', 'single', '-p', 'deep/down')
  match(
    said,
    /^✓ Uploaded: single\/deep\/down\/one\.bin\n {2}ETag: [0-9a-f]{32}\n {2}Size: 97\.66 KB\n$/,
  )
  const saved = await run('download', 'single', '-k', 'deep/down/one.bin', '-o', 'back/')
  match(saved, /97\.66 KB/)
  match(saved, /Saved to: back\/one\.bin/)
  ok(bytes.equals(await readFile(place.path('back/one.bin'))))
  await run('download', 'single', '-k', 'deep/down/one.bin', '-o', 'other-name.bin')
  ok(bytes.equals(await readFile(place.path('other-name.bin'))))
  deepEqual(await readdir(place.path('back')), ['one.bin'], 'nothing is left beside it')
})

test('without -b the bucket is "default"', async () => {
  await writeFile(place.path('plain.txt'), 'plain')
  match(await run('upload', 'plain.txt'), /default\/plain\.txt/)
})

test('a large file goes up in parts, and comes back checked as one', async () => {
  const bytes = bytesOf('parts', 12_000_000)
  await writeFile(place.path('large.bin'), bytes)
  const [line] = linesOf(
    await run('upload', 'large.bin', '-b', 'parts', '--part-size', '5MiB', '--json'),
  )
  match(String(line?.['etag']), /-3$/)
  equal(line?.['bytes'], bytes.length)
  await run('download', 'parts', '-k', 'large.bin', '-o', 'large.back')
  ok(bytes.equals(await readFile(place.path('large.back'))))
})

test('standard input and output, in one piece, in parts, and empty', async () => {
  for (const bytes of [
    bytesOf('pipe', 70_000),
    bytesOf('long pipe', 11_000_000),
    Buffer.alloc(0),
  ]) {
    const args = ['upload', '-', '-k', 'from/pipe', '-b', 'pipes', '--part-size', '5MiB']
    equal((await place.run(args, { input: bytes })).code, 0)
    await run('download', 'pipes', '-k', 'from/pipe', '-o', 'pipe.back')
    ok(bytes.equals(await readFile(place.path('pipe.back'))))
  }
  equal(
    (await place.run(['upload', '-', '-k', 'word', '-b', 'pipes'], { input: 'ä word' })).code,
    0,
  )
  equal(await run('download', 'pipes', '-k', 'word', '-o', '-'), 'ä word')
})

test('a directory, and a second time only what has changed', async () => {
  const files = {
    a: 0,
    'b.txt': 5,
    'c/d/e.bin': 300_000,
    'c/ümläut & more': 17,
    'big.bin': 6_000_000,
  }
  await plantTree(place.path('tree'), files)
  const upload = ['upload', 'tree', '-b', 'trees', '-p', 'copy/', '--part-size', '5MiB']
  const said = await run(...upload)
  match(said, /^Found 5 files in tree\n✓ 5 uploaded, 0 already there, 0 failed; 6\.01 MB sent\n$/)
  await run('download', 'trees', '-o', 'all')
  deepEqual(await readTree(place.path('all/copy')), await readTree(place.path('tree')))

  await writeFile(place.path('tree/b.txt'), 'other')
  match(await run(...upload), /✓ 1 uploaded, 4 already there, 0 failed/)
  match(
    await run('download', 'trees', '--prefix', 'copy/', '-o', 'all'),
    /1 downloaded, 4 already there/,
  )
  deepEqual(await readTree(place.path('all/copy')), await readTree(place.path('tree')))
  const lines = linesOf(await run('download', 'trees', '--prefix', 'copy/c', '-o', 'all', '--json'))
  deepEqual(lines.at(-1), {
    event: 'summary',
    downloaded: 0,
    kept: 2,
    bytes: 0,
    found: 2,
    failed: 0,
  })
})

test('keys that are no names for files are told, and the others come', async () => {
  using bucket = bucketOf(store, 'hostile')
  await bucket.create()
  for (const key of ['../outside', '/rooted', 'a//b', 'fine/file']) await bucket.put(key, key)
  await mkdir(place.path('inside'))
  const { code, stderr, stdout } = await place.run(['download', 'hostile', '-o', 'inside/here'])
  equal(code, 7)
  match(stderr, /✗ \.\.\/outside: .*-k.*-o/)
  match(stderr, /3 of 4 failed/)
  match(stdout, /1 downloaded, 0 already there, 3 failed/)
  deepEqual(Object.keys(await readTree(place.path('inside'))), ['here/fine/file'])
})

test('more than a thousand keys are listed, counted and fetched', async () => {
  using bucket = bucketOf(store, 'many')
  await bucket.create()
  const keys = Array.from({ length: 1_050 }, (_, index) => `k/${String(index).padStart(5, '0')}`)
  const queue = keys.values()
  const lane = async (): Promise<void> => {
    for (const key of queue) await bucket.put(key, 'x')
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  deepEqual((await run('list', 'many')).trim().split('\n'), keys)
  equal(linesOf(await run('list', 'many', '--json')).length, keys.length)
  deepEqual(
    (await run('list', 'many', '--max-keys', '1020')).trim().split('\n'),
    keys.slice(0, 1020),
  )
  equal((await run('list', 'many', '-p', 'k/0104')).trim().split('\n').length, 10)
  match(await run('status', '-b', 'many'), /Objects: {6}1050\n/)
  match(await run('download', 'many', '-o', 'many'), /1050 downloaded/)
  equal((await readdir(place.path('many/k'))).length, keys.length)
})

test('without a bucket the buckets are listed', async () => {
  using bucket = bucketOf(store, 'among-others')
  await bucket.create()
  const names = (await run('list')).trimEnd().split('\n')
  ok(names.includes('among-others'))
  deepEqual(
    linesOf(await run('list', '--json')),
    names.map((name) => ({ bucket: name })),
  )
})

test('what a directory has beside files is left out, and named for what it is', async () => {
  await mkdir(place.path('mixed/below'), { recursive: true })
  await writeFile(place.path('mixed/below/file'), 'x')
  await symlink('below', place.path('mixed/directory'))
  await symlink('below/file', place.path('mixed/link'))
  await symlink('nothing', place.path('mixed/broken'))
  execFileSync('mkfifo', [place.path('mixed/pipe')])
  const { code, stdout, stderr } = await place.run(['upload', 'mixed', '-b', 'mixed'])
  equal(code, 0)
  match(stdout, /Found 2 files/)
  deepEqual(stderr.match(/^Left out: .*$/gm)?.sort(), [
    'Left out: mixed/broken is a link that leads nowhere.',
    'Left out: mixed/directory is a link to a directory.',
    'Left out: mixed/pipe is neither a file nor a directory.',
  ])
  equal(await run('list', 'mixed'), 'below/file\nlink\n')
})

test('the long listing is a table', async () => {
  using bucket = bucketOf(store, 'table')
  await bucket.create()
  await bucket.put('short', Buffer.alloc(1536))
  const long = `${'very/'.repeat(10)}long`
  await bucket.put(long, 'x')
  const [head, rule, first, second, , sum] = (await run('list', 'table', '-l', '-H')).split('\n')
  equal(head, `${'KEY'.padEnd(40)} ${'SIZE'.padStart(12)} ${'LAST MODIFIED'.padEnd(24)} ETAG`)
  equal(rule, '-'.repeat(100))
  match(first ?? '', /^short {35} {6}1\.50 KB \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ {5}[0-9a-f]{16}$/)
  equal(second?.slice(0, 40), `...${long.slice(-37)}`)
  equal(sum, '2 objects, 1.50 KB total')
  match(await run('list', 'table', '-l'), /^short {35} {9}1536 /m)
  const [json] = linesOf(await run('list', 'table', '--json'))
  deepEqual(Object.keys(json ?? {}), ['key', 'bytes', 'etag', 'modifiedAt'])
})

test('delete says what would go, and deletes when it is told to', async () => {
  using bucket = bucketOf(store, 'deletes')
  await bucket.create()
  await bucket.put('old', Buffer.alloc(1024))
  const warned = await run('delete', 'deletes', '-k', 'old')
  match(
    warned,
    /^Warning: About to delete: deletes\/old\n {2}Size: 1024 bytes\n {2}Last modified: \S+Z\n\nUse --force to delete without confirmation\.\n$/,
  )
  equal((await bucket.list()).length, 1)
  equal(await run('delete', 'deletes', 'old', '--force'), '✓ Deleted: deletes/old\n')
  equal((await bucket.list()).length, 0)
  await bucket.put('again', 'x')
  const gone = JSON.parse(await run('delete', 'deletes', '-k', 'again', '-f', '--json'))
  equal(gone.isDeleted, true)
})

test('status knows the endpoint, its buckets, and what is in one', async () => {
  using bucket = bucketOf(store, 'state')
  await bucket.create()
  for (let index = 0; index < 7; index += 1) await bucket.put(`s${index}`, Buffer.alloc(1024))
  match(
    await run('status'),
    /^CyxCloud Storage Status\n\nGateway Status: ● Online\n\n[\s\S]* {2}state\n/,
  )
  const verbose = await run('status', '-b', 'state', '-v')
  match(verbose, /Bucket: state\n\n {2}Objects: {6}7\n {2}Total Size: {3}7\.00 KB\n/)
  match(
    verbose,
    /Recent Objects:\n( {4}s\d \(1\.00 KB\) - \S+Z\n){5} {4}\.\.\. and 2 more objects\n$/,
  )
  const facts = JSON.parse(await run('status', '-b', 'state', '--json'))
  deepEqual([facts.isOnline, facts.objects, facts.bytes], [true, 7, 7168])
})
