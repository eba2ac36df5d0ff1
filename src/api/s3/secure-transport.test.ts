import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { isSecure } from '#api/s3/secure-transport'

test('only what has never left this machine is safe', () => {
  for (const peer of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    equal(isSecure({ peer, headers: {} }), true, peer)
  for (const peer of ['192.168.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.evil', ''])
    equal(isSecure({ peer, headers: {} }), false, peer)
})

test('or what a proxy on this machine took over TLS', () => {
  const by = (peer: string, proto: string) =>
    isSecure({ peer, headers: { 'x-forwarded-proto': proto } })
  equal(by('127.0.0.1', 'https'), true)
  equal(by('127.0.0.1', 'http'), false)
  equal(by('127.0.0.1', 'http,https'), false)
  equal(by('192.168.0.1', 'https'), false)
})
