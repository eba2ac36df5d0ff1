import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { formatProfile, namedProfiles, parseProfile } from '#erasure/profile'
import { isFault } from '#fault/fault'

test('a profile reads back as it is written', () => {
  for (const profile of [...Object.values(namedProfiles), { data: 1, parity: 255 }]) {
    deepEqual(parseProfile(formatProfile(profile)), profile)
  }
  equal(formatProfile(parseProfile('default')), '10+4')
  deepEqual(parseProfile('256+0'), { data: 256, parity: 0 })
})

test('what is no profile is refused', () => {
  const refused = [
    '',
    '10',
    '10+',
    '+4',
    '0+4',
    '010+4',
    '10+04',
    '10 + 4',
    '253+4',
    '1e1+4',
    '10+4 ',
  ]
  for (const text of [...refused, 'Default', 'toString']) {
    throws(
      () => parseProfile(text),
      (error) => isFault(error, 'erasure/invalid-profile'),
      text,
    )
  }
})
