import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BlockOfText, type Inline, parseInline, parseMarkdown } from '#web/markdown'

const text = (content: string): Inline => ({ kind: 'text', text: content })
const paragraph = (content: string): BlockOfText => ({
  kind: 'paragraph',
  inside: [text(content)],
})

test('headings, paragraphs, rules and code', () => {
  deepEqual(parseMarkdown('# One ##\r\n\r\ntwo\nlines\n***\n```ts\n# no heading\n```\nend'), [
    { kind: 'heading', level: 1, inside: [text('One')] },
    paragraph('two\nlines'),
    { kind: 'rule' },
    { kind: 'code', text: '# no heading' },
    paragraph('end'),
  ])
})

test('a fence that nobody closes goes to the end', () => {
  deepEqual(parseMarkdown('~~~\na\n\nb'), [{ kind: 'code', text: 'a\n\nb' }])
})

test('lists in lists, numbers, and several lines of one entry', () => {
  deepEqual(parseMarkdown('- a\n  - b\n- c\n  d\n\n3. x\n4. y'), [
    {
      kind: 'list',
      isOrdered: false,
      start: 1,
      items: [
        [paragraph('a'), { kind: 'list', isOrdered: false, start: 1, items: [[paragraph('b')]] }],
        [paragraph('c\nd')],
      ],
    },
    { kind: 'list', isOrdered: true, start: 3, items: [[paragraph('x')], [paragraph('y')]] },
  ])
})

test('quotes and tables', () => {
  deepEqual(parseMarkdown('> a\n> b\n\n| x | y |\n| - | :-: |\n| 1 | 2 \\| 3 |'), [
    { kind: 'quote', blocks: [paragraph('a\nb')] },
    {
      kind: 'table',
      rows: [
        [[text('x')], [text('y')]],
        [[text('1')], [text('2 | 3')]],
      ],
    },
  ])
})

test('words in bold, slanted, struck out, code, and escaped', () => {
  deepEqual(parseInline('**b** *i* _j_ ~~s~~ `c` snake_case_name \\*'), [
    { kind: 'strong', inside: [text('b')] },
    text(' '),
    { kind: 'emphasis', inside: [text('i')] },
    text(' '),
    { kind: 'emphasis', inside: [text('j')] },
    text(' '),
    { kind: 'strike', inside: [text('s')] },
    text(' '),
    { kind: 'code', text: 'c' },
    text(' snake_case_name '),
    text('*'),
  ])
})

test('links lead to servers and to mail, pictures become links', () => {
  const link = (url: string, shown: string): Inline => ({
    kind: 'link',
    url,
    inside: [text(shown)],
  })
  deepEqual(parseInline('[a](https://example.org/ "t")'), [link('https://example.org/', 'a')])
  deepEqual(parseInline('![p](http://example.org/p.png)'), [link('http://example.org/p.png', 'p')])
  deepEqual(parseInline('<https://example.org/>'), [
    link('https://example.org/', 'https://example.org/'),
  ])
  deepEqual(parseInline('[m](mailto:a@example.org)'), [link('mailto:a@example.org', 'm')])
})

for (const hostile of [
  '[a](javascript:alert(1))',
  '[a](JaVaScRiPt:alert%281%29)',
  '[a](data:text/html,x)',
  '[a](blob:https://example.org/x)',
  '[a](//example.org)',
  '[a](/api/v1)',
  '[a](#key=00)',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
]) {
  test(`${hostile} is no link and no tag`, () => {
    const parts = parseInline(hostile)
    ok(parts.every(({ kind }) => kind === 'text'))
    equal(wordsOf(parts), hostile)
  })
}

test('every text is read, and every word of it is shown', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (any) => {
      parseMarkdown(any)
      const word = any.replaceAll(/[^a-z]/g, '')
      ok(allWords(parseMarkdown(`${word}\n\n${word}`)).includes(word))
    }),
  ))

test('no text of marks takes long', () => {
  const length = 256 * 1024
  const startedAt = performance.now()
  for (const mark of [
    '*',
    '_',
    '`',
    '[',
    '](',
    '~',
    '> ',
    '- ',
    '#',
    ' ',
    '|',
    '<https://',
    '\\',
    '1. ',
    '``` `',
  ])
    parseMarkdown(`a ${mark.repeat(Math.ceil(length / mark.length))} b`)
  const ms = performance.now() - startedAt
  ok(ms < 30_000, `${Math.round(ms)} ms`) // a second when nothing is wrong, minutes when something is
})

function wordsOf(parts: readonly Inline[]): string {
  return parts
    .map((part) => {
      if (part.kind === 'break') return '\n'
      return 'text' in part ? part.text : wordsOf(part.inside)
    })
    .join('')
}

function allWords(blocks: readonly BlockOfText[]): string {
  return blocks.map((block) => ('inside' in block ? wordsOf(block.inside) : '')).join('')
}
