import { deepEqual, equal } from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatIp, parseIp, unmapIp } from '#content/ip-address'

test('addresses have the spelling of RFC 5952', () => {
  const spellings = [
    ['10.0.0.1', '10.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['::ffff:a00:1', '::ffff:10.0.0.1'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ] as const
  for (const [written, canonical] of spellings) {
    const bytes = parseIp(written)
    equal(bytes && formatIp(bytes), canonical, written)
  }
})

test('what is no address is none', () => {
  const others = [
    ...['', 'localhost', '1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.4 ', '0x1.2.3.4'],
    ...[':', ':::', '1:2', '1:2:3:4:5:6:7:8:9', '1:2:3:4::5:6:7:8', '1::2::3', '12345::', 'g::'],
    ...['[::1]', 'fe80::1%eth0', '1.2.3.4::', '::1.2.3', '1:2:3:4:5:6:7:1.2.3.4', '-1.2.3.4'],
  ]
  for (const text of others) {
    equal(parseIp(text), undefined, text)
    if (!text.includes('%')) equal(isIP(text), 0, text)
  }
})

const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  // with zeros in a row, as they are
  fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
      minLength: 8,
      maxLength: 8,
    })
    .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))),
)

test('every address is read as it is written, and known to Node and to URLs', () =>
  fc.assert(
    fc.property(address, (bytes) => {
      const text = formatIp(bytes)
      deepEqual(parseIp(text), bytes)
      equal(isIP(text), bytes.length === 4 ? 4 : 6)
    }),
  ))

test('a mapped address is the one it stands for', () => {
  deepEqual(unmapIp(parseIp('::ffff:10.0.0.1') ?? new Uint8Array()), parseIp('10.0.0.1'))
  deepEqual(unmapIp(parseIp('::fffe:10.0.0.1') ?? new Uint8Array()), parseIp('::fffe:a00:1'))
  deepEqual(unmapIp(parseIp('10.0.0.1') ?? new Uint8Array()), parseIp('10.0.0.1'))
})
