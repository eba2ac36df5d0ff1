import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseBackendLogins,
  parseShardBackend,
  parseShardKey,
  parseShardPlace,
  ShardBackends,
} from '#content/shard-backends'

test('a backend is a server, a database, and a label', () => {
  deepEqual(parseShardBackend('203.0.113.1:6666/7'), {
    ...{ host: '203.0.113.1', port: 6666, db: 7 },
    label: '203.0.113.1:6666/7',
  })
  deepEqual(parseShardBackend(' [2001:DB8:0::1]:6379/0=far-away '), {
    ...{ host: '2001:db8::1', port: 6379, db: 0 },
    label: 'far-away',
  })
  equal(parseShardBackend('Redis-1.Internal:6379/65535')?.host, 'redis-1.internal')
})

for (const text of [
  '',
  '203.0.113.1',
  '203.0.113.1:6379',
  '203.0.113.1:0/1',
  '203.0.113.1:65536/1',
  '203.0.113.1:6379/65536',
  '203.0.113.1:6379/1=',
  '203.0.113.1:6379/1=a b',
  '2001:db8::1:6379/1',
  '[2001:db8::1:6379/1',
  '203.0.113.256:6379/1',
  '0x7f.1:6379/1',
  'redis://h:1/1',
  'a b:1/1',
])
  test(`"${text}" is no backend`, () => equal(parseShardBackend(text), undefined))

test('whoever asks in another spelling means the same, and nobody else is found', () => {
  const pool = { at: () => Promise.reject(new Error('nobody asks')) }
  const [v4, v6] = [parseShardBackend('10.0.0.1:6379/1'), parseShardBackend('[::1]:6379/1')]
  const backends = new ShardBackends(v4 && v6 ? [v4, v6] : [], { logins: new Map(), pool })
  const find = (host: string, port = '6379', db = '1') => {
    const place = parseShardPlace({ host, port, db })
    return place && backends.find(place)
  }
  equal(find('10.0.0.1'), v4)
  equal(find('::ffff:10.0.0.1'), v4)
  equal(find('0:0:0:0:0:0:0:1'), v6)
  equal(find('10.0.0.1', '06379', '01'), v4)
  for (const other of ['10.0.0.2', 'localhost', '167772161', '10.1', '010.0.0.1'])
    equal(find(other), undefined, other)
  equal(find('10.0.0.1', '6380'), undefined)
  equal(find('10.0.0.1', '6379', '2'), undefined)
})

test('a key is 16 bytes in hex', () => {
  deepEqual(parseShardKey('0A'.repeat(16)), new Uint8Array(16).fill(10))
  equal(parseShardKey('0a'.repeat(15)), undefined)
  equal(parseShardKey('0g'.repeat(16)), undefined)
})

test('logins by label', () => {
  const seed = 'ab'.repeat(32)
  const logins = parseBackendLogins(`# two\none token s3cret\ntwo private-key ${seed}\n`)
  deepEqual(logins.get('one'), { kind: 'token', token: 's3cret' })
  deepEqual(logins.get('two'), { kind: 'private-key', seed: new Uint8Array(32).fill(0xab) })
  for (const line of ['one', 'one token', 'one password x', 'one private-key 00'])
    throws(() => parseBackendLogins(`\n${line}`), { code: 'content/malformed-tokens' })
})
