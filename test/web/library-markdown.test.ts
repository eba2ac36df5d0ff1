/** Markdown of strangers as pages of libraries show it: what it becomes, and that nothing of it runs, as a real browser reads it. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { html } from '#api/library/pages/html'
import {
  markdownCharactersMax,
  markdownLinesMax,
  renderMarkdown,
} from '#api/library/pages/markdown'
import { visibleText, visibleWords } from '#api/library/pages/unseen'
import { type OpenedBrowser, type OpenedPage, startBrowser, withoutBrowser } from './browser.ts'
import { hostileMarkdown, hostilePieces } from './hostile-markdown.ts'

const place = {
  library: { scope: 'field-notes', name: 'handbook' },
  version: '1.0.0',
  path: 'docs/guide.md',
  files: new Set(['README.md', 'docs/guide.md', 'docs/review.md', 'img/map.png', 'a b/ü.md']),
}

function render(text: string): string {
  const { body, fields } = renderMarkdown(text, place)
  const shown = [...fields].map(([name, value]) => html`<dt>${name}</dt><dd>${String(value)}</dd>`)
  return String(html`<article>${shown}${body}</article>`)
}

test('CommonMark and what GitHub adds to it', () => {
  equal(
    render('# A *b*\n\n- [x] done\n- [ ] open\n\n~~no~~ https://example.org/'),
    '<article><h2 id="md-a-b">A <em>b</em></h2><ul>' +
      '<li class="task"><input type="checkbox" disabled aria-label="done" checked> done </li>' +
      '<li class="task"><input type="checkbox" disabled aria-label="to do"> open </li></ul>' +
      '<p><s>no</s> <a href="https://example.org/" rel="nofollow noopener ugc">https://example.org/</a></p></article>',
  )
  match(render('| a | b |\n| - | -: |\n| 1 | 2 |'), /<td class="to-right">2<\/td>/)
  match(render('x[^n]\n\n[^n]: note'), /<a href="#md-fn-1" aria-label="Footnote 1">1<\/a>/)
  match(
    render('```ts\nconst a = 1 < 2\n```'),
    /<pre tabindex="0" data-language="ts"><code>const a = 1 &lt; 2/,
  )
  match(
    render('> [!WARNING]\n> Hot.'),
    /class="alert alert-warning"><p class="alert-title">Warning/,
  )
})

test('headings have ids as on GitHub, each once, and are told as a table of contents', () => {
  const { headings } = renderMarkdown('# One\n\n## Two, three\n\n## One\n\n# Über `x`', place)
  deepEqual(
    headings.map(({ id, level }) => [id, level]),
    [
      ['md-one', 1],
      ['md-two-three', 2],
      ['md-one-1', 2],
      ['md-über-x', 1],
    ],
  )
})

const files = '/@field-notes/handbook/v/1.0.0/files'
for (const [written, leads] of [
  ['review.md', `href="${files}/docs/review.md"`],
  ['./review.md#The-Rule', `href="${files}/docs/review.md#md-the-rule"`],
  ['../README.md', `href="${files}/README.md"`],
  ['/README.md', `href="${files}/README.md"`],
  ['../docs', `href="${files}/docs"`],
  ['<../a b/ü.md>', `href="${files}/a%20b/%C3%BC.md"`],
  ['#here', 'href="#md-here"'],
  ['https://example.org/a', 'href="https://example.org/a" rel="nofollow noopener ugc"'],
  ['mailto:a@example.org', 'href="mailto:a@example.org" rel="nofollow noopener ugc"'],
  ['nobody.md', 'class="leads-nowhere"'],
  ['../../other', 'class="leads-nowhere"'],
  ['%2e%2e/%2e%2e/other', 'class="leads-nowhere"'],
  ['ftp://example.org/', 'class="leads-nowhere"'],
  ['//example.org/', 'class="leads-nowhere"'],
  ['https://user:secret@example.org/', 'class="leads-nowhere"'],
] as const) {
  test(`a link to ${written} leads where it should, or nowhere`, () => {
    ok(render(`[x](${written})`).includes(leads), render(`[x](${written})`))
  })
}

test('pictures of the version are drawn, others are links that nobody has to follow', () => {
  match(
    render('![map](../img/map.png "m")'),
    /<img src="\/@field-notes\/handbook\/v\/1\.0\.0\/raw\/img\/map\.png" alt="map" loading="lazy" title="m">/,
  )
  match(
    render('![p](https://example.org/p.gif)'),
    /<a class="far-picture" href="https:\/\/example\.org\/p\.gif"/,
  )
  for (const absent of ['img/none.png', '../README.md', 'data:image/png;base64,AA', '//x/y.png'])
    ok(!render(`![p](${absent})`).includes('<img'), absent)
})

test('what cannot be seen is shown', () => {
  equal(String(html`${visibleText('a\u202eb')}`).includes('>U+202E</mark>'), true)
  equal(visibleWords('x\u200by\u{e0041}z\u0000\ufeff'), 'x[U+200B]y[U+E0041]z[U+0000][U+FEFF]')
  for (const fine of ['👩‍👩‍👧', '❤️', 'می‌خواهم', 'क्‍ष', 'tab\tand\nline', 'ü é 漢字'])
    equal(visibleWords(fine), fine)
})

test('front matter is metadata', () => {
  const { fields, body } = renderMarkdown('---\nname: x\ntags:\n  - a\n  - b\n---\n# T', place)
  deepEqual([...fields.keys()], ['name', 'tags'])
  equal(String(html`${body}`), '<h2 id="md-t">T</h2>')
})

test('no text of marks takes long', () => {
  for (const mark of [
    '*',
    '_',
    '`',
    '[',
    '](',
    '![',
    '[^',
    '~',
    '> ',
    '- ',
    '|',
    '&',
    '<',
    '[a](',
    '*a_ ',
    'x^[',
    '\\',
  ]) {
    const startedAt = performance.now()
    renderMarkdown(`a ${mark.repeat(Math.ceil(markdownCharactersMax / mark.length))} b`, place)
    const ms = performance.now() - startedAt
    ok(ms < 10_000, `${mark}: ${Math.round(ms)} ms`) // a tenth of a second when nothing is wrong, minutes when something is
  }
  const rows = '|a\n|-\n'.repeat(markdownLinesMax / 2)
  const startedAt = performance.now()
  renderMarkdown(rows, place)
  ok(performance.now() - startedAt < 20_000)
})

const skip = withoutBrowser
let browser: OpenedBrowser
let opened: OpenedPage
if (skip === false) {
  before(async () => {
    browser = await startBrowser()
    opened = await browser.open('about:blank') // without a policy that would stop what runs
  })
  after(async () => {
    await browser[Symbol.asyncDispose]()
  })
}

test('what looks for strangers finds them', { skip }, async () => {
  const found = await strangersIn([
    '<article><a href="javascript:x">1</a></article>',
    '<article><p onclick="x">2</p></article>',
    '<article><video></video><h2 id="main">4</h2></article>',
  ])
  equal(found.length, 4)
})

test('of known attacks a browser makes only harmless elements, and nothing runs', {
  skip,
}, async () => {
  deepEqual(await strangersIn(hostileMarkdown.map(render)), [])
})

test('whatever attacks are made of, put together by chance', { skip }, async () => {
  const texts = fc.sample(
    fc.array(fc.constantFrom(...hostilePieces), { maxLength: 30 }).map((pieces) => pieces.join('')),
    { numRuns: 1500, seed: 36 },
  )
  deepEqual(await strangersIn(texts.map(render)), [])
})

/** What a browser finds in documents that should not be there; each is also put into a page that would run it. */
async function strangersIn(documents: readonly string[]): Promise<readonly string[]> {
  const { page, requests } = opened
  const before = requests.length
  const strangers = await page.evaluate(findStrangers, documents)
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50))) // what loads or toggles does so later
  equal(await page.evaluate(() => 'hasRun' in window), false)
  const asked = requests.slice(before).filter((request) => /example|tracker/.test(request))
  return [...strangers, ...asked]
}

/** Runs in the browser. */
function findStrangers(documents: readonly string[]): readonly string[] {
  const attributes: Readonly<Record<string, readonly string[]>> = {
    A: ['href', 'rel', 'title', 'class', 'aria-label'],
    IMG: ['src', 'alt', 'title', 'loading'],
    INPUT: ['type', 'disabled', 'checked', 'aria-label'],
    OL: ['start'],
    LI: ['class', 'id'],
    TH: ['scope', 'class'],
    TD: ['class'],
    DIV: ['class', 'tabindex'],
    PRE: ['tabindex', 'data-language'],
    SECTION: ['class', 'aria-label'],
    SUP: ['id'],
    BLOCKQUOTE: ['class'],
    SPAN: ['class'],
    MARK: ['class', 'title'],
    P: ['class'],
    ...Object.fromEntries(['H2', 'H3', 'H4', 'H5', 'H6'].map((tag) => [tag, ['id']])),
    ...Object.fromEntries(
      [
        'ARTICLE',
        'DT',
        'DD',
        'UL',
        'EM',
        'STRONG',
        'S',
        'CODE',
        'HR',
        'BR',
        'TABLE',
        'THEAD',
        'TBODY',
        'TR',
      ].map((tag) => [tag, []]),
    ),
  }
  const strangers: string[] = []
  for (const text of documents) {
    const parsed = new DOMParser().parseFromString(text, 'text/html')
    for (const element of [
      ...parsed.head.querySelectorAll('*'),
      ...parsed.body.querySelectorAll('*'),
    ]) {
      const allowed = attributes[element.tagName]
      const isStrange =
        allowed === undefined ||
        element.namespaceURI !== 'http://www.w3.org/1999/xhtml' ||
        [...element.attributes].some(({ name }) => !allowed.includes(name)) ||
        /^(?!https?:\/\/[^@]*$|mailto:|\/@field-notes\/handbook\/v\/1\.0\.0\/files(?:\/|$)|#md-)/.test(
          element.getAttribute('href') ?? '#md-',
        ) ||
        /^(?!\/@field-notes\/handbook\/v\/1\.0\.0\/raw\/)/.test(
          element.getAttribute('src') ?? '/@field-notes/handbook/v/1.0.0/raw/',
        ) ||
        (element.id !== '' && !element.id.startsWith('md-'))
      if (isStrange) strangers.push(element.outerHTML.slice(0, 300))
    }
    document.body.innerHTML = text
    for (const link of document.querySelectorAll('a'))
      link.dispatchEvent(new MouseEvent('mouseover'))
  }
  return strangers
}
