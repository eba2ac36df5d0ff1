import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { readCredentials, writeCredentials } from '#identity/credentials-file'

const credentials = { accessKeyId: 'AK', secret: 'a/b+c=d' }

test('what is written reads back', () => {
  deepEqual(readCredentials(writeCredentials('default', credentials), 'default'), credentials)
})

test('a file that people wrote reads, too', () => {
  const text =
    '# mine\r\n[other]\naws_access_key_id=X\n\n[ default ]\n; note\nregion = us-east-1\nAWS_ACCESS_KEY_ID=AK\naws_secret_access_key =a/b+c=d\r\n'
  deepEqual(readCredentials(text, 'default'), credentials)
})

test('a missing profile is undefined, half a pair is a fault', () => {
  equal(readCredentials(writeCredentials('default', credentials), 'other'), undefined)
  throws(() => readCredentials('[default]\naws_access_key_id = AK\n', 'default'), {
    code: 'identity/malformed-credentials-file',
  })
})
