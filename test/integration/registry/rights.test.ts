/** Who may upload and delete, which pages may ask, and how often: tokens, origins, rates. */
import { equal, match, ok } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { exitCodes } from '#main/exit-codes'
import { runMycelium } from '../../harness.ts'
import { until } from '../../until.ts'
import { get, hashOf, manifestOf, path, post, startRegistry } from './registry-server.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mycelium-tokens-'))
})
after(() => rm(folder, { recursive: true }))

const line = (name: string, rights: string, token: string): string =>
  `${name} ${rights} ${createHash('sha256').update(token).digest('hex')}\n`
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function tokensFile(name: string, text: string): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

test('with tokens, uploads and deletes need one that has the right; reads need none', async () => {
  const text = `# who may do what\n\n${line('alice', 'upload', 'of-alice')}${line('bob', 'upload,delete', 'of-bob')}${line('carol', 'delete', 'of-carol')}`
  await using registry = await startRegistry({
    flags: ['--tokens', await tokensFile('rights', text)],
  })
  const manifest = manifestOf('a')
  const bare = await post(registry, manifest)
  equal(bare.status, 401)
  equal(bare.headers.get('www-authenticate'), 'Bearer')
  equal((await post(registry, manifest, { authorization: 'Basic b2YtYWxpY2U=' })).status, 401)
  equal((await post(registry, manifest, bearer('of-nobody'))).status, 401)
  const carol = await post(registry, manifest, bearer('of-carol'))
  equal(carol.status, 403)
  match(await carol.text(), /does not allow to upload/)
  equal((await post(registry, manifest, bearer('of-alice'))).status, 200)
  const hash = hashOf(manifest)
  equal((await get(registry, hash)).status, 200)
  const remove = (headers = {}) => get(registry, hash, { method: 'DELETE', headers })
  equal((await remove()).status, 401)
  equal((await remove(bearer('of-alice'))).status, 403)
  equal((await remove(bearer('of-bob'))).status, 204)
  equal((await get(registry, hash)).status, 404)
  equal((await remove(bearer('of-carol'))).status, 404)
  const put = await get(registry, hash, { method: 'PUT' })
  equal(put.headers.get('allow'), 'GET, HEAD, DELETE')
  ok(!registry.output().includes('of-bob'), 'the log has names, no tokens')
})

test('a file of tokens that changes is followed; one that cannot be used leaves what was', async () => {
  const file = await tokensFile('changing', line('alice', 'upload', 'first'))
  await using registry = await startRegistry({ flags: ['--tokens', file] })
  const statusOf = async (token: string): Promise<number> =>
    (await post(registry, manifestOf('b'), bearer(token))).status
  equal(await statusOf('first'), 200)
  await writeFile(file, 'alice upload nonsense\n')
  await until(
    async () => registry.output(),
    (output) => /line 1 .*tokens cannot be read/.test(output),
  )
  equal(await statusOf('first'), 200)
  await writeFile(file, line('alice', 'upload', 'second'))
  await until(
    () => statusOf('second'),
    (status) => status === 200,
  )
  equal(await statusOf('first'), 401)
})

test('a file of tokens that cannot be used is told at start', async () => {
  const data = join(folder, 'never')
  const absent = await runMycelium([
    'registry',
    '--data',
    data,
    '--port',
    '0',
    '--tokens',
    join(folder, 'none'),
  ])
  equal(absent.code, exitCodes.settings)
  match(absent.stderr, /none cannot be used: there is no such file/)
  const file = await tokensFile('wrong', 'alice fly 00\n')
  const wrong = await runMycelium(['registry', '--data', data, '--port', '0', '--tokens', file])
  equal(wrong.code, exitCodes.settings)
  match(wrong.stderr, /line 1/)
})

test('who asks too often is told when to come back, by address and by token', async () => {
  const file = await tokensFile('rates', line('alice', 'upload', 'of-alice'))
  await using registry = await startRegistry({
    flags: [
      ...['--tokens', file, '--proxies', '127.0.0.1/32'],
      ...['--requests-per-address', '0.1:5', '--requests-per-token', '0.1:2'],
    ],
  })
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const ask = (address: string) => get(registry, '0'.repeat(32), { headers: from(address) })
  for (let time = 0; time < 5; time++) equal((await ask('203.0.113.5')).status, 404)
  const refused = await ask('203.0.113.5')
  equal(refused.status, 429)
  ok(Number(refused.headers.get('retry-after')) >= 1)
  equal((await ask('203.0.113.6')).status, 404, 'somebody else')
  equal((await ask('198.51.100.1, 203.0.113.5')).status, 429, 'what a stranger says of himself')
  const upload = (address: string) =>
    post(registry, manifestOf('c'), { ...bearer('of-alice'), ...from(address) })
  equal((await upload('203.0.113.7')).status, 200)
  equal((await upload('203.0.113.8')).status, 200)
  equal((await upload('203.0.113.9')).status, 429, 'one token from anywhere')
})

test('whoever guesses tokens is kept out for a while', async () => {
  const file = await tokensFile('guesses', line('alice', 'upload', 'of-alice'))
  await using registry = await startRegistry({
    flags: ['--tokens', file, '--proxies', '127.0.0.1/32', '--failures-per-address', '0.1:3'],
  })
  const guess = async (token: string): Promise<number> =>
    (await post(registry, manifestOf('d'), { ...bearer(token), 'x-forwarded-for': '203.0.113.5' }))
      .status
  for (const token of ['a', 'b', 'c']) equal(await guess(token), 401)
  equal(await guess('of-alice'), 429)
})

test('without --proxies nobody is believed about where requests come from', async () => {
  await using registry = await startRegistry({ flags: ['--requests-per-address', '0.1:1'] })
  for (let time = 0; time < 3; time++) {
    const headers = { 'x-forwarded-for': '203.0.113.5' }
    equal(
      (await get(registry, '0'.repeat(32), { headers })).status,
      404,
      'this machine is not limited',
    )
  }
})

test('origins may be named, or none allowed', async () => {
  const origin = 'https://a.example'
  await using named = await startRegistry({ flags: ['--cors', `${origin},http://localhost:3000`] })
  const mine = await get(named, 'x', { headers: { origin } })
  equal(mine.headers.get('access-control-allow-origin'), origin)
  equal(mine.headers.get('vary'), 'Origin')
  const theirs = await get(named, 'x', { headers: { origin: 'https://b.example' } })
  equal(theirs.headers.get('access-control-allow-origin'), null)
  equal(theirs.headers.get('vary'), 'Origin')
  await using none = await startRegistry({ flags: ['--cors', 'off'] })
  equal(
    (await get(none, 'x', { headers: { origin } })).headers.get('access-control-allow-origin'),
    null,
  )
  const preflight = await fetch(`${none.url}${path}`, { method: 'OPTIONS', headers: { origin } })
  equal(preflight.status, 405)
})
