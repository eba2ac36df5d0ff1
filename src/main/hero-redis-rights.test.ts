import { deepEqual, equal, throws } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Rights } from '#api/hero-redis/rights'
import { Fault } from '#fault/fault'
import { firstRightsFile, parseRights } from '#main/hero-redis-rights'

const hash = 'a'.repeat(64)
const other = 'b'.repeat(64)

test('a file that was made because there was none gives nobody anything', () => {
  deepEqual(parseRights(firstRightsFile, 'file'), { anonymous: {}, secrets: [], keys: [] })
})

test('its examples are understood as they stand there', () => {
  const examples = firstRightsFile.replaceAll(/^#(?=\[|\w+ =)/gm, '')
  const rights = parseRights(examples, 'file')
  deepEqual(rights.anonymous, { read: [{ first: 0, last: 9 }] })
  deepEqual(
    [...rights.secrets, ...rights.keys].map(({ name }) => name),
    ['uploader', 'alice'],
  )
})

test('every file on the page is understood', () => {
  const page = readFileSync(new URL('../../docs/operate/hero-redis.md', import.meta.url), 'utf8')
  const files = [...page.matchAll(/^```toml\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text)
  equal(files.length > 0, true)
  for (const file of files) parseRights(file, 'page')
})

test('databases are numbers, ranges, or all', () => {
  const read = (text: string) => parseRights(`[anonymous]\nread = "${text}"`, 'file').anonymous.read
  deepEqual(read('5'), [{ first: 5, last: 5 }])
  deepEqual(read(' 0 - 9,500 , 7-7'), [
    { first: 0, last: 9 },
    { first: 500, last: 500 },
    { first: 7, last: 7 },
  ])
  deepEqual(read('all'), [{ first: 0, last: 999 }])
  for (const wrong of ['', '1000', '9-0', '-1', '1;2', '0-1000', 'All', '1,,2', '0x1'])
    throws(() => read(wrong), { code: 'main/rights-unusable' })
})

const mistakes: readonly (readonly [text: string, reason: RegExp])[] = [
  ['[anonymous', /line 1/],
  ['[anonymous]\nadmin = "all"', /anonymous.*admin/],
  ['[other]', /other/],
  [`[[secret]]\nname = "a"\nsha256 = "${hash.slice(1)}"`, /secret\.0\.sha256.*64 hex digits/],
  [`[[secret]]\nsha256 = "${hash}"`, /secret\.0\.name/],
  [`[[secret]]\nname = "a"\nsecret = "open sesame"`, /secret\.0/],
  [`[[key]]\nname = "a"\npublic_key = "${hash}"\nread = 5`, /key\.0\.read/],
  [
    `[[secret]]\nname = "a"\nsha256 = "${hash}"\n[[secret]]\nname = "b"\nsha256 = "${hash.toUpperCase()}"`,
    /a and b are the same/,
  ],
]
for (const [text, reason] of mistakes)
  test(`refused: ${text.replaceAll('\n', ' ').slice(0, 60)}`, () => {
    throws(
      () => parseRights(text, 'the file'),
      (error) =>
        error instanceof Fault &&
        error.code === 'main/rights-unusable' &&
        error.detail['path'] === 'the file' &&
        reason.test(String(error.detail['reason'])) &&
        !/sesame|aaaa/.test(error.message),
    )
  })

test('the same hash may be a secret and a key: they are told apart', () => {
  const text = `[[secret]]\nname = "s"\nsha256 = "${hash}"\nwrite = "1"\n[[key]]\nname = "k"\npublic_key = "${hash}"\nread = "2"\n[[key]]\nname = "o"\npublic_key = "${other}"`
  const rights = new Rights(parseRights(text, 'file'))
  equal(rights.may(`secret ${hash}`, 'write', 1), true)
  equal(rights.may(`key ${hash}`, 'read', 1), false)
  equal(rights.may(`key ${hash}`, 'read', 2), true)
  equal(rights.mayAnywhere(`key ${other}`, 'read'), false)
})
