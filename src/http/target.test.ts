import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseTarget, percentDecode } from '#http/target'

test('the path stays raw and the query is decoded', () => {
  deepEqual(parseTarget('/a%2Fb/../c?x=1+2&y&z=%C3%A9&&x='), {
    rawPath: '/a%2Fb/../c',
    query: [
      { name: 'x', value: '1 2' },
      { name: 'y', value: '' },
      { name: 'z', value: 'é' },
      { name: 'x', value: '' },
    ],
  })
})

test('the absolute form is accepted', () => {
  equal(parseTarget('http://host:80/a?b').rawPath, '/a')
  equal(parseTarget('http://host').rawPath, '/')
})

for (const target of ['*', '', 'a/b', 'ftp://host/a', '/?x=%', '/?%zz', '/?x=%ff']) {
  test(`refused: ${target}`, () =>
    throws(() => parseTarget(target), { code: 'http/malformed-target' }))
}

test('every text survives percent-encoding', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (!text.isWellFormed()) return
      equal(percentDecode(encodeURIComponent(text)), text)
      equal(percentDecode(Buffer.from(text.replaceAll('%', '%25')).toString('latin1')), text)
    }),
  ))
