/** A registry that speaks TLS by itself: `mdlibs` that knows the authority of its certificate uses it, nobody else does, and a renewal needs no new start. */
import { equal, match, ok, rejects } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { makeAuthority } from '../../certificate.ts'
import { checkout, startProgram } from '../../harness.ts'
import { spawnMdlibs } from '../../mdlibs/workplace.ts'
import { until } from '../../until.ts'

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
const password = 'four words nobody says'

test('REQ-SEC-002 a registry with a certificate of one’s own, from mdlibs to a renewal', {
  skip,
}, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'mycelium-registry-tls-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const at = (...names: readonly string[]): string => join(folder, ...names)
  const authority = makeAuthority(folder)
  const ca = await readFile(authority.file, 'utf8')
  const show = async (name: string): Promise<void> => {
    const { certificate, privateKey } = authority.issue(name)
    await copyFile(certificate, at('shown.crt'))
    await copyFile(privateKey, at('shown.key'))
  }
  await show('first')
  const server = await startProgram([...checkout, 'libraries', '--data', at('data')], {
    ...{ DATABASE_URL: `sqlite://${at('registry.sqlite')}`, REGISTRY_PORT: '0' },
    ...{ MYCELIUM_TLS_CERT: at('shown.crt'), MYCELIUM_TLS_KEY: at('shown.key') },
    ...{ ADMIN_USERNAME: 'ada', ADMIN_EMAIL: 'ada@example.org', ADMIN_PASSWORD: password },
  })
  context.after(() => server.stop())
  const [, url = ''] = /Address +(\S+)/.exec(server.output()) ?? []
  match(url, /^https:\/\/127\.0\.0\.1:\d+$/)
  const port = Number(new URL(url).port)

  const login = request(`${url}/api/v1/auth/login`, {
    ...{ ca, method: 'POST', headers: { 'content-type': 'application/json' } },
  })
  login.end(JSON.stringify({ username: 'ada', password }))
  const [answer] = await once(login, 'response')
  equal(answer.statusCode, 200)
  match(String(answer.headers['strict-transport-security']), /max-age=\d+/)
  const { token } = JSON.parse(await text(answer))

  await mkdir(at('book'))
  await writeFile(at('book', 'README.md'), '# A gnome\n')
  await writeFile(at('book', '.mdlibs.toml'), '[library]\nname = "@ada/book"\nversion = "1.0.0"\n')
  const home = at('home')
  const env = { MDLIBS_REGISTRY_URL: url, MDLIBS_TOKEN: token }
  const stranger = await spawnMdlibs(['publish'], { directory: at('book'), home, env })
  equal(stranger.code, 4, stranger.stderr)
  match(stranger.stderr, /not proven to be itself.*--cafile/)
  const known = { ...env, MDLIBS_CAFILE: authority.file }
  const publish = ['publish', '--visibility', 'public', '--confirm-public']
  const published = await spawnMdlibs(publish, { directory: at('book'), home, env: known })
  equal(published.code, 0, published.stderr)
  await mkdir(at('project'))
  const install = { directory: at('project'), home, env: { ...known, MDLIBS_TOKEN: '' } }
  const installed = await spawnMdlibs(['install', '@ada/book'], install)
  equal(installed.code, 0, installed.stderr)
  equal(await readFile(at('project/libraries/@ada/book/README.md'), 'utf8'), '# A gnome\n')

  await rejects(fetch(url.replace('https:', 'http:')), 'in clear text nothing is answered')
  const older = connect({ host: '127.0.0.1', port, ca, maxVersion: 'TLSv1.2' })
  ok((await once(older, 'error'))[0] instanceof Error)

  const shown = async (): Promise<unknown> => {
    const socket = connect({ host: '127.0.0.1', port, ca })
    await once(socket, 'secureConnect')
    const { CN } = socket.getPeerCertificate().subject
    socket.destroy()
    return CN
  }
  equal(await shown(), 'first')
  await show('second')
  await until(shown, (name) => name === 'second')
  equal(await server.stop(), 0)
})
