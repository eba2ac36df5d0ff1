import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { parseNetworks } from '#main/networks'

test('a network holds its addresses and no other', () => {
  const networks = parseNetworks('172.18.0.0/16, fd00:18::/64,10.1.2.3/32')
  deepEqual(networks?.names, ['172.18.0.0/16', 'fd00:18::/64', '10.1.2.3/32'])
  const inside = ['172.18.0.1', '172.18.255.255', '::ffff:172.18.0.1', 'fd00:18::1', '10.1.2.3']
  const outside = ['172.17.255.255', '172.19.0.0', '10.1.2.4', 'fd00:18:0:1::1', '::1', '']
  for (const address of inside) equal(networks?.include(address), true, address)
  for (const address of [...outside, '127.0.0.1', 'fe80::1%eth0', 'localhost'])
    equal(networks?.include(address), false, address)
})

test('what is not strictly a list of networks is none', () => {
  for (const text of [
    '172.18.0.0',
    '172.18.0.1/16', // not the first address of its network
    '172.18.0.0/33',
    '172.18.0.0/',
    '172.018.0.0/16',
    '172.18.0.0/16,',
    '172.18.0.0/16;10.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    'fd00::1/64',
    'fe80::%eth0/64',
    'private',
  ])
    equal(parseNetworks(text), undefined, text)
})
