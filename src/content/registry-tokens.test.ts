import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { findRegistryToken, parseRegistryTokens } from '#content/registry-tokens'
import { sha256HexOf } from '#crypto/digest'

const hash = sha256HexOf(Buffer.from('secret'))

test('one token a line, found by its text', () => {
  const tokens = parseRegistryTokens(
    `# two\n\nalice upload ${hash}\r\n  bob@home delete,upload ${hash.replace(/^./, 'f').toUpperCase()}  \n`,
  )
  equal(tokens.size, 2)
  deepEqual(findRegistryToken(tokens, 'secret'), { name: 'alice', rights: ['upload'] })
  equal(findRegistryToken(tokens, hash), undefined)
})

for (const line of [
  'alice',
  `alice upload`,
  `alice fly ${hash}`,
  `alice upload ${hash}0`,
  `alice upload, ${hash}`,
  `a b upload ${hash}`,
])
  test(`"${line}" is none, and its number is told`, () =>
    throws(() => parseRegistryTokens(`\n${line}\n`), {
      code: 'content/malformed-tokens',
      detail: { line: 2 },
    }))
