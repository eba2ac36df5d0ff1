import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { childOf, readXml, textOf } from '#api/s3/xml-reader'
import { branch, branches, leaf, plainXmlDocument, xmlDocument } from '#api/s3/xml-writer'

const read = (text: string) => readXml(Buffer.from(text))
const anyText = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed())

test('every text survives writing and reading, control characters included', () =>
  fc.assert(
    fc.property(anyText, (text) =>
      equal(textOf(read(xmlDocument('A', leaf('B', text))), 'B'), text),
    ),
    { numRuns: 1000 },
  ))

test('every list of names survives writing and reading', () =>
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 20 }), (names) => {
      const xml = plainXmlDocument(
        'List',
        branches(names, (name) => branch('Contents', leaf('Key', name), leaf('Size', name.length))),
      )
      deepEqual(
        read(xml).children.map((child) => textOf(child, 'Key')),
        names,
      )
    }),
  ))

test('what clients write is understood: prolog, namespaces, comments, CDATA, attributes, white space', () => {
  const root = read(
    '\uFEFF<?xml version="1.0"?>\r\n<!-- hi --><s3:Delete xmlns:s3="http://s3/" a=\'b\' >\n <s3:Quiet>true</s3:Quiet><Empty /><K>a<![CDATA[<&]]>&#66;&#x43;&amp;</K>\n</s3:Delete>\n',
  )
  equal(root.name, 'Delete')
  equal(textOf(root, 'Quiet'), 'true')
  equal(textOf(root, 'Empty'), '')
  equal(textOf(root, 'K'), 'a<&BC&')
  equal(childOf(root, 'Missing'), undefined)
})

test('noise never fails in an unexpected way', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom(
          '<a>',
          '</a>',
          '<b',
          '>',
          '<!--',
          '-->',
          '<![CDATA[',
          ']]>',
          '&lt;',
          '&',
          '<?',
          ' x="y"',
          'text',
        ),
        { maxLength: 12 },
      ),
      (parts) => {
        try {
          read(parts.join(''))
        } catch (error) {
          equal((error as { code?: string }).code, 's3/malformed-xml')
        }
      },
    ),
    { numRuns: 2000 },
  ))

for (const text of [
  '',
  'x',
  '<a>',
  '</a>',
  '<a></b>',
  '<a/><b/>',
  'x<a/>',
  '<a>&</a>',
  '<a>&nope;</a>',
  '<a>&#xD800;</a>',
  '<a>&#x110000;</a>',
  '<!DOCTYPE a><a/>',
  '<a b></a>',
  '<a b=c></a>',
  '<a b="<"></a>',
  '<1/>',
  '<!-- <a/>',
  '<a'.repeat(1000),
  '<a>'.repeat(17) + '</a>'.repeat(17),
]) {
  test(`malformed: ${text.slice(0, 40)}`, () =>
    throws(() => read(text), { code: 's3/malformed-xml' }))
}

test('a hostile document costs time in proportion to its length', () => {
  const hostile = [
    `<a ${' '.repeat(1_000_000)}`,
    `<a>${'&'.repeat(1_000_000)}`,
    '<'.repeat(1_000_000),
  ]
  for (const text of hostile) throws(() => read(text), { code: 's3/malformed-xml' })
})
