/**
 * Real caches before the registry, with the configurations that docs/operate/cdn.md shows. What they keep is ciphertext, passed on as it is; what somebody
 * changes in it is found by the page, every time.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { after, before, describe, type TestContext, test } from 'node:test'
import { whyWithout } from '../debian-packages.ts'
import { getFromHost } from '../get-from-host.ts'
import {
  type CacheEntry,
  type CachingBalancer,
  startNginx,
  startVarnish,
} from '../integration/registry/balancers.ts'
import { type OpenedBrowser, startBrowser, withoutBrowser } from './browser.ts'
import { type LinkSite, startLinkSite } from './link-site.ts'
import * as sample from './samples.ts'
import { type Uploaded, uploadFile } from './upload.ts'

let site: LinkSite
let browser: OpenedBrowser
let cache: CachingBalancer

if (withoutBrowser === false) {
  before(async () => {
    site = await startLinkSite({ required: 3, total: 5 })
    browser = await startBrowser()
  })
  after(async () => {
    await browser[Symbol.asyncDispose]()
    await site[Symbol.asyncDispose]()
  })
}

/** In the ciphertext, its tag and its nonce. The second cache shows that it is read from, no more. */
const everywhere = (bytes: number) => [0, 1, randomInt(2, bytes - 30), bytes - 13, bytes - 1]
const somewhere = (bytes: number) => [randomInt(bytes)]

for (const [program, start, placesOf] of [
  ['nginx', startNginx, everywhere],
  ['varnish', startVarnish, somewhere],
] as const) {
  describe(program, { skip: withoutBrowser || whyWithout(program) }, () => {
    before(async () => {
      cache = await start([site.plainPort, site.plainPort, site.plainPort])
    })
    after(() => cache[Symbol.asyncDispose]())

    test('whoever comes second is served by the cache, with the same bytes', async (t) => {
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
        const [cached, own] = await Promise.all([
          bytesAt(cache.url, path, url),
          ownBytesAt(path, url),
        ])
        deepEqual(cached, own)
      }
    })

    test('a manifest that the cache has changed is not believed, whichever bit it is', async () => {
      const file = await upload(sample.text)
      const { cached } = await visit(file)
      const [manifest] = await keptOf(cached, `/api/v1/metadata/${file.hash}`)
      ok(manifest !== undefined)
      const { entry, bytes } = manifest
      for (const at of placesOf(bytes)) {
        entry.flip(at, randomInt(8))
        await using opened = await browser.open(linkTo(file))
        await opened.page.getByRole('heading', { name: 'not what was shared' }).waitFor()
        equal(opened.cached.get(urlOf(opened.page.url(), file)), 'HIT')
        equal(await opened.page.locator('.stage').count(), 0)
        entry.restore()
      }
      equal((await visit(file)).text, sample.text)
    })

    test('pieces that the cache has changed are found, and others taken, while there are enough', async () => {
      const file = await upload(sample.text)
      const { cached } = await visit(file)
      const asked = new Map(cached)
      for (const { changed, heard } of [
        { changed: 1, heard: 'A piece of this file arrived changed' },
        { changed: 2, heard: '2 pieces of this file arrived changed' },
        { changed: 3, heard: 'What arrived is not what was shared' },
      ]) {
        const entries = await keptOf(asked, '/api/v1/shards/')
        ok(entries.length >= 3)
        const flipped = entries.slice(0, changed)
        for (const { entry, bytes } of flipped) entry.flip(randomInt(bytes), randomInt(8))
        await using opened = await browser.open(linkTo(file))
        await opened.page.locator('#notices').getByText(heard).waitFor()
        const text = opened.page.locator('pre.text')
        if (changed < 3)
          equal(await text.innerText(), sample.text) // it comes behind the notice
        else equal(await text.count(), 0)
        for (const [url, told] of opened.cached) asked.set(url, told)
        for (const { entry } of flipped) entry.restore()
      }
    })
  })
}

function linkTo({ hash, key }: Uploaded): string {
  return `http://${hash}.localhost:${new URL(cache.url).port}/#key=${key}`
}

interface Kept {
  readonly entry: CacheEntry
  readonly bytes: number
}

/** Of the URLs whose path begins so, what the cache has. */
async function keptOf(
  asked: ReadonlyMap<string, string>,
  prefix: string,
): Promise<readonly Kept[]> {
  const kept: Kept[] = []
  for (const url of asked.keys()) {
    const { pathname } = new URL(url)
    if (!pathname.startsWith(prefix)) continue
    const body = await ownBytesAt(pathname, url)
    const entry = cache.entryOf(pathname, body)
    if (entry !== undefined) kept.push({ entry, bytes: body.length })
  }
  return kept
}

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

/** As the registry itself answers. */
function ownBytesAt(path: string, url: string): Promise<Buffer> {
  return bytesAt(`http://127.0.0.1:${site.plainPort}`, path, url)
}

async function bytesAt(origin: string, path: string, url: string): Promise<Buffer> {
  const { status, body } = await getFromHost(`${origin}${path}`, new URL(url).host)
  equal(status, 200)
  return body
}

function urlOf(page: string, { hash }: Uploaded): string {
  return new URL(`/api/v1/metadata/${hash}`, page).href
}
