import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { isSecure } from '#api/s3/secure-transport'

test('in clear text only what has never left this machine is safe', () => {
  const of = (peer: string) => isSecure({ peer, isEncrypted: false, headers: {} })
  for (const peer of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    equal(of(peer), true, peer)
  for (const peer of ['192.168.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.evil', ''])
    equal(of(peer), false, peer)
})

test('what came through TLS is safe from anywhere', () => {
  equal(isSecure({ peer: '192.168.0.1', isEncrypted: true, headers: {} }), true)
})

test('or what a proxy on this machine took over TLS, but nothing that one took in clear', () => {
  const by = (peer: string, proto: string, isEncrypted = false) =>
    isSecure({ peer, isEncrypted, headers: { 'x-forwarded-proto': proto } })
  equal(by('127.0.0.1', 'https'), true)
  equal(by('127.0.0.1', 'http'), false)
  equal(by('127.0.0.1', 'http,https'), false)
  equal(by('192.168.0.1', 'https'), false)
  equal(by('192.168.0.1', 'http', true), false)
})
