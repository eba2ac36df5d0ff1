/** Libraries in a store: `mycelium up` serves them, they survive the loss of the database, and `mycelium libraries` finds them in the same directory. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { checkout, runMycelium, startProgram, startStore } from '../../harness.ts'
import { archiveOf } from '../../library/registry.ts'
import { until } from '../../until.ts'

const password = 'four words nobody says'
const admin = { ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password }
const small = ['--nodes', '4', '--profile', '2+1']

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'ada', password }),
  })
  equal(response.status, 200)
  const { token } = JSON.parse(await response.text())
  return token
}

/** Everything that people see of two libraries, one of them private. */
async function picture(url: string, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` }
  const read = async (path: string): Promise<unknown> => {
    const response = await fetch(`${url}/api/v1${path}`, { headers })
    equal(response.status, 200, path)
    return /json/.test(response.headers.get('content-type') ?? '')
      ? JSON.parse(await response.text())
      : Buffer.from(await response.arrayBuffer()).toString('base64')
  }
  const paths = [
    ...[
      '/libraries?q=gnome+handbook',
      '/libraries?sort=name',
      '/libraries/ada/handbook',
      '/keys',
      '/feed',
    ],
    ...['/libraries/ada/handbook/1.0.0', '/libraries/ada/handbook/1.0.0/signature'],
    ...['/libraries/ada/handbook/1.0.0/download', '/libraries/ada/plans/1.0.0/files/README.md'],
    ...['/libraries/ada/handbook/dist-tags', '/auth/tokens', '/teams', '/users/me'],
  ]
  const seen: unknown[] = []
  for (const path of paths) seen.push([path, await read(path)])
  return JSON.parse(
    JSON.stringify(seen).replaceAll(
      /"(last_used_at|downloads|total_downloads)":[^,}]*/g,
      '"counted":0',
    ),
  )
}

test('REQ-DEPLOY-003 what is published in a store survives the loss of its database', async (context) => {
  const data = await mkdtemp(join(tmpdir(), 'mycelium-up-libraries-'))
  context.after(() => rm(data, { recursive: true, force: true }))
  let before: unknown
  let token: string
  {
    await using store = await startStore({ data, flags: small, env: admin })
    token = await signIn(store.httpUrl)
    const send = async (
      method: string,
      path: string,
      body: string | Uint8Array<ArrayBuffer>,
      type: string,
    ) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': type }
      const response = await fetch(`${store.httpUrl}/api/v1${path}`, { method, headers, body })
      equal(Math.floor(response.status / 100), 2, await response.text())
    }
    const json = 'application/json'
    await send('POST', '/teams', JSON.stringify({ name: 'gardeners' }), json)
    for (const [name, query] of [
      ['handbook', '?visibility=public&confirm_public=true&tag=stable'],
      ['plans', '?visibility=private'],
    ]) {
      const body = await archiveOf(`@ada/${name}`, '1.0.0', {
        files: { 'a.md': `A gnome of ${name}.\n` },
      })
      await send(
        'PUT',
        `/libraries/ada/${name}/1.0.0${query}`,
        Uint8Array.from(body),
        'application/gzip',
      )
    }
    await send('PUT', '/libraries/ada/plans/1.0.0/yank', '{"reason":"old"}', json)
    before = await picture(store.httpUrl, token)
    const metrics = await (await fetch(`${store.httpUrl}/metrics`)).text()
    match(metrics, /^mdlibs_registry_libraries_total 2$/m)
    match(metrics, /^mdlibs_registry_uploads_total 2$/m)
    await store.stop()
  }
  for (const name of await readdir(data))
    if (name.startsWith('metadata.sqlite')) await rm(join(data, name))
  const { code, stderr } = await runMycelium(['rebuild', '--data', data])
  equal(code, 0, stderr)
  {
    await using store = await startStore({ data, env: admin })
    deepEqual(await picture(store.httpUrl, token), before)
    const { status } = await fetch(`${store.httpUrl}/api/v1/libraries/ada/plans`)
    equal(status, 404)
    await store.stop()
  }
  const alone = await startProgram([...checkout, 'libraries', '--data', data, '--port', '0'])
  const [, url = ''] = /Address +(\S+)/.exec(alone.output()) ?? []
  deepEqual(await picture(url, token), before)
  equal(await alone.stop(), 0)
})

test('REQ-LIMIT-002 mycelium up believes its proxies, and nobody else, about who asks for libraries', {
  skip: process.platform !== 'linux' && 'this machine has one address of its own alone',
}, async () => {
  await using store = await startStore({
    flags: [...small, '--proxies', '127.0.0.1/32', '--audit-to', 'stdout'],
    env: { ...admin, RATE_LIMIT_SEARCH: '3/10' },
  })
  const ask = async (
    path: string,
    from: string,
    { localAddress, json }: { readonly localAddress?: string; readonly json?: unknown } = {},
  ) => {
    const sent = request(`${store.httpUrl}${path}`, {
      method: json === undefined ? 'GET' : 'POST',
      headers: { 'x-forwarded-for': from, 'content-type': 'application/json' },
      ...(localAddress === undefined ? {} : { localAddress }),
    })
    sent.end(json === undefined ? '' : JSON.stringify(json))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    await text(answer)
    return { status: answer.statusCode, left: answer.headers['x-ratelimit-remaining'] }
  }
  const search = '/api/v1/libraries?q=gnome'
  for (const left of ['2', '1', '0'])
    deepEqual(await ask(search, '203.0.113.5'), { status: 200, left })
  equal((await ask(search, '203.0.113.5')).status, 429)
  equal((await ask(search, '198.51.100.7, 203.0.113.5')).status, 429, 'a claim of its own')
  deepEqual(await ask(search, '203.0.113.6'), { status: 200, left: '2' })
  const stranger = { localAddress: '127.0.0.2' }
  const isNotCounted = { status: 200, left: undefined } // it is this machine, whatever it says
  deepEqual(await ask(search, '203.0.113.5', stranger), isNotCounted)

  const json = { username: 'ada', password: 'not it' }
  equal((await ask('/api/v1/auth/login', '203.0.113.8', { json })).status, 401)
  equal((await ask('/api/v1/auth/login', '203.0.113.9', { ...stranger, json })).status, 401)
  const logins = (): readonly { readonly peer: string }[] =>
    store
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{"sequence"') && line.includes('"operation":"Login"'))
      .map((line) => JSON.parse(line))
  const told = await until(
    async () => logins(),
    (all) => all.length >= 2,
  )
  deepEqual(
    told.map(({ peer }) => peer),
    ['203.0.113.8', '127.0.0.2'],
  )
})
