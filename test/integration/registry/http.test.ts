/** What the registry in Rust answers, request by request, on both databases; and what ours answers besides. */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { findPostgres, startPostgres } from '../../postgres/server.ts'
import { RawConnection } from '../s3/raw-http.ts'
import {
  bytesOf,
  get,
  hashOf,
  known,
  manifestOf,
  path,
  post,
  type RunningRegistry,
  startRegistry,
} from './registry-server.ts'

const limit = 2_097_152

const hasServer = (await findPostgres()) !== undefined
const server = hasServer ? await startPostgres({ settings: ['fsync=off'] }) : undefined
after(() => server?.[Symbol.asyncDispose]())

suite('SQLite', () => startRegistry(), false)
suite(
  'PostgreSQL',
  async () => startRegistry({ env: { DATABASE_URL: (await server?.newDatabase()) ?? '' } }),
  !hasServer && 'no PostgreSQL server to start',
)

function suite(
  database: string,
  start: () => Promise<RunningRegistry>,
  skip: string | false,
): void {
  describe(`the registry on ${database}`, { skip }, () => {
    let registry: RunningRegistry
    before(async () => {
      registry = await start()
    })
    after(() => registry[Symbol.asyncDispose]())

    test('keeps what the uploader in Rust makes, under the hash it computes', async () => {
      const answer = await post(registry, known.manifest)
      equal(answer.status, 200)
      deepEqual(await answer.json(), { hash: known.hash, size: 218, created: true })
      equal(answer.headers.get('location'), `${path}/${known.hash}`)
      const again = await post(registry, known.manifest)
      deepEqual(await again.json(), { hash: known.hash, size: 218, created: false })
      const found = await get(registry, known.hash)
      equal(found.status, 200)
      equal(found.headers.get('content-type'), 'application/octet-stream')
      deepEqual(await bytesOf(found), known.manifest)
    })

    test('a hash in capitals or mixed is the same hash', async () => {
      await post(registry, known.manifest)
      const mixed = known.hash.slice(0, 16).toUpperCase() + known.hash.slice(16)
      for (const hash of [known.hash.toUpperCase(), mixed, known.hash.replace('5', '%35')])
        deepEqual(await bytesOf(await get(registry, hash)), known.manifest)
    })

    test('what is no hash is 400, what nobody has uploaded 404, both empty', async () => {
      for (const hash of [
        '0',
        'x'.repeat(32),
        known.hash.slice(1),
        `${known.hash}0`,
        '0'.repeat(64),
        '%zz',
      ])
        await isEmpty(await get(registry, hash), 400)
      await isEmpty(await get(registry, '0'.repeat(32)), 404)
    })

    test('HEAD tells what GET would send', async () => {
      await post(registry, known.manifest)
      const head = await get(registry, known.hash, { method: 'HEAD' })
      equal(head.status, 200)
      equal(head.headers.get('content-length'), '218')
      equal(head.headers.get('content-type'), 'application/octet-stream')
      equal((await get(registry, '0'.repeat(32), { method: 'HEAD' })).status, 404)
    })

    test('any bytes are kept, even none, and those that look like a boundary', async () => {
      for (const manifest of [
        Buffer.alloc(0),
        Buffer.from('\r\n--'),
        Buffer.from('\r\n------formdata-undici\r\n\r\n--\r\n'),
        Buffer.alloc(100_000, 0),
        manifestOf('large', limit - 1_000),
      ]) {
        const { hash } = (await (await post(registry, manifest)).json()) as { hash: string }
        equal(hash, hashOf(manifest))
        deepEqual(await bytesOf(await get(registry, hash)), manifest)
      }
      ok((await get(registry, 'af1349b9f5f9a1a6a0404dea36dcc949')).ok, 'the hash of nothing')
    })

    test('only the first field counts, and names of files and types do not', async () => {
      const parts = (...lines: readonly string[]) => lines.join('\r\n')
      const first = parts(
        '--b',
        'Content-Disposition: form-data; name="data"; filename="x"',
        'Content-Type: text/html',
        '',
        'first',
      )
      const second = parts('--b', 'Content-Disposition: form-data; name="data"', '', 'second')
      const answer = await postRaw(registry, `${first}\r\n${second}\r\n--b--\r\n`)
      equal(answer.status, 200)
      equal(((await answer.json()) as { hash: string }).hash, hashOf(Buffer.from('first')))
      equal((await get(registry, hashOf(Buffer.from('second')))).status, 404)
    })

    const field = (disposition: string) =>
      `--b\r\nContent-Disposition: ${disposition}\r\n\r\nv\r\n--b--\r\n`
    const refused: Readonly<Record<string, string>> = {
      'another name': field('form-data; name="file"'),
      'a name in capitals': field('form-data; name="DATA"'),
      'no name': field('form-data'),
      'no field': '--b--\r\n',
      nothing: '',
      'no boundary in it': 'data=v',
      'no end': '--b\r\nContent-Disposition: form-data; name="data"\r\n\r\nv',
      'an end that is cut short':
        '--b\r\nContent-Disposition: form-data; name="data"\r\n\r\nv\r\n--b',
      'no disposition': '--b\r\n\r\nv\r\n--b--\r\n',
      'a head without end': `--b\r\nX: ${'x'.repeat(100_000)}`,
      'a preamble without end': 'x'.repeat(100_000),
    }
    for (const [what, body] of Object.entries(refused))
      test(`a form with ${what} is 400, empty`, async () =>
        isEmpty(await postRaw(registry, body), 400))

    test('what is no form is 400 and says so', async () => {
      for (const type of [
        'application/octet-stream',
        'multipart/form-data',
        'multipart/form-data; boundary=""',
        'application/x-www-form-urlencoded',
      ]) {
        const answer = await postRaw(registry, field('form-data; name="data"'), type)
        equal(answer.status, 400)
        match(await answer.text(), /multipart/)
      }
    })

    test('a request over the limit is 413, announced or not, and nothing is kept', async () => {
      const fits = manifestOf('just fits', limit - 74)
      const form = formOf(fits)
      equal(form.length, limit)
      equal((await postRaw(registry, form)).status, 200)
      const over = formOf(manifestOf('one too many', limit - 73))
      equal((await postRaw(registry, over)).status, 413)
      equal((await postChunked(registry, over)).status, 413)
      equal((await get(registry, hashOf(manifestOf('one too many', limit - 73)))).status, 404)
    })

    test('a client that waits for 100-continue hears of the limit before it sends', async () => {
      await using connection = await RawConnection.open(registry.port)
      await connection.send(
        `POST ${path} HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${limit + 1}\r\n\r\n`,
      )
      equal((await connection.answer())?.status, 413)
    })

    test('a body that ends early is refused, and nothing is kept', async () => {
      const manifest = manifestOf('cut off')
      const form = formOf(manifest)
      await using connection = await RawConnection.open(registry.port)
      await connection.send(
        `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${form.length}\r\n\r\n`,
      )
      await connection.send(form.subarray(0, form.length - 20))
      connection.endSending()
      equal((await connection.answer())?.status ?? 400, 400)
      equal((await get(registry, hashOf(manifest))).status, 404)
    })

    test('a form in pieces of one byte is a form', async () => {
      const manifest = manifestOf('drop by drop', 60)
      const form = formOf(manifest)
      await using connection = await RawConnection.open(registry.port)
      await connection.send(
        `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: ${form.length}\r\n\r\n`,
      )
      for (const byte of form) await connection.send(Uint8Array.of(byte))
      equal((await connection.answer())?.status, 200)
      deepEqual(await bytesOf(await get(registry, hashOf(manifest))), manifest)
    })

    test('other methods are 405 and say which ones there are', async () => {
      for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await fetch(`${registry.url}${path}`, { method })
        equal(answer.status, 405, method)
        equal(answer.headers.get('allow'), 'POST')
      }
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await get(registry, known.hash, { method })
        equal(answer.status, 405, method)
        equal(answer.headers.get('allow'), 'GET, HEAD')
      }
    })

    test('other paths are 404', async () => {
      for (const other of [
        '/',
        `${path}/`,
        `${path}/${known.hash}/`,
        '/api/v1',
        '/api/v1/',
        '/api/v2/metadata',
        '/METADATA',
      ])
        equal((await fetch(`${registry.url}${other}`)).status, 404, other)
    })

    test('answers are kept by caches for good, and asked for again by their ETag', async () => {
      await post(registry, known.manifest)
      const { headers } = await get(registry, known.hash)
      const etag = `"${known.hash}"`
      equal(headers.get('etag'), etag)
      equal(headers.get('cache-control'), 'public, max-age=31536000, immutable')
      equal(headers.get('x-content-type-options'), 'nosniff')
      for (const value of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
        const answer = await get(registry, known.hash, { headers: { 'if-none-match': value } })
        equal(answer.status, 304, value)
        equal(answer.headers.get('etag'), etag)
        match(answer.headers.get('cache-control') ?? '', /immutable/)
      }
      equal(await statusWith('if-none-match', '"other"'), 200)
      equal(await statusWith('if-match', etag), 200)
      equal(await statusWith('if-match', '"other"'), 412)
      const missing = await get(registry, '0'.repeat(32), { headers: { 'if-none-match': '*' } })
      equal(missing.status, 404)
      equal(missing.headers.get('cache-control'), 'no-store', 'it may come yet')
    })

    test('ranges', async () => {
      await post(registry, known.manifest)
      const ranges: Readonly<Record<string, readonly [number, number]>> = {
        'bytes=0-9': [0, 9],
        'bytes=200-': [200, 217],
        'bytes=-18': [200, 217],
        'bytes=100-9999': [100, 217],
      }
      for (const [range, [first, last]] of Object.entries(ranges)) {
        const answer = await get(registry, known.hash, { headers: { range } })
        equal(answer.status, 206, range)
        equal(answer.headers.get('content-range'), `bytes ${first}-${last}/218`)
        deepEqual(await bytesOf(answer), known.manifest.subarray(first, last + 1))
      }
      const beyond = await get(registry, known.hash, { headers: { range: 'bytes=218-' } })
      equal(beyond.status, 416)
      equal(beyond.headers.get('content-range'), 'bytes */218')
      for (const range of ['bytes=0-1,3-4', 'pages=1-2', 'bytes=a-b'])
        equal(await statusWith('range', range), 200, range)
      const other = { range: 'bytes=0-9', 'if-range': '"other"' }
      equal((await get(registry, known.hash, { headers: other })).status, 200)
    })

    test('web pages of any origin may ask', async () => {
      await post(registry, known.manifest)
      const answer = await get(registry, known.hash, { headers: { origin: 'https://a.example' } })
      equal(answer.headers.get('access-control-allow-origin'), '*')
      match(answer.headers.get('access-control-expose-headers') ?? '', /ETag/)
      equal(answer.headers.get('vary'), null, 'caches need one copy')
      const preflight = await get(registry, known.hash, {
        method: 'OPTIONS',
        headers: { origin: 'https://a.example', 'access-control-request-method': 'GET' },
      })
      equal(preflight.status, 204)
      equal(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD')
      match(preflight.headers.get('access-control-allow-headers') ?? '', /Range/)
      const upload = await fetch(`${registry.url}${path}`, { method: 'OPTIONS' })
      equal(upload.headers.get('access-control-allow-methods'), 'POST')
      equal(
        (await get(registry, 'x')).headers.get('access-control-allow-origin'),
        '*',
        'errors, too',
      )
    })

    test('health, version and metrics', async () => {
      equal(await (await fetch(`${registry.url}/health`)).text(), 'OK')
      const json = await fetch(`${registry.url}/health`, {
        headers: { accept: 'application/json' },
      })
      deepEqual(await json.json(), { status: 'ok', warnings: [] })
      match(await (await fetch(`${registry.url}/version`)).text(), /^mycelium\//)
      await get(registry, known.hash)
      const metrics = await (await fetch(`${registry.url}/metrics`)).text()
      match(
        metrics,
        /mycelium_requests_total\{door="registry",operation="GetMetadata",status="200"\} \d/,
      )
      ok(!metrics.includes('mycelium_node_up'), 'it has no nodes')
    })

    test('the host of a link leads to the same registry, and to the page that shows it', async () => {
      await post(registry, known.manifest)
      const ask = async (target: string): Promise<string> => {
        await using connection = await RawConnection.open(registry.port)
        await connection.send(
          `GET ${target} HTTP/1.1\r\nhost: ${known.hash}.cdn.example\r\nconnection: close\r\n\r\n`,
        )
        const { status = 0, body = '' } = (await connection.answer()) ?? {}
        return `${status} ${body}`
      }
      match(await ask(`${path}/${known.hash}`), /^200 /)
      match(await ask('/'), /^200 <!doctype html>/)
      match(await ask('/nothing'), /^404 /)
    })

    async function statusWith(header: string, value: string): Promise<number> {
      return (await get(registry, known.hash, { headers: { [header]: value } })).status
    }
  })
}

/** 74 bytes around the manifest. */
function formOf(manifest: Buffer): Buffer {
  const head = '--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
  const tail = '\r\n--b--\r\n'
  const padding = ' '.repeat(74 - head.length - tail.length - 5)
  return Buffer.concat([
    Buffer.from(head.replace('\r\n\r\n', `\r\nX: ${padding}\r\n\r\n`)),
    manifest,
    Buffer.from(tail),
  ])
}

async function postRaw(
  { url }: RunningRegistry,
  body: string | Uint8Array,
  type = 'multipart/form-data; boundary=b',
): Promise<Response> {
  const bytes = Uint8Array.from(Buffer.from(body as string))
  return await fetch(`${url}${path}`, {
    method: 'POST',
    body: bytes,
    headers: { 'content-type': type },
  })
}

async function postChunked({ url }: RunningRegistry, body: Uint8Array): Promise<Response> {
  const stream = new ReadableStream({
    start(controller) {
      for (let at = 0; at < body.length; at += 65_536)
        controller.enqueue(body.subarray(at, at + 65_536))
      controller.close()
    },
  })
  return await fetch(`${url}${path}`, {
    method: 'POST',
    body: stream,
    duplex: 'half',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  })
}

async function isEmpty(answer: Response, status: number): Promise<void> {
  equal(answer.status, status)
  equal(await answer.text(), '')
}
