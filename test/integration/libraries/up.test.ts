/** Libraries in a store: `mycelium up` serves them, they survive the loss of the database, and `mycelium libraries` finds them in the same directory. */
import { deepEqual, equal, match } from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout, runMycelium, startProgram, startStore } from '../../harness.ts'
import { archiveOf } from '../../library/registry.ts'

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
