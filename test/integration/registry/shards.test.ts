/** Shards for browsers: fetched from the backends that the operator has named, and from nobody else. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openHeroRedis } from '#redis/hero-redis'
import { systemWorld } from '#world/system'
import {
  databases,
  type StandIn,
  secretEntry,
  startHeroRedis,
  uploaderToken,
} from '../../hero-redis.ts'
import { bytesOf, type RunningRegistry, startRegistry } from './registry-server.ts'

const key = '1eab898beaa3e838eea063a80238bd5f'
const shard = Buffer.from('9430b95a65557b3bc1a14094188a503a3535', 'hex')
const large = Buffer.alloc(5 * 2 ** 20 + 17, 'shard')
const largeKey = 'ff'.repeat(16)

let backend: StandIn
let registry: RunningRegistry

const put = async (db: number, name: string, value: Uint8Array): Promise<void> => {
  await using client = await openHeroRedis({
    ...{ host: backend.host, port: backend.port, db, world: systemWorld() },
    login: { kind: 'token', token: uploaderToken },
  })
  await client.set(Buffer.from(name, 'hex'), value)
}

before(async () => {
  backend = await startHeroRedis()
  const place = `${backend.host}:${backend.port}`
  registry = await startRegistry({
    flags: ['--backend', `${place}/1=first`, `${place}/2=second`, '127.0.0.1:9/1=away'],
  })
  await put(1, key, shard)
  await put(2, largeKey, large)
  await put(3, key, shard)
})
after(async () => {
  await registry[Symbol.asyncDispose]()
  await backend[Symbol.asyncDispose]()
})

const ask = (place: string, init: RequestInit = {}, of = registry): Promise<Response> =>
  fetch(`${of.url}/api/v1/shards/${place}`, init)
const at = (db: number | string, name = key, port: number | string = backend.port): string =>
  `${backend.host}/${port}/${db}/${name}`

test('a shard of a backend, as it is there, for ever', async () => {
  const answer = await ask(at(1))
  equal(answer.status, 200)
  equal(answer.headers.get('content-type'), 'application/octet-stream')
  equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable')
  equal(answer.headers.get('access-control-allow-origin'), '*')
  deepEqual(await bytesOf(answer), shard)
  const etag = answer.headers.get('etag') ?? ''
  match(etag, /^"[0-9a-f]{32}"$/)
  equal((await ask(at(1), { headers: { 'if-none-match': etag } })).status, 304)
  const part = await ask(at(1), { headers: { range: 'bytes=1-2' } })
  deepEqual([part.status, await bytesOf(part)], [206, shard.subarray(1, 3)])
  const head = await ask(at(1, key.toUpperCase()), { method: 'HEAD' })
  deepEqual([head.status, head.headers.get('content-length')], [200, '18'])
  deepEqual(await bytesOf(await ask(at(2, largeKey))), large)
})

test('what is not there is 404, and may come yet', async () => {
  const answer = await ask(at(2))
  equal(answer.status, 404)
  equal(answer.headers.get('cache-control'), 'no-store')
  await put(2, key, shard)
  equal((await ask(at(2))).status, 200)
})

test('no other server, port or database is asked, however it is spelt', async () => {
  let strangers = 0
  const stranger = createServer((socket) => {
    strangers += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  const address = stranger.address()
  ok(typeof address === 'object' && address !== null)
  const { port } = address
  for (const place of [
    at(3),
    at(1, key, port),
    `localhost/${backend.port}/1/${key}`,
    `localhost/${port}/1/${key}`,
    `127.0.0.2/${backend.port}/1/${key}`,
    `2130706433/${port}/1/${key}`,
    `[::1]/${port}/1/${key}`,
    `example.org/80/0/${key}`,
    `169.254.169.254/80/0/${key}`,
  ]) {
    const { status } = await ask(place)
    ok(status === 403 || status === 400, `${place}: ${status}`)
  }
  equal(strangers, 0)
  stranger.close()
})

test('what is no place or no key is 400', async () => {
  for (const place of [
    at('x'),
    at(1, 'x'),
    at(1, `${key}0`),
    at(1, key, 'x'),
    at(65_536),
    at(1, key, 0),
  ])
    equal((await ask(place)).status, 400, place)
  equal((await ask(at(1), { method: 'POST' })).headers.get('allow'), 'GET, HEAD')
})

test('a backend that is away is 502, and told by its label', async () => {
  const answer = await ask(at(1, key, 9))
  equal(answer.status, 502)
  match(await answer.text(), /away/)
})

test('a backend that lets not everybody read is logged in at', async () => {
  const reader = secretEntry('reader', 'of-the-registry', { read: databases(1) })
  backend.grant({ anonymous: {}, secrets: [reader], keys: [] })
  equal((await ask(at(1))).status, 502)
  const file = join(registry.data, 'logins')
  const place = `${backend.host}:${backend.port}/1=first`
  const flags = ['--backend', place, '--backend-logins', file]
  await writeFile(file, `first private-key ${'00'.repeat(32)}\n`)
  await using wrong = await startRegistry({ flags })
  equal((await ask(at(1), {}, wrong)).status, 502)
  await writeFile(file, 'first token of-the-registry\n')
  await using right = await startRegistry({ flags })
  deepEqual(await bytesOf(await ask(at(1), {}, right)), shard)
  ok(!right.output().includes('of-the-registry'))
})
