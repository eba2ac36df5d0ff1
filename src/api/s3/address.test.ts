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
