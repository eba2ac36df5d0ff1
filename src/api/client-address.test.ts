import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { clientAddress } from '#api/client-address'

const isProxy = (address: string): boolean => address.startsWith('10.')
const of = (peer: string, forwarded?: string): string =>
  clientAddress(
    { peer, headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } },
    isProxy,
  )

test('the nearest that is none of ours', () => {
  equal(of('203.0.113.5'), '203.0.113.5')
  equal(of('203.0.113.5', '198.51.100.1'), '203.0.113.5', 'who is no proxy says nothing of others')
  equal(of('10.0.0.1', '203.0.113.5'), '203.0.113.5')
  equal(of('10.0.0.1', '198.51.100.1, 203.0.113.5'), '203.0.113.5')
  equal(of('10.0.0.1', '203.0.113.5, 10.0.0.2'), '203.0.113.5')
  equal(of('10.0.0.1'), '10.0.0.1')
  equal(of('10.0.0.1', '10.0.0.2, ,'), '10.0.0.1')
})
