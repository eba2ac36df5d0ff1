import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { isGuest } from '#api/s3/anonymous'

const nobodyElse = { alsoFrom: () => false }
const bridge = { alsoFrom: (peer: string) => peer.startsWith('172.18.') }

test('a program of this machine is welcome under the names of this machine only', () => {
  for (const peer of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1']) {
    for (const host of ['localhost', 'LOCALHOST:8080', '127.0.0.1:8080', '[::1]:8080'])
      equal(isGuest({ peer, headers: { host } }, nobodyElse), true, `${peer} ${host}`)
    for (const host of ['rebound.example', 'store', '10.0.0.1', ''])
      equal(isGuest({ peer, headers: { host } }, nobodyElse), false, `${peer} ${host}`)
  }
})

test('another machine is welcome only from a network that was named, under a name that nobody can rebind', () => {
  for (const host of ['store:8080', '172.18.0.2', 'localhost:8080', '[fd00::2]:8080']) {
    equal(isGuest({ peer: '172.18.0.9', headers: { host } }, bridge), true, host)
    equal(isGuest({ peer: '172.18.0.9', headers: { host } }, nobodyElse), false, host)
    equal(isGuest({ peer: '172.19.0.9', headers: { host } }, bridge), false, host)
  }
  for (const host of ['rebound.example', 'store.example:8080', 'store.', ''])
    equal(isGuest({ peer: '172.18.0.9', headers: { host } }, bridge), false, host)
})

test('whoever speaks for somebody else is not welcome from anywhere', () => {
  for (const name of ['origin', 'forwarded', 'via', 'x-forwarded-for', 'x-forwarded-proto']) {
    const headers = { host: 'localhost', [name]: 'x' }
    equal(isGuest({ peer: '127.0.0.1', headers }, bridge), false, name)
    equal(isGuest({ peer: '172.18.0.9', headers }, bridge), false, name)
  }
})
