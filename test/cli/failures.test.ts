/** Every failure is a sentence that names the next step, and an exit code. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type RunningStore, startStore } from '../harness.ts'
import { openWorkplace, smallStore, type Workplace } from './cyxcloud.ts'

let store: RunningStore
let place: Workplace
before(async () => {
  store = await startStore({ flags: smallStore })
  place = await openWorkplace(store)
  await writeFile(place.path('file'), 'file')
  equal((await place.run(['upload', 'file', '-b', 'there'])).code, 0)
})
after(async () => {
  await place?.[Symbol.asyncDispose]()
  await store?.[Symbol.asyncDispose]()
})

interface Expected {
  readonly code: number
  readonly says: RegExp
  readonly env?: Readonly<Record<string, string>>
}

async function fails(args: readonly string[], { code, says, env = {} }: Expected): Promise<void> {
  const ended = await place.run(args, { env })
  match(ended.stderr, says)
  equal(ended.code, code, ended.stderr)
}

test('usage', async () => {
  await fails([], { code: 2, says: /Usage: cyxcloud/ })
  await fails(['frobnicate'], { code: 2, says: /unknown command/ })
  await fails(['download'], { code: 2, says: /missing required argument 'bucket'/ })
  await fails(['list', '-l'], { code: 2, says: /which bucket\?/ })
  await fails(['list', 'there', '--max-keys', '0'], { code: 2, says: /whole number, at least 1/ })
  await fails(['upload', 'file', '--part-size', '1MiB'], { code: 2, says: /from 5MiB to 5GiB/ })
  await fails(['upload', '-'], { code: 2, says: /give its key with -k/ })
  await fails(['delete', 'there'], { code: 2, says: /Name it with -k/ })
  await fails(['download', 'there', '-o', '-'], { code: 2, says: /name it with -k/ })
  await fails(['upload', 'file', '-b', 'UPPER'], {
    code: 2,
    says: /"UPPER" cannot be the name.*-b/,
  })
  await fails(['status', '--endpoint-url', 'there'], { code: 2, says: /"there" .* is no address/ })
})

test('what is not there', async () => {
  await fails(['list', 'nowhere'], { code: 3, says: /no bucket "nowhere".*cyxcloud status/ })
  await fails(['status', '-b', 'nowhere'], { code: 3, says: /no bucket "nowhere"/ })
  await fails(['download', 'nowhere', '-k', 'x'], { code: 3, says: /no bucket "nowhere"/ })
  await fails(['download', 'there', '-k', 'x'], {
    code: 3,
    says: /no "x" in bucket "there".*cyxcloud list/,
  })
  for (const args of [['list'], ['download', '-k', 'x']])
    await fails([...args, 'b1'], { code: 2, says: /"b1" cannot be the name of a bucket/ })
  await fails(['download', 'there', '--prefix', 'x'], { code: 3, says: /begins with "x"/ })
  await fails(['delete', 'there', '-k', 'x', '-f'], { code: 3, says: /no "x" in bucket "there"/ })
  await fails(['upload', 'missing'], { code: 3, says: /no file missing/ })
})

test('who is not let in', async () => {
  const wrongKey = { AWS_ACCESS_KEY_ID: 'AKIANOBODY' }
  const wrongSecret = { AWS_SECRET_ACCESS_KEY: 'wrong' }
  for (const args of [
    ['list', 'there'],
    ['upload', 'file'],
    ['download', 'there', '-k', 'file'],
  ]) {
    const says =
      /does not accept the access key \(\w+; it comes from AWS_ACCESS_KEY_ID\).*--profile/
    await fails(args, { code: 4, says, env: wrongKey })
    await fails(args, { code: 4, says, env: wrongSecret })
  }
  const says = /may not do that with bucket "there"/
  await fails(['list', 'there', '--no-sign-request'], { code: 4, says })
  const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }
  await fails(['list', 'there'], { code: 4, says: /No access key was found\. Set/, env: none })
})

test('nobody answers, or not as S3', async () => {
  const url = await freeUrl()
  await fails(['list', 'there', '--endpoint-url', url], {
    code: 5,
    says: /No answer from .* \(nothing listens there; .* --endpoint-url\)\. Is the store running/,
  })
  const { code, stdout } = await place.run(['status', '--endpoint-url', url])
  equal(code, 5)
  match(stdout, /Gateway Status: ○ Offline/)
  await fails(['list', 'there', '--endpoint-url', 'http://no-such-host.invalid'], {
    code: 5,
    says: /No answer/,
  })
  await using page = await answering((_, response) => {
    response.setHeader('content-type', 'text/html').end('<html><body>Hello</body></html>')
  })
  for (const args of [
    ['list', 'there'],
    ['upload', 'file'],
    ['download', 'there', '-k', 'x'],
    ['status'],
  ]) {
    await fails([...args, '--endpoint-url', page.url], { code: 5, says: /not as S3 does/ })
  }
  await fails(['status', '--endpoint-url', page.url, '--gateway', page.url], {
    code: 2,
    says: /either --endpoint-url or --gateway/,
  })
  await using other = await answering((_, response) => {
    response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not here</html>')
  })
  await fails(['list', 'there', '--endpoint-url', other.url], { code: 5, says: /not as S3 does/ })
})

test('no room, no strength, no right: words of other endpoints', async () => {
  const cases = [
    { status: 507, word: 'InsufficientStorage', code: 6, says: /no room for this/ },
    {
      status: 503,
      word: 'ServiceUnavailable',
      code: 5,
      says: /cannot do this now \(503: because\)/,
    },
    { status: 403, word: 'AccessDenied', code: 4, says: /may not do that/ },
    { status: 400, word: 'Peculiar', code: 11, says: /refuses .*Peculiar: because\./ },
  ]
  for (const { status, word, code, says } of cases) {
    await using stub = await answering((request, response) => {
      request.resume()
      if (request.method === 'HEAD') return void response.end()
      const body = `<?xml version="1.0"?><Error><Code>${word}</Code><Message>because</Message></Error>`
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body)
    })
    await fails(['upload', 'file', '--endpoint-url', stub.url], { code, says })
  }
})

test('bytes that are not what was stored are not kept', async () => {
  await using stub = await answering((request, response) => {
    const headers = {
      etag: `"${'0'.repeat(32)}"`,
      'content-length': '4',
      'last-modified': 'Sun, 01 Nov 2026 00:00:00 GMT',
    }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : 'evil')
  })
  const args = ['download', 'there', '-k', 'file', '-o', 'evil/file', '--endpoint-url', stub.url]
  await fails(args, {
    code: 8,
    says: /is not there\/file: its MD5 is another one\. It was thrown away/,
  })
  deepEqual(await readdir(place.path('evil')), [])
})

test('files of this machine', async () => {
  const says = /file\/below\/.* cannot be used: .* is a file, not a directory/
  await fails(['download', 'there', '-k', 'file', '-o', 'file/below/it'], { code: 10, says })
})

test('a pipe or a device is neither sent as a file nor replaced by one', async () => {
  spawnSync('mkfifo', [place.path('pipe')])
  const says = /pipe cannot be used: it is neither a file nor a directory/
  await fails(['upload', 'pipe', '-b', 'there'], { code: 10, says })
  await fails(['download', 'there', '-k', 'file', '-o', 'pipe'], { code: 10, says })
  equal((await stat(place.path('pipe'))).isFIFO(), true)
})

test('with --json the failure is JSON too', async () => {
  const { code, stdout, stderr } = await place.run(['list', 'nowhere', '--json'])
  equal(code, 3)
  equal(stdout, '')
  const { error } = JSON.parse(stderr)
  equal(error.code, 'endpoint/no-such-bucket')
  equal(error.exitCode, 3)
})

async function answering(
  listener: RequestListener,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Where nothing listens. */
async function freeUrl(): Promise<string> {
  await using server = await answering(() => {})
  return server.url
}
