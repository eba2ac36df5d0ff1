import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { hasMount, resolveAddress } from '#api/s3/address'

const plain = {
  host: 'localhost:9000',
  mount: '',
  domains: ['localhost', 's3.example.com'],
} as const

function name(rawPath: string, options: object = {}): readonly (string | undefined)[] {
  const { bucket, key } = resolveAddress(rawPath, { ...plain, ...options })
  return [bucket, key]
}

const paths: Readonly<Record<string, readonly (string | undefined)[]>> = {
  '/': [undefined, undefined],
  '/b': ['b', undefined],
  '/b/': ['b', undefined],
  '/b/k': ['b', 'k'],
  '/b//k': ['b', '/k'],
  '/b/k/': ['b', 'k/'],
  '/b/../k': ['b', '../k'],
  '/b/a%2Fb%20c+d': ['b', 'a/b c+d'],
  '/b%2Fk': ['b/k', undefined],
}
for (const [path, expected] of Object.entries(paths)) {
  test(`path style: ${path}`, () => deepEqual(name(path), expected))
}

test('virtual-host style takes the bucket from the host, whatever its port and case', () => {
  deepEqual(name('/k', { host: 'b.localhost:9000' }), ['b', 'k'])
  deepEqual(name('/', { host: 'B.LocalHost' }), ['b', undefined])
  deepEqual(name('/k', { host: 'a.b.s3.example.com' }), ['a.b', 'k'])
  deepEqual(name('/b/k', { host: 's3.example.com' }), ['b', 'k'])
  deepEqual(name('/b/k', { host: 'xlocalhost' }), ['b', 'k'])
})

test('a domain below another is itself, and its buckets are its own, in whatever order they were named', () => {
  for (const domains of [
    ['example.com', 's3.example.com'],
    ['s3.example.com', 'example.com'],
  ]) {
    deepEqual(name('/k', { domains, host: 'b.s3.example.com' }), ['b', 'k'])
    deepEqual(name('/b/k', { domains, host: 's3.example.com' }), ['b', 'k'])
    deepEqual(name('/k', { domains, host: 's3x.example.com' }), ['s3x', 'k'])
  }
})

test('a port that is not there and the dot of the root are no part of a host', () => {
  deepEqual(name('/k', { host: 'b.localhost:' }), ['b', 'k'])
  deepEqual(name('/k', { host: 'b.localhost.:80' }), ['b', 'k'])
})

test('another host is the name of a bucket only where that is said, and never an address or a name without a dot', () => {
  const hostsAreBuckets = true
  deepEqual(name('/k', { host: 'Photos.Example.NET:80' }), ['k', undefined])
  deepEqual(name('/k', { hostsAreBuckets, host: 'Photos.Example.NET:80' }), [
    'photos.example.net',
    'k',
  ])
  deepEqual(name('/k', { hostsAreBuckets, host: 'b.localhost' }), ['b', 'k'])
  for (const host of ['s3.example.com', 'store', '10.0.0.1:9000', '[::ffff:10.0.0.1]:9000', ''])
    deepEqual(name('/b/k', { hostsAreBuckets, host }), ['b', 'k'], host)
})

test('a mount is cut off, and nothing else is below it', () => {
  deepEqual(name('/s3/b/k', { mount: '/s3' }), ['b', 'k'])
  deepEqual(name('/s3', { mount: '/s3' }), [undefined, undefined])
  deepEqual(name('/s3/', { mount: '/s3' }), [undefined, undefined])
  throws(() => name('/s3x/b', { mount: '/s3' }), { code: 's3/invalid-uri' })
  equal(hasMount('/s3x', '/s3'), false)
})

test('a key without bucket is no address', () => {
  throws(() => name('//k'), { code: 's3/invalid-uri' })
})

test('old signatures see the path without mount, with the bucket of the host', () => {
  const raw = (path: string, options: object) =>
    resolveAddress(path, { ...plain, ...options }).rawResource
  equal(raw('/s3/b/a%20b', { mount: '/s3' }), '/b/a%20b')
  equal(raw('/a%20b', { host: 'b.localhost' }), '/b/a%20b')
})
