import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { isSecure } from '#api/s3/secure-transport'

test('only what has never left this machine is safe', () => {
  for (const peer of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])
    equal(isSecure({ peer }), true, peer)
  for (const peer of ['192.168.0.1', '128.0.0.1', '::2', '::ffff:10.0.0.1', '127.0.0.1.evil', ''])
    equal(isSecure({ peer }), false, peer)
})
