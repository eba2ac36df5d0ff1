import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { RouteTable } from '#api/library/find-route'
import type { BoundRoute } from '#api/rest-route'

function route(method: BoundRoute['method'], path: string): BoundRoute {
  return {
    ...{ method, path, operation: `${method} ${path}`, summary: '', budget: 'metadata' },
    ...{ status: 204, run: async () => undefined },
  }
}

const table = new RouteTable([
  route('GET', '/libraries/{scope}/{name}/{version}'),
  route('DELETE', '/libraries/{scope}/{name}/{version}'),
  route('GET', '/libraries/{scope}/{name}/versions'),
  route('GET', '/libraries/{scope}/{name}/{version}/files'),
  route('GET', '/libraries/{scope}/{name}/{version}/files/{path*}'),
])

const meaning = (path: string) =>
  table.find(path).map(({ route: { operation }, names }) => ({ operation, names }))

test('a word of the API wins over a name in its place', () => {
  deepEqual(meaning('/libraries/ada/docs/versions')[0], {
    operation: 'GET /libraries/{scope}/{name}/versions',
    names: { scope: 'ada', name: 'docs' },
  })
  deepEqual(
    meaning('/libraries/ada/docs/1.0.0').map(({ operation }) => operation.split(' ')[0]),
    ['GET', 'DELETE'],
  )
})

test('a path within a library may have any number of segments, but not none', () => {
  deepEqual(meaning('/libraries/ada/docs/1.0.0/files/docs/a/b.md'), [
    {
      operation: 'GET /libraries/{scope}/{name}/{version}/files/{path*}',
      names: { scope: 'ada', name: 'docs', version: '1.0.0', path: 'docs/a/b.md' },
    },
  ])
  deepEqual(meaning('/libraries/ada/docs/1.0.0/files/'), [])
  deepEqual(meaning('/libraries//docs/versions'), [])
})
