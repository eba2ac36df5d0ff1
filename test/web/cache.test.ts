/**
 * A real nginx as a cache before the registry, with the configuration that docs/operate/cdn.md shows. What it keeps is ciphertext, passed on as it is;
 * what somebody changes in it is found by the page, every time.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { whyWithout } from '../debian-packages.ts'
import { getFromHost } from '../get-from-host.ts'
import { type CachingBalancer, startNginx } from '../integration/registry/balancers.ts'
import { type OpenedBrowser, startBrowser, withoutBrowser } from './browser.ts'
import { type LinkSite, startLinkSite } from './link-site.ts'
import * as sample from './samples.ts'
import { type Uploaded, uploadFile } from './upload.ts'

const skip = withoutBrowser || whyWithout('nginx')

let site: LinkSite
let nginx: CachingBalancer
let browser: OpenedBrowser
let linkTo: (of: Uploaded) => string

if (skip === false) {
  before(async () => {
    site = await startLinkSite({ required: 3, total: 5 })
    nginx = await startNginx([site.plainPort, site.plainPort, site.plainPort])
    browser = await startBrowser()
    const { port } = new URL(nginx.url)
    linkTo = ({ hash, key }) => `http://${hash}.localhost:${port}/#key=${key}`
  })
  after(async () => {
    await browser[Symbol.asyncDispose]()
    await nginx[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })
}

test('whoever comes second is served by the cache, with the same bytes', { skip }, async (t) => {
  const content = `${sample.text}\n${'words '.repeat(800_000)}`
  const file = await upload(content, 2 ** 20)
  const first = await visit(file)
  ok(content.startsWith(first.text) && first.text.length > 500_000) // of a long text the beginning is shown
  const second = await visit(file)
  equal(second.text, first.text)
  const asked = [...second.cached].filter(([url]) => !url.endsWith('/'))
  const hits = asked.filter(([, told]) => told === 'HIT')
  tellRatio(t, { hits: hits.length, asked: asked.length })
  deepEqual(
    asked.filter(([, told]) => told !== 'HIT'),
    [],
  )
  ok(asked.filter(([url]) => url.includes('/shards/')).length >= 3 * file.blocks.length)
  for (const [url] of asked) {
    const path = new URL(url).pathname
    const [cached, own] = await Promise.all(
      [nginx.url, `http://127.0.0.1:${site.plainPort}`].map((origin) => bytesAt(origin, path, url)),
    )
    deepEqual(cached, own)
  }
})

test('a manifest that the cache has changed is not believed, whichever bit it is', {
  skip,
}, async () => {
  const file = await upload(sample.text)
  await visit(file)
  const [entry] = entriesOf(`/api/v1/metadata/${file.hash}`)
  ok(entry !== undefined)
  for (const at of [
    0,
    1,
    randomInt(2, entry.bodyBytes - 30),
    entry.bodyBytes - 13,
    entry.bodyBytes - 1,
  ]) {
    entry.flip(at, randomInt(8))
    await using opened = await browser.open(linkTo(file))
    await opened.page.getByRole('heading', { name: 'not what was shared' }).waitFor()
    equal(opened.cached.get(urlOf(opened.page.url(), file)), 'HIT')
    equal(await opened.page.locator('.stage').count(), 0)
    entry.restore()
  }
  equal((await visit(file)).text, sample.text)
})

test('pieces that the cache has changed are found, and others taken, while there are enough', {
  skip,
}, async () => {
  const file = await upload(sample.text)
  await visit(file)
  const [key = ''] = file.blocks.map(({ encryptedHash }) => encryptedHash.toHex())
  for (const { changed, heard } of [
    { changed: 1, heard: 'A piece of this file arrived changed' },
    { changed: 2, heard: '2 pieces of this file arrived changed' },
    { changed: 3, heard: 'What arrived is not what was shared' },
  ]) {
    const entries = entriesOf('/api/v1/shards/').filter(({ name }) => name.endsWith(key))
    equal(entries.length >= Math.min(changed, 3), true)
    const flipped = entries.slice(0, changed)
    for (const entry of flipped) entry.flip(randomInt(entry.bodyBytes), randomInt(8))
    await using opened = await browser.open(linkTo(file))
    await opened.page.locator('#notices').getByText(heard).waitFor()
    equal(await opened.page.locator('pre.text').count(), changed < 3 ? 1 : 0)
    if (changed < 3) equal(await opened.page.locator('pre.text').innerText(), sample.text)
    for (const entry of flipped) entry.restore()
  }
})

async function upload(content: string, chunkBytes?: number): Promise<Uploaded> {
  const cut = chunkBytes === undefined ? {} : { chunkBytes }
  return await uploadFile({ name: 'notes.txt', content: Buffer.from(content), ...cut }, site.stores)
}

async function visit(file: Uploaded) {
  await using opened = await browser.open(linkTo(file))
  const text = await opened.page.locator('pre.text').innerText()
  return { text, cached: new Map(opened.cached) }
}

function tellRatio(
  t: TestContext,
  { hits, asked }: { readonly hits: number; readonly asked: number },
): void {
  t.diagnostic(
    `${hits} of ${asked} answers came from the cache (${((100 * hits) / asked).toFixed(1)} %)`,
  )
}

async function bytesAt(origin: string, path: string, url: string): Promise<Buffer> {
  const { status, body } = await getFromHost(`${origin}${path}`, new URL(url).host)
  equal(status, 200)
  return body
}

function urlOf(page: string, { hash }: Uploaded): string {
  return new URL(`/api/v1/metadata/${hash}`, page).href
}

interface CacheEntry {
  readonly name: string
  readonly bodyBytes: number
  flip(at: number, bit: number): void
  restore(): void
}

/** What nginx keeps of paths that begin so: a file each, with the path, the answer's headers, and its body. */
function entriesOf(prefix: string): readonly CacheEntry[] {
  return globSync('**/*', { cwd: nginx.cache, withFileTypes: true })
    .filter((found) => found.isFile())
    .map((found) => join(found.parentPath, found.name))
    .flatMap((file): readonly CacheEntry[] => {
      const whole = readFileSync(file)
      const [, name = ''] = /\nKEY: (\S+)\n/.exec(whole.toString('latin1')) ?? []
      const bodyAt = whole.indexOf('\r\n\r\n') + 4
      if (!name.startsWith(prefix)) return []
      return [
        {
          name,
          bodyBytes: whole.length - bodyAt,
          flip(at, bit) {
            const changed = Buffer.from(whole)
            changed[bodyAt + at] = (changed[bodyAt + at] ?? 0) ^ (1 << bit)
            writeFileSync(file, changed)
          },
          restore: () => writeFileSync(file, whole),
        },
      ]
    })
}
