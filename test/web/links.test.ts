/** Links in a real browser: a registry with its page, stores with shards, and whatever strangers may have put into them. */
import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type OpenedBrowser, startBrowser, withoutBrowser } from './browser.ts'
import { type LinkSite, startLinkSite } from './link-site.ts'
import * as sample from './samples.ts'
import { type FileToUpload, type Uploaded, uploadDirectory, uploadFile } from './upload.ts'

const skip = withoutBrowser
const required = 3
const total = 5

let site: LinkSite
let browser: OpenedBrowser

if (skip === false) {
  before(async () => {
    site = await startLinkSite({ required, total })
    browser = await startBrowser({ certificate: site.certificate })
  })
  after(async () => {
    await browser[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })
}

test('a link on https, with the key behind the #, which nobody is told', { skip }, async () => {
  const file = await upload({ name: 'notes.txt', content: sample.text, mime: 'text/plain' })
  await using opened = await browser.open(site.linkTo(file))
  const { page, requests, complaints } = opened
  equal(await page.locator('pre.text').innerText(), sample.text)
  equal(await page.title(), 'notes.txt')
  equal(await page.locator('h1').innerText(), 'notes.txt')
  ok(requests.length > 10)
  deepEqual(
    requests.filter((request) => request.includes(file.key)),
    [],
  )
  doesNotMatch(site.log(), new RegExp(file.key))
  deepEqual(strangersAmong(requests, page.url()), [])
  deepEqual(complaints, [])
  equal(await page.evaluate(() => document.cookie), '')
})

test('a key in the query moves behind the #, and the page says who has seen it', {
  skip,
}, async () => {
  const file = await upload({ name: 'notes.txt', content: sample.text })
  await using opened = await browser.open(site.linkTo(file, 'query'))
  const { page, requests } = opened
  await page.locator('pre.text').waitFor()
  equal(page.url(), site.linkTo(file))
  match(await page.locator('#notices').innerText(), /where the server can read it/)
  const before = requests.length
  await page.reload()
  await page.locator('pre.text').waitFor()
  deepEqual(
    requests.slice(before).filter((request) => request.includes(file.key)),
    [],
  )
  equal(await page.locator('#notices').innerText(), '')
  doesNotMatch(site.log(), new RegExp(file.key)) // seen, but not kept
})

test('on plain http the page says what it needs, and asks for nothing', { skip }, async () => {
  const file = await upload({ name: 'notes.txt', content: sample.text })
  await using opened = await browser.open(site.plainLinkTo(file, 'links.test'))
  const { page, requests } = opened
  match(await page.locator('[role=alert]').innerText(), /secure|https/)
  const secure = await page.getByRole('link', { name: 'Open with https' }).getAttribute('href')
  match(secure ?? '', new RegExp(`^https://${file.hash}\\.links\\.test.*#key=${file.key}$`))
  deepEqual(
    requests.filter((request) => request.includes('/api/')),
    [],
  )
})

test('on this machine plain http is enough', { skip }, async () => {
  const file = await upload({ name: 'notes.txt', content: sample.text })
  await using opened = await browser.open(site.plainLinkTo(file, 'localhost'))
  equal(await opened.page.locator('pre.text').innerText(), sample.text)
})

test('an image is drawn, a film can be played, a PDF lies in a frame', { skip }, async () => {
  const image = await upload({ name: 'picture.png', content: sample.png })
  await using withImage = await browser.open(site.linkTo(image))
  await withImage.page.waitForFunction(
    () => document.querySelector('img[alt]:not([alt=""])') !== null,
  )
  const width = await withImage.page
    .getByRole('img', { name: 'picture.png' })
    .evaluate(async (element) => {
      await (element as HTMLImageElement).decode()
      return (element as HTMLImageElement).naturalWidth
    })
  equal(width, sample.pngWidth)
  const film = await upload({ name: 'film.webm', content: await sample.film(browser) })
  await using withFilm = await browser.open(site.linkTo(film))
  await withFilm.page.locator('video').waitFor()
  await withFilm.page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 0)
  const paper = await upload({ name: 'paper.html', content: sample.pdf, mime: 'text/html' })
  await using withPaper = await browser.open(site.linkTo(paper))
  await withPaper.page.locator('iframe.document, .stage .quiet').waitFor()
  for (const { complaints } of [withImage, withFilm, withPaper]) deepEqual(complaints, [])
})

for (const { name, mime, content } of sample.hostileFiles) {
  test(`${name} (${mime}) runs nothing`, { skip }, async () => {
    const file = await upload({ name, content, mime })
    await using opened = await browser.open(site.linkTo(file))
    const { page, requests } = opened
    await page.locator('.stage > *').waitFor()
    match(await page.locator('.stage').innerText(), /alert/)
    equal(await page.evaluate(() => 'hasRun' in window), false)
    equal(await page.locator('.stage :is(script, svg, iframe, object, embed, img)').count(), 0)
    deepEqual(strangersAmong(requests, page.url()), [])
  })
}

test('Markdown is rendered, its tags are text, its pictures are links', { skip }, async () => {
  const file = await upload({ name: 'readme.md', content: sample.markdown })
  await using opened = await browser.open(site.linkTo(file))
  const { page, requests } = opened
  const article = page.locator('article')
  equal(await article.locator('h2').innerText(), 'Field notes')
  equal(await article.locator('li').count(), 3)
  equal(await article.locator('td').first().innerText(), 'Oslo')
  match(await article.innerText(), /<script>/)
  const links = await article.locator('a').evaluateAll((all) => all.map((one) => one.outerHTML))
  equal(links.length, 2)
  for (const link of links) match(link, /rel="noopener noreferrer"/)
  deepEqual(strangersAmong(requests, page.url()), [])
})

test('names of strangers are shown and do no harm', { skip }, async () => {
  const name = '../\u202egpj.<img src=x onerror=alert(1)>.txt'
  const file = await upload({ name, content: sample.text })
  await using opened = await browser.open(site.linkTo(file))
  const { page } = opened
  await page.locator('pre.text').waitFor()
  equal(await page.locator('h1').innerText(), '../\ufffdgpj.<img src=x onerror=alert(1)>.txt')
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save' }).click()
  match((await saving).suggestedFilename(), /^download(?:\.txt)?$/)
  match(await page.locator('#notices').innerText(), /saved as “download”/)
})

test('a directory lists names and sizes, and leads to what is in it', { skip }, async () => {
  const one = await upload({ name: 'one.txt', content: sample.text })
  const inner = await uploadDirectory({ name: 'inner', entries: [one] }, site.stores)
  const gone: Uploaded = { hash: '0'.repeat(32), key: '1'.repeat(32), blocks: [] }
  const directory = { name: 'Expedition', entries: [one, inner, gone] }
  const uploaded = await uploadDirectory(directory, site.stores)
  await using opened = await browser.open(site.linkTo(uploaded))
  const { page, requests } = opened
  await page.getByRole('link', { name: 'inner' }).waitFor()
  await page.getByText('Nothing is here').waitFor()
  const rows = await page.locator('tbody tr').allInnerTexts()
  deepEqual(
    rows.map((row) => row.split('\t')),
    [
      ['one.txt', 'Text', 'up to 5 MiB'],
      ['inner', 'Folder', ''],
      ['0'.repeat(32), 'Nothing is here'],
    ],
  )
  await page.getByRole('link', { name: 'inner' }).click()
  await page.getByRole('link', { name: 'one.txt' }).click()
  equal(await page.locator('pre.text').innerText(), sample.text)
  equal(page.url(), site.linkTo(one))
  deepEqual(
    requests.filter((request) => [one, inner, uploaded].some(({ key }) => request.includes(key))),
    [],
  )
})

test('any three of five pieces are enough', { skip }, async () => {
  const content = sample.bytes(3_000_000)
  const file = await upload({ name: 'data.bin', content, chunkBytes: 2 ** 20 })
  await using _ = await site.without([0, 3])
  await using opened = await browser.open(site.linkTo(file))
  equal(await savedHash(opened.page), hashOf(content))
  match(await opened.page.locator('#notices').innerText(), /the others were enough/)
})

test('with two of five there is nothing to show, and the page says so', { skip }, async () => {
  const file = await upload({ name: 'notes.txt', content: sample.text })
  await using _ = await site.without([0, 1, 4])
  await using opened = await browser.open(site.linkTo(file))
  const notices = opened.page.locator('#notices')
  await notices.getByText('Not enough of the file').waitFor()
  match(await notices.innerText(), /Any 3 of its 5 pieces are enough; 2 came/)
  equal(await opened.page.locator('.stage > *').count(), 0)
})

test('changed pieces are found and replaced, and the page says so', { skip }, async () => {
  const content = sample.bytes(300_000)
  const file = await upload({ name: 'data.bin', content })
  await site.damage(file, [1, 2])
  await using opened = await browser.open(site.linkTo(file))
  equal(await savedHash(opened.page), hashOf(content))
  match(await opened.page.locator('#notices').innerText(), /2 pieces of this file arrived changed/)
})

test('nothing is shown of what cannot be put together', { skip }, async () => {
  const file = await upload({ name: 'notes.txt', content: sample.text })
  await site.damage(file, [0, 1, 2])
  await using opened = await browser.open(site.linkTo(file))
  const notices = opened.page.locator('#notices')
  await notices.getByText('not what was shared').waitFor()
  equal(await opened.page.locator('.stage > *').count(), 0)
})

for (const [what, change, said] of [
  ['no key', (url: string) => url.replace(/#.*/, ''), 'The key is missing'],
  ['a wrong key', (url: string) => `${url.slice(0, -4)}0000`, 'The key does not fit'],
  ['half a key', (url: string) => url.slice(0, -4), 'This is not a whole link'],
  ['another hash', (url: string) => url.replace(/\/\/..../, '//0000'), 'Nothing is here'],
] as const) {
  test(`with ${what} the page says what is wrong`, { skip }, async () => {
    const file = await upload({ name: 'notes.txt', content: sample.text })
    await using opened = await browser.open(change(site.linkTo(file)))
    await opened.page.getByRole('heading', { name: said }).waitFor()
    await opened.page.getByRole('alert').waitFor()
  })
}

test('a large file goes to the disk block by block, where the browser can', { skip }, async () => {
  const content = sample.bytes(40 * 2 ** 20)
  const file = await upload({ name: 'large.bin', content })
  await using opened = await browser.open(site.linkTo(file), { before: writeIntoThisOrigin })
  const { page } = opened
  await page.getByRole('button', { name: 'Save' }).press('Enter') // by keyboard
  await page.getByRole('status').getByText('Saved').waitFor({ timeout: 120_000 })
  const written = await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory()
    const saved = await (await root.getFileHandle('large.bin')).getFile()
    const digest = await crypto.subtle.digest('SHA-256', await saved.arrayBuffer())
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
  })
  equal(written, hashOf(content))
})

test('it can be used without a mouse, on a phone, and in the dark', { skip }, async () => {
  const file = await upload({ name: 'readme.md', content: sample.markdown })
  for (const colorScheme of ['light', 'dark'] as const) {
    const viewport = { width: 320, height: 640 }
    await using opened = await browser.open(site.linkTo(file), { viewport, colorScheme })
    const { page } = opened
    await page.locator('article').waitFor()
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    equal(widths[0], widths[1], 'it scrolls sideways')
    await page.keyboard.press('Tab')
    equal(await page.locator(':focus').innerText(), 'Save')
    for (const role of ['banner', 'main', 'contentinfo', 'status', 'log'] as const) {
      equal(await page.getByRole(role).count(), 1, role)
    }
    const [ink, paper] = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body)
      return [color, backgroundColor]
    })
    ok(contrastOf(ink ?? '', paper ?? '') > 7)
  }
})

async function upload(file: Omit<FileToUpload, 'content'> & { content: Uint8Array | string }) {
  const content = Buffer.from(file.content)
  return await uploadFile({ ...file, content }, site.stores)
}

/** Of requests, those to another host than the page's. */
function strangersAmong(requests: readonly string[], url: string): readonly string[] {
  const { host } = new URL(url)
  return requests.filter((request) => {
    const asked = new URL(request.split(' ')[1] ?? '')
    return asked.protocol !== 'blob:' && asked.host !== host
  })
}

/** What "Save" gives, in a browser that cannot let pages write files. */
async function savedHash(page: Page): Promise<string> {
  await page.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker'))
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save' }).click()
  return hashOf(await readFile(await (await saving).path()))
}

/** Runs in the page: nobody is there to choose a file, so it is a real one of the browser's own for this origin. */
function writeIntoThisOrigin(): void {
  Reflect.set(
    window,
    'showSaveFilePicker',
    async ({ suggestedName }: { readonly suggestedName: string }) => {
      const root = await navigator.storage.getDirectory()
      return await root.getFileHandle(suggestedName, { create: true })
    },
  )
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrastOf(one: string, other: string): number {
  const [light = 0, dark = 0] = [one, other].map(luminanceOf).sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = [...color.matchAll(/[\d.]+/g)].map(([value]) => {
    const share = Number(value) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
