import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest, HttpResponse } from '#http/message'
import { createFront } from '#main/front'
import type { Health } from '#main/status-pages'
import { silentTelemetry } from '#telemetry/telemetry'
import { SimulatedWorld } from '#world/simulated'
import { bareRequest } from '../../test/bare-request.ts'

function request(target: string, facts: Partial<HttpRequest> = {}): HttpRequest {
  return { ...bareRequest, method: 'GET', target, ...facts }
}

function named(name: string): () => Promise<HttpResponse> {
  return async () => ({ status: 200, headers: {}, body: name })
}

const well: Health = { isHealthy: true, warnings: [], facts: { nodesUp: 14 } }

function frontWith(health: Health = well) {
  return createFront({
    version: '1.2.3',
    health: async () => health,
    metrics: async () => ({ text: 'some_total 1\n', contentType: 'text/plain; version=0.0.4' }),
    admin: named('admin'),
    libraries: named('libraries'),
    pages: named('pages'),
    local: named('local'),
    s3: named('s3'),
    domains: ['localhost'],
    websites: named('website'),
    websiteDomains: ['s3-website.localhost'],
    world: new SimulatedWorld(1),
    telemetry: silentTelemetry,
  })
}

test('host first, then path', async () => {
  const front = frontWith()
  const bodyOf = async (target: string, host = 'localhost:8080'): Promise<unknown> =>
    (await front(request(target, { headers: { host } }))).body
  equal(await bodyOf('/s3'), 'local')
  equal(await bodyOf('/s3/bucket/key?acl'), 'local')
  equal(await bodyOf('/admin/v1/users'), 'admin')
  equal(await bodyOf('/api/v1/libraries?q=x'), 'libraries')
  equal(await bodyOf('/version'), 'mycelium/1.2.3')
  equal(await bodyOf('/health?verbose'), 'OK')
  equal(await bodyOf('/readyz'), 'OK')
  equal(await bodyOf('http://localhost:8080/health'), 'OK')
  equal(await bodyOf('/health', 'photos.localhost:8080'), 's3', 'an object named health')
  equal(await bodyOf('/health', 'photos.s3-website.localhost:8080'), 'website', 'a page')
  for (const other of ['/', '/s3x', '/constructor', '/api/v1']) equal(await bodyOf(other), 'pages')
})

test('health is a word for machines of old, JSON for those who ask, and 503 when a write would be refused', async () => {
  const headers = { accept: 'application/json' }
  const ill = frontWith({ isHealthy: false, warnings: ['Too few nodes.'], facts: { nodesUp: 3 } })
  equal((await ill(request('/health'))).status, 503)
  equal((await ill(request('/readyz'))).status, 503)
  equal((await ill(request('/healthz'))).status, 200, 'it runs, and need not be started anew')
  const told = await ill(request('/health', { headers }))
  equal(told.status, 503)
  deepEqual(JSON.parse(String(told.body)), {
    status: 'unavailable',
    nodesUp: 3,
    warnings: ['Too few nodes.'],
  })
})

test('every answer names its request', async () => {
  for (const target of ['/health', '/version', '/metrics'])
    equal((await frontWith()(request(target))).headers['x-amz-request-id'], bareRequest.id)
})

test('pages are only read', async () => {
  const refused = await frontWith()(request('/metrics', { method: 'DELETE' }))
  equal(refused.status, 405)
  equal(refused.headers['allow'], 'GET, HEAD')
})
