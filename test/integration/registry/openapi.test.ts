/** The OpenAPI document and the server say the same. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openHeroRedis } from '#redis/hero-redis'
import { systemWorld } from '#world/system'
import { type StandIn, startHeroRedis, uploaderToken } from '../../hero-redis.ts'
import {
  get,
  hashOf,
  manifestOf,
  post,
  type RunningRegistry,
  startRegistry,
} from './registry-server.ts'

interface Operation {
  readonly operationId: string
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, unknown>> }>
  >
}

let folder: string
let backend: StandIn
let registry: RunningRegistry
let paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
const token = { authorization: 'Bearer all' }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mycelium-openapi-'))
  const file = join(folder, 'tokens')
  const hash = createHash('sha256').update('all').digest('hex')
  await writeFile(file, `all upload,delete ${hash}\n`)
  backend = await startHeroRedis()
  const place = `${backend.host}:${backend.port}/1`
  registry = await startRegistry({
    flags: ['--tokens', file, '--max-upload', '1MiB', '--backend', place, '127.0.0.1:9/1'],
  })
  await using client = await openHeroRedis({
    ...{ host: backend.host, port: backend.port, db: 1, world: systemWorld() },
    login: { kind: 'token', token: uploaderToken },
  })
  await client.set(new Uint8Array(16), Buffer.from('a shard'))
  const response = await fetch(`${registry.url}/api/v1/openapi.json`)
  equal(response.headers.get('content-type'), 'application/json')
  const document = (await response.json()) as { openapi: string; paths: typeof paths }
  match(document.openapi, /^3\.1\./)
  paths = document.paths
})
after(async () => {
  await registry[Symbol.asyncDispose]()
  await backend[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

test('every operation has a name of its own, and every path the methods that it allows', async () => {
  const ids = Object.values(paths).flatMap((of) => Object.values(of).map((one) => one.operationId))
  equal(new Set(ids).size, ids.length)
  for (const [path, operations] of Object.entries(paths)) {
    const answer = await fetch(`${registry.url}${filled(path)}`, { method: 'PATCH' })
    const allowed = answer.headers.get('allow')?.toLowerCase().split(', ')
    deepEqual(Object.keys(operations).sort(), allowed?.sort(), path)
  }
})

test('what is described is answered, and what is answered is described', async () => {
  const manifest = manifestOf('described')
  const hash = hashOf(manifest)
  const answers: Readonly<Record<string, readonly (() => Promise<Response>)[]>> = {
    'POST /api/v1/metadata': [
      () => post(registry, manifest, token),
      () => post(registry, manifest),
      () => post(registry, manifestOf('large', 2 ** 20), token),
      () => fetch(`${registry.url}/api/v1/metadata`, { method: 'POST', headers: token }),
    ],
    'GET /api/v1/metadata/{hash}': [
      () => get(registry, hash),
      () => get(registry, hash, { headers: { range: 'bytes=0-1' } }),
      () => get(registry, hash, { headers: { range: 'bytes=999-' } }),
      () => get(registry, hash, { headers: { 'if-none-match': '*' } }),
      () => get(registry, hash, { headers: { 'if-match': '"x"' } }),
      () => get(registry, 'x'),
      () => get(registry, '0'.repeat(32)),
    ],
    'HEAD /api/v1/metadata/{hash}': [
      () => get(registry, hash, { method: 'HEAD' }),
      () => get(registry, 'x', { method: 'HEAD' }),
    ],
    'GET /api/v1/shards/{host}/{port}/{db}/{key}': [
      () => shard(backend.port),
      () => shard(backend.port, { headers: { range: 'bytes=0-1' } }),
      () => shard(backend.port, { headers: { range: 'bytes=999-' } }),
      () => shard(backend.port, { headers: { 'if-none-match': '*' } }),
      () => shard(backend.port, { headers: { 'if-match': '"x"' } }),
      () => shard(backend.port, {}, '1'.repeat(32)),
      () => shard(backend.port, {}, 'x'),
      () => shard(10),
      () => shard(9),
    ],
    'HEAD /api/v1/shards/{host}/{port}/{db}/{key}': [
      () => shard(backend.port, { method: 'HEAD' }),
      () => shard(10, { method: 'HEAD' }),
    ],
    'DELETE /api/v1/metadata/{hash}': [
      () => get(registry, hash, { method: 'DELETE', headers: token }),
      () => get(registry, hash, { method: 'DELETE' }),
      () => get(registry, 'x', { method: 'DELETE', headers: token }),
    ],
  }
  const described = Object.entries(paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method.toUpperCase()} ${path}`),
  )
  deepEqual(described.sort(), Object.keys(answers).sort())
  for (const [name, asks] of Object.entries(answers)) {
    const [method = '', path = ''] = name.split(' ')
    const responses: Operation['responses'] = paths[path]?.[method.toLowerCase()]?.responses ?? {}
    const seen = new Set<string>()
    for (const ask of asks) {
      const answer = await ask()
      const status = String(answer.status)
      seen.add(status)
      ok(responses[status] !== undefined, `${name}: ${status} is not described`)
      const type = answer.headers.get('content-type')
      const types = Object.keys(responses[status]?.content ?? {})
      if (types.length > 0) ok(types.includes(type ?? ''), `${name}: ${type}`)
    }
    ok(seen.size === asks.length, `${name}: each of them is another answer`)
  }
})

function shard(port: number, init: RequestInit = {}, key = '0'.repeat(32)): Promise<Response> {
  return fetch(`${registry.url}/api/v1/shards/127.0.0.1/${port}/1/${key}`, init)
}

function filled(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '0'.repeat(32))
}
