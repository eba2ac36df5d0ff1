/** What a browser is given for a link, as its requests see it. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { createViewer, viewerHeaders } from '#api/content/viewer'
import type { HttpRequest, HttpResponse } from '#http/message'
import { readViewerFiles } from '#main/viewer-files'

const files = readViewerFiles()
const viewer = createViewer(() => files)

test('the page names files that are there, and nothing of anybody else', async () => {
  const { status, headers, body } = await ask('/')
  equal(status, 200)
  equal(headers['content-type'], 'text/html; charset=utf-8')
  const html = String(body)
  const named = [...html.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, url = '']) => url)
  ok(named.length > 10)
  deepEqual(
    named.filter((url) => !files.files.has(url)),
    [],
  )
})

test('every module imports only what is there, and so do workers and kernels', () => {
  for (const [path, { type, bytes }] of files.files) {
    if (!type.startsWith('text/javascript')) continue
    const code = Buffer.from(bytes).toString()
    const imported = [...code.matchAll(/\b(?:from|import)\s*'([^']+)'/g)].map(([, url = '']) => url)
    const named = [...code.matchAll(/\bnew URL\('([^']+)', import\.meta\.url\)/g)].map(
      ([, url = '']) => new URL(url, `https://x${path}`).pathname,
    )
    for (const url of [...imported, ...named]) ok(files.files.has(url), `${path} names ${url}`)
  }
})

test('a file is kept for ever, under a name that it loses when anything changes', async () => {
  const [path = ''] = files.files.keys()
  match(path, /^\/-\/[0-9a-f]{16}\/web\/page\.js$/)
  const { status, headers, body } = await ask(path)
  equal(status, 200)
  equal(headers['cache-control'], 'public, max-age=31536000, immutable')
  equal(headers['content-type'], 'text/javascript; charset=utf-8')
  const zipped = await ask(path, { 'accept-encoding': 'gzip, br' })
  equal(zipped.headers['content-encoding'], 'gzip')
  equal(zipped.headers['vary'], 'Accept-Encoding')
  ok(body instanceof Uint8Array && zipped.body instanceof Uint8Array)
  deepEqual(gunzipSync(zipped.body), Buffer.from(body))
})

test('the page itself is asked for again each time, and not sent again', async () => {
  const { headers } = await ask('/?key=00')
  equal(headers['cache-control'], 'no-cache')
  const again = await ask('/', { 'if-none-match': String(headers['etag']) })
  equal(again.status, 304)
  equal(again.body, undefined)
})

test('whatever is asked, the answer closes the page off', async () => {
  const [file = ''] = files.files.keys()
  for (const target of ['/', file, '/robots.txt', '/nothing', '/-/../x', `${file}.map`]) {
    const { headers } = await ask(target)
    for (const [name, value] of Object.entries(viewerHeaders)) equal(headers[name], value, target)
  }
  const policy = viewerHeaders['content-security-policy'] ?? ''
  match(policy, /^default-src 'none'; /)
  notEqual(policy.includes('unsafe-inline'), true)
  notEqual(/https?:|\*|'unsafe-eval'|data:/.test(policy), true)
})

test('nothing else is there, and nothing can be sent', async () => {
  equal((await ask('/index.html')).status, 404)
  equal((await ask('/-/0123456789abcdef/web/page.js')).status, 404)
  equal((await ask('/robots.txt')).status, 200)
  const posted = await viewer({ ...request('/'), method: 'POST' })
  equal(posted.status, 405)
  equal(posted.headers['allow'], 'GET, HEAD')
})

async function ask(target: string, headers: HttpRequest['headers'] = {}): Promise<HttpResponse> {
  return await viewer({ ...request(target), headers })
}

function request(target: string): HttpRequest {
  const empty = {
    bytes: 0,
    received: 0,
    async *[Symbol.asyncIterator]() {},
  }
  return {
    id: '0123456789ABCDEF',
    method: 'GET',
    target,
    headers: {},
    peer: '127.0.0.1',
    isEncrypted: true,
    body: empty,
    signal: new AbortController().signal,
  }
}
