import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#fault/fault'
import { keyBytesMax, parseBucketName, parseObjectKey } from '#object/names'

test('bucket names follow the rules of S3', () => {
  for (const name of ['abc', 'a1b', '1-2', 'my.bucket.name', 'a'.repeat(63)]) {
    equal(parseBucketName(name), name)
  }
  const refused = [
    '',
    'ab',
    'a'.repeat(64),
    'Abc',
    'a_b',
    '-ab',
    'ab-',
    '.ab',
    'ab.',
    'a..b',
    'a.-b',
    'a-.b',
    '192.168.0.1',
    'ä11',
  ]
  for (const name of refused) {
    throws(
      () => parseBucketName(name),
      (error) => isFault(error, 'object/invalid-bucket-name'),
    )
  }
})

test('keys are any text of 1 to 1,024 bytes', () => {
  for (const key of [
    'a',
    'a..b',
    '/a//b/',
    '../x',
    ' ',
    '%',
    'é'.repeat(512),
    '\u{1F600}',
    'a\nb',
  ]) {
    equal(parseObjectKey(key), key)
  }
  throws(
    () => parseObjectKey(''),
    (error) => isFault(error, 'object/invalid-key'),
  )
  throws(
    () => parseObjectKey('a\0b'),
    (error) => isFault(error, 'object/invalid-key'),
  )
  throws(
    () => parseObjectKey('\ud800'),
    (error) => isFault(error, 'object/invalid-key'),
  )
  throws(
    () => parseObjectKey(`${'é'.repeat(keyBytesMax / 2)}a`),
    (error) => isFault(error, 'object/key-too-long'),
  )
})
