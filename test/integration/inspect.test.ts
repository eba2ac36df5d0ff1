/** `mycelium verify`, `inspect` and `export` on a store that has stopped: they show what is there, find what is wrong, and write it out. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openCyxc } from '#shard/cyxc-record'
import { runMycelium, startStore } from '../harness.ts'
import { bucketOf, bytesOf } from '../s3-bucket.ts'

const bucketName = 'forest'
const contents: ReadonlyMap<string, Buffer> = new Map([
  ['spore', bytesOf('spore', 3_000)],
  ['a/b/tree', bytesOf('tree', 700_000)],
  ['nothing', Buffer.alloc(0)],
  ['../up', bytesOf('up', 10)],
  [`long/${'x'.repeat(300)}`, bytesOf('long', 20)],
  ['two//slashes', bytesOf('slashes', 30)],
  ['c', bytesOf('a file', 40)],
  ['c/d', bytesOf('below a file', 50)],
])
let data: string
let out: string

before(async () => {
  data = await mkdtemp(join(tmpdir(), 'mycelium-inspect-'))
  out = join(data, 'exported')
  const store = await startStore({ data, flags: ['--nodes', '7', '--profile', '4+2'] })
  using bucket = bucketOf(store, bucketName)
  await bucket.create()
  for (const [key, bytes] of contents) await bucket.put(key, bytes)
  equal(await store.stop(), 0)
})

after(() => rm(data, { recursive: true, force: true }))

function run(command: string, ...args: readonly string[]) {
  return runMycelium([command, '--data', data, '--log', 'error', ...args])
}

test('a sound store verifies, also byte by byte', async () => {
  const { code, stdout } = await run('verify', '--deep')
  equal(code, 0, stdout)
  match(stdout, /0 damaged, 0 missing/)
  match(stdout, /8 of .*, all read, 0 in trouble/)
  const json = JSON.parse((await run('verify', '--deep', '--json')).stdout)
  deepEqual(json.objects, {
    all: 8,
    bytes: [...contents.values()].reduce((sum, { length }) => sum + length, 0),
    unreadable: 0,
    locked: 0,
    isRead: true,
  })
  equal(json.chunks.lossesLeft, 2)
  deepEqual(json.problems, [])
})

test('an object shows where its bytes are', async () => {
  const shown = await run('inspect', '--object', `${bucketName}/spore`)
  match(shown.stdout, /^bytes +3000$/m)
  ok(!shown.stdout.includes('[object'), shown.stdout)
  const { code, stdout } = await run('inspect', '--object', `${bucketName}/a/b/tree`, '--json')
  equal(code, 0)
  const { bytes, recipe, chunks } = JSON.parse(stdout)
  equal(bytes, 700_000)
  equal(recipe[0].chunk, chunks[0].chunk)
  equal(chunks[0].shards.length, 6)
  ok(chunks[0].shards.every(({ state }: { state: string }) => state === 'whole'))
  const { stdout: text } = await run('inspect', '--chunk', chunks[0].chunk)
  match(text, /4\+2, survives 2 more lost nodes/)
  const { node, id, column } = chunks[0].shards[3]
  const path = join(data, 'nodes', node, 'shards', id.slice(0, 2), id)
  const shard = JSON.parse((await run('inspect', '--shard', path, '--json')).stdout)
  deepEqual(
    [shard.id, shard.isNamedSo, shard.chunkId, shard.column, shard.data, shard.parity],
    [id, true, chunks[0].chunk, column, 4, 2],
  )
})

test('what is not there is said so', async () => {
  for (const args of [
    ['--object', 'forest/none'],
    ['--object', 'none/spore'],
    ['--chunk', '00'.repeat(16)],
    ['--shard', join(data, 'none')],
  ]) {
    const { code, stderr } = await run('inspect', ...args)
    equal(code, 12, stderr)
    match(stderr, /There is no /)
  }
  equal((await run('inspect')).code, 2)
  equal((await run('export', '--to', out, '--bucket', 'none')).code, 12)
})

test('objects are exported as they are, under names that stay inside', async () => {
  const { code, stdout } = await run('export', '--to', out)
  equal(code, 0)
  match(stdout, /^8 objects of /)
  const manifest = (await readFile(join(out, 'manifest.jsonl'), 'utf8')).trim().split('\n')
  const lines = manifest.map((line) => JSON.parse(line))
  deepEqual(lines.map(({ key }) => key).sort(), [...contents.keys()].sort())
  for (const { key, file, bytes } of lines) {
    const written = await readFile(join(out, file))
    equal(written.length, bytes)
    ok(written.equals(contents.get(key) ?? Buffer.of()), key)
  }
  deepEqual((await readdir(out)).sort(), ['manifest.jsonl', 'named-by-hash', 'objects'])
  ok((await readFile(join(out, 'objects', bucketName, 'a/b/tree'))).length === 700_000)
})

test('what cannot be exported is a sentence', async () => {
  const { code, stderr } = await run('export', '--to', join(data, 'keys', 'master.key', 'below'))
  equal(code, 2, stderr)
  match(stderr, /cannot be used: a part of the path is a file, not a directory\. See --to\./)
  const full = await run('export', '--to', '/dev/full')
  equal(full.code, 2, full.stderr)
  match(full.stderr, /cannot be used: /)
})

test('shards are exported as records', async () => {
  const { code } = await run('export', '--to', join(out, 'shards'), '--shards')
  equal(code, 0)
  const names = await readdir(join(out, 'shards'))
  ok(names.length >= 6)
  for (const name of names) openCyxc(await readFile(join(out, 'shards', name)))
})

test('damage is found, named, and told by the exit code', async () => {
  const { stdout } = await run('inspect', '--object', `${bucketName}/a/b/tree`, '--json')
  const [{ shards }] = JSON.parse(stdout).chunks
  const [rotten, lost] = shards
  const pathOf = ({ node, id }: { node: string; id: string }): string =>
    join(data, 'nodes', node, 'shards', id.slice(0, 2), id)
  const bytes = await readFile(pathOf(rotten))
  await writeFile(pathOf(rotten), bytes.with(5_000, (bytes[5_000] ?? 0) ^ 1))
  await rm(pathOf(lost))
  const found = await run('verify', '--json')
  equal(found.code, 11)
  const { shards: states, problems, chunks } = JSON.parse(found.stdout)
  deepEqual([states.damaged, states.missing, chunks.unreadable, chunks.lossesLeft], [1, 1, 0, 0])
  ok(problems.some((text: string) => text.includes(rotten.id) && text.endsWith('is damaged')))
  ok(problems.some((text: string) => text.includes(lost.id) && text.endsWith('is missing')))
  match(found.stderr, /2 problems were found/)
})
